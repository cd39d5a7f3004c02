"""Looking up the knowledge base by the letters of a text, without a model.

Good enough to find an entry by a word of it, and to stand in while Rasa is away.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from kefu.environment import environment
from kefu.knowledge.keys import key_of
from kefu.knowledge.library import Library, Shelf, library
from kefu.knowledge.model import Category, Entry
from kefu.normalise import match_key

_LONGEST_GRAM = 3
# Below this two texts share no more than a particle.
_ALIKE = 0.12
# An answer or a keyword that holds what is looked for says less than a question that does.
_BESIDE = 0.6
_PREFERRED = 0.05

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Found:
    """An entry, the title of its category, and how alike it is, between 0 and 1."""

    entry: Entry
    category: str
    score: float


@dataclass(frozen=True)
class Part:
    """What the index is made of: the texts of one category, taken apart.

    Attributes:
        category: Whose texts.
        owners: For each text the place of its entry in the category.
        counts: For each text what a match counts.
        lengths: For each text how many pieces it has.
        grams: Numbers of the pieces, text after text.
    """

    category: Category
    owners: Array
    counts: Array
    lengths: Array
    grams: Array


class KnowledgeSearch:
    """An index of one state of the knowledge base."""

    def __init__(self, categories: Iterable[Category]) -> None:
        """Index every phrasing, answer and keyword."""
        numbers: dict[str, int] = {}
        self._assemble([_part(category, numbers) for category in categories], numbers)

    @classmethod
    def of(cls, parts: Sequence[Part], numbers: dict[str, int]) -> KnowledgeSearch:
        """Return the index of parts whose pieces have these numbers."""
        made = cls.__new__(cls)
        made._assemble(parts, numbers)
        return made

    def _assemble(self, parts: Sequence[Part], numbers: dict[str, int]) -> None:
        self._numbers = numbers
        self._entries = [(e, p.category.title) for p in parts for e in p.category.entries]
        self._places = {entry.label: i for i, (entry, _) in enumerate(self._entries)}
        before = np.cumsum([0, *(len(part.category.entries) for part in parts)])
        owners = _joined(p.owners + b for p, b in zip(parts, before, strict=False))
        # Every entry has texts, and they stand together.
        self._firsts = np.searchsorted(owners, np.arange(len(self._entries)))
        self._counts = _joined(part.counts for part in parts)
        grams = _joined(part.grams for part in parts).astype(np.int32)
        texts = np.repeat(
            np.arange(len(self._counts), dtype=np.int32),
            _joined(part.lengths for part in parts).astype(np.int32),
        )
        held = np.bincount(grams, minlength=len(numbers))
        self._ends = np.cumsum(held)
        self._holding = texts[np.argsort(grams, kind="stable")]
        self._rarity = np.log((len(self._counts) + 1) / np.maximum(held, 1)) ** 2
        weights = np.bincount(texts, self._rarity[grams], len(self._counts))
        self._norms = np.maximum(np.sqrt(weights), np.finfo(np.float64).tiny)

    def find(self, text: str, limit: int = 3) -> list[Found]:
        """Return the entries whose texts are most like this one, the best first."""
        grams = _grams(text)
        given = (self._numbers.get(gram) for gram in grams)
        held = [(number, found) for number in given if (found := self._held(number)) is not None]
        # What no entry knows counts too: otherwise one shared word would be a perfect match.
        unknown = (len(grams) - len(held)) * math.log(len(self._counts) + 1) ** 2
        norm = math.sqrt(sum(self._rarity[number] for number, _ in held) + unknown)
        if not held or not norm:
            return []
        shared = np.zeros(len(self._counts))
        for number, texts in held:
            shared[texts] += self._rarity[number]
        alike = self._counts * shared / (norm * self._norms)
        best = np.maximum.reduceat(alike, self._firsts)
        ranked = np.argsort(-best, kind="stable")[:limit]
        return [Found(*self._entries[int(i)], float(best[i])) for i in ranked if best[i] > _ALIKE]

    def entry(self, label: str) -> Found | None:
        """Return the entry of a label, None when the knowledge base has none."""
        place = self._places.get(label)
        return None if place is None else Found(*self._entries[place], 1.0)

    def _held(self, number: int | None) -> Array | None:
        """Return the texts that hold a piece, None where none does."""
        if number is None or number >= len(self._ends):
            return None
        found: Array = self._holding[self._ends[number - 1] if number else 0 : self._ends[number]]
        return found if len(found) else None


class _Index:
    """The index of a project; of a change only the category that changed is taken apart."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._numbers: dict[str, int] = {}
        self._parts: dict[Path, tuple[Shelf, Part]] = {}
        self._made: tuple[tuple[int, ...], Library, KnowledgeSearch] | None = None

    def of(self, known: Library) -> KnowledgeSearch:
        # The library that is kept keeps its shelves from being others at the same place.
        shelves = tuple(map(id, known.shelves))
        made = self._made
        if made is not None and made[0] == shelves:
            return made[2]
        # A large base takes seconds: who asks meanwhile is served from the state before.
        if not self._lock.acquire(blocking=made is None):
            assert made is not None
            return made[2]
        try:
            if self._made is None or self._made[0] != shelves:
                self._parts = {s.category.file: (s, self._part(s)) for s in known.shelves}
                parts = [part for _, part in self._parts.values()]
                self._made = (shelves, known, KnowledgeSearch.of(parts, self._numbers))
            return self._made[2]
        finally:
            self._lock.release()

    def _part(self, shelf: Shelf) -> Part:
        before = self._parts.get(shelf.category.file)
        if before is not None and before[0] is shelf:
            return before[1]
        return _part(shelf.category, self._numbers)


@lru_cache(maxsize=8)
def _index(home: Path) -> _Index:
    return _Index()


def search() -> KnowledgeSearch:
    """Return the index of the project's knowledge base as it stands on the disk now.

    Raises:
        FileProblems: It cannot be read.
    """
    home = environment().home
    return _index(home).of(library(home))


def _part(category: Category, numbers: dict[str, int]) -> Part:
    """Take a category apart; pieces that have no number yet get one."""
    owners, counts, lengths, grams = [], [], [], []
    for place, entry in enumerate(category.entries):
        for text, count in _texts(entry):
            pieces = _pieces(key_of(text))
            owners.append(place)
            counts.append(count)
            lengths.append(len(pieces))
            grams += [numbers.setdefault(piece, len(numbers)) for piece in pieces]
    return Part(
        category,
        np.array(owners, np.int32),
        np.array(counts),
        np.array(lengths, np.int32),
        np.array(grams, np.int32),
    )


def _joined(arrays: Iterable[Array]) -> Array:
    found = list(arrays)
    return np.concatenate(found) if found else np.zeros(0)


def _texts(entry: Entry) -> Iterator[tuple[str, float]]:
    """Yield what an entry is found by, with what a match counts."""
    yield entry.question.text, 1.0 + _PREFERRED
    for phrasing in entry.similar:
        yield phrasing.text, 1.0
    for keyword in entry.keywords:
        yield keyword, 1.0
    yield entry.answer.text, _BESIDE


def _grams(text: str) -> set[str]:
    """Return the pieces that a text consists of."""
    return _pieces(match_key(text))


def _pieces(key: str) -> set[str]:
    """Return the pieces of up to three characters of a key."""
    return {
        key[start : start + length]
        for length in range(1, _LONGEST_GRAM + 1)
        for start in range(len(key) - length + 1)
    }
