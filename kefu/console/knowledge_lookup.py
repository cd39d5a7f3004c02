"""Finding entries as an operator types: by parts of words, by pinyin, and by likeness."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import kefu.pinyin  # noqa: F401  sets PYPINYIN_NO_PHRASES, before pypinyin is imported

# isort: split
from pypinyin import lazy_pinyin

from kefu.knowledge.keys import key_of
from kefu.knowledge.library import Library, Shelf
from kefu.knowledge.model import Entry
from kefu.normalise import match_key

# Share of the query's pairs of letters that a phrasing must have to be called alike.
_ALIKE = 0.5
_MOST_ALIKE = 30
_LONGEST_QUERY = 100
# What is found where; the better comes first.
_SAME, _QUESTION, _PHRASING, _ANSWER, _SOUND, _LIKE = range(6)


def find(known: Library, query: str, category: str = "") -> list[Entry]:
    """Return the entries that a query means, the best first.

    Args:
        known: The knowledge base.
        query: Words, all of which an entry must have; Latin letters may also be pinyin or
            its initials. Empty: every entry, in the order of the files.
        category: Id of a category; empty for all.
    """
    shelves = [s for s in known.shelves if category in ("", s.category.id)]
    words = [key for word in query[:_LONGEST_QUERY].split() if (key := match_key(word))]
    if not words:
        return [] if query.strip() else [e for s in shelves for e in s.category.entries]
    ranked = [hit for shelf in shelves for hit in _hits(_index(shelf), words)]
    most = None
    if not ranked:
        ranked = [hit for shelf in shelves for hit in _alike(_index(shelf), "".join(words))]
        most = _MOST_ALIKE
    # The sort is stable: within a rank the order of the files stays.
    return [entry for _, entry in sorted(ranked, key=lambda hit: hit[0])[:most]]


@dataclass(frozen=True)
class _Line:
    """An entry as it is looked through: keys of what it says."""

    entry: Entry
    question: str
    phrasings: tuple[str, ...]
    answer: str
    names: str

    @cached_property
    def sounds(self) -> tuple[str, ...]:
        """Return the question and keywords in pinyin, whole and by initials."""
        texts = (self.question, *map(match_key, self.entry.keywords))
        return tuple(sounds for text in texts for sounds in _sounds(text))

    def rank(self, word: str) -> int | None:
        """Return where a word is found, None when nowhere."""
        if word == self.question:
            return _SAME
        if word in self.question:
            return _QUESTION
        if any(word in phrasing for phrasing in self.phrasings) or word in self.names:
            return _PHRASING
        if word in self.answer:
            return _ANSWER
        is_latin = word.isascii() and not word.isdecimal()
        return _SOUND if is_latin and any(word in sound for sound in self.sounds) else None


def _hits(lines: tuple[_Line, ...], words: list[str]) -> Iterator[tuple[float, Entry]]:
    for line in lines:
        ranks = [line.rank(word) for word in words]
        found = [rank for rank in ranks if rank is not None]
        if len(found) == len(ranks):
            yield max(found), line.entry


def _alike(lines: tuple[_Line, ...], query: str) -> Iterator[tuple[float, Entry]]:
    pairs = {query[start : start + 2] for start in range(len(query) - 1)}
    if not pairs:
        return
    for line in lines:
        held = max(sum(pair in text for pair in pairs) for text in (line.question, *line.phrasings))
        if held / len(pairs) >= _ALIKE:
            yield _LIKE + 1 - held / len(pairs), line.entry


_indexes: dict[Path, tuple[Shelf, tuple[_Line, ...]]] = {}


def _index(shelf: Shelf) -> tuple[_Line, ...]:
    """Return the lines of a shelf, made once for each state of its file."""
    known = _indexes.get(shelf.category.file)
    if known is None or known[0] is not shelf:
        keys = {label: [] for label in shelf.entries}  # type: dict[str, list[str]]
        for key, askers in shelf.asked.items():
            for label, _ in askers:
                keys[label].append(key)
        lines = tuple(_line(entry, keys[entry.label]) for entry in shelf.category.entries)
        known = _indexes[shelf.category.file] = (shelf, lines)
    return known[1]


def _line(entry: Entry, phrasings: list[str]) -> _Line:
    names = "\n".join([*map(key_of, entry.keywords), match_key(entry.label)])
    return _Line(
        entry, key_of(entry.question.text), tuple(phrasings), key_of(entry.answer.text), names
    )


def _sounds(text: str) -> tuple[str, str]:
    syllables = [_syllable(character) for character in text]
    return "".join(syllables), "".join(syllable[:1] for syllable in syllables)


@lru_cache(maxsize=8192)
def _syllable(character: str) -> str:
    return lazy_pinyin(character)[0]
