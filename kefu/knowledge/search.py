"""Looking up the knowledge base by the letters of a text, without a model.

Good enough to find an entry by a word of it, and to stand in while Rasa is away.
"""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kefu.environment import environment
from kefu.knowledge.model import FOLDER, Category, Entry, read_knowledge
from kefu.normalise import match_key

_LONGEST_GRAM = 3
# Below this two texts share no more than a particle.
_ALIKE = 0.12
# An answer or a keyword that holds what is looked for says less than a question that does.
_BESIDE = 0.6
_PREFERRED = 0.05

Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Found:
    """An entry, the title of its category, and how alike it is, between 0 and 1."""

    entry: Entry
    category: str
    score: float


class KnowledgeSearch:
    """An index of one state of the knowledge base."""

    def __init__(self, categories: Iterable[Category]) -> None:
        """Index every phrasing, answer and keyword."""
        self._entries: dict[str, tuple[Entry, str]] = {}
        self._texts: list[tuple[str, float]] = []  # entry's label, and what a match counts
        self._norms: list[float] = []
        self._holding: dict[str, array[int]] = defaultdict(lambda: array("L"))
        grams: list[set[str]] = []
        for category in categories:
            for entry in category.entries:
                self._entries[entry.label] = (entry, category.title)
                for text, weight in _texts(entry):
                    self._texts.append((entry.label, weight))
                    grams.append(_grams(text))
        self._index(grams)

    def _index(self, texts: list[set[str]]) -> None:
        for number, grams in enumerate(texts):
            for gram in grams:
                self._holding[gram].append(number)
        total = len(texts) + 1
        self._rarity = {g: math.log(total / len(held)) ** 2 for g, held in self._holding.items()}
        self._norms = [math.sqrt(self._weight(grams)) for grams in texts]

    def find(self, text: str, limit: int = 3) -> list[Found]:
        """Return the entries whose texts are most like this one, the best first."""
        grams = _grams(text)
        known = [gram for gram in grams if gram in self._rarity]
        # What no entry knows counts too: otherwise one shared word would be a perfect match.
        unknown = (len(grams) - len(known)) * math.log(len(self._texts) + 1) ** 2
        norm = math.sqrt(self._weight(known) + unknown)
        shared: dict[int, float] = defaultdict(float)
        for gram in known:
            rarity = self._rarity[gram]
            for number in self._holding[gram]:
                shared[number] += rarity
        best: dict[str, float] = defaultdict(float)
        for number, weight in shared.items():
            label, counts = self._texts[number]
            alike = counts * weight / (norm * self._norms[number] or 1.0)
            best[label] = max(best[label], alike)
        ranked = sorted(best.items(), key=lambda item: -item[1])[:limit]
        return [Found(*self._entries[label], score) for label, score in ranked if score > _ALIKE]

    def entry(self, label: str) -> Found | None:
        """Return the entry of a label, None when the knowledge base has none."""
        known = self._entries.get(label)
        return None if known is None else Found(*known, 1.0)

    def _weight(self, grams: Iterable[str]) -> float:
        return sum(self._rarity[gram] for gram in grams)


_read: dict[Path, tuple[Stamp, KnowledgeSearch]] = {}


def search() -> KnowledgeSearch:
    """Return the index of the project's knowledge base as it stands on the disk now.

    Raises:
        FileProblems: It cannot be read.
    """
    home = environment().home
    stamp = _stamp(home)
    known = _read.get(home)
    if known is None or known[0] != stamp:
        known = _read[home] = (stamp, KnowledgeSearch(read_knowledge(home)))
    return known[1]


def _stamp(home: Path) -> Stamp:
    found = ((file, file.stat()) for file in sorted((home / FOLDER).glob("*.yml")))
    return tuple((file.name, status.st_mtime_ns, status.st_size) for file, status in found)


def _texts(entry: Entry) -> Iterator[tuple[str, float]]:
    """Yield what an entry is found by, with what a match counts."""
    yield entry.question.text, 1.0 + _PREFERRED
    for phrasing in entry.similar:
        yield phrasing.text, 1.0
    for keyword in entry.keywords:
        yield keyword, 1.0
    yield entry.answer.text, _BESIDE


def _grams(text: str) -> set[str]:
    """Return the pieces of up to three characters that a text consists of."""
    key = match_key(text)
    return {
        key[start : start + length]
        for length in range(1, _LONGEST_GRAM + 1)
        for start in range(len(key) - length + 1)
    }
