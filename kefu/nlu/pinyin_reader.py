"""Reads pinyin typed in Latin letters with the words that a shop's customers use."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from kefu.pinyin import alike, read, sounds

_LONGEST_WORD = 6
# Share of the syllables that longer words have to cover.
_LEAST_IN_WORDS = 0.4
# What each further word costs: two syllables are rather one known word than two.
_WORD_COST = 9.0


class PinyinReader:
    """Turns `tui kuan` or `woyaotuikuan` into the most usual words that sound so."""

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        """Learn from how often each word (normalised) stands in the training data."""
        self._latin = frozenset(w for w in vocabulary if w.isascii() and read(w) is None)
        self._words: dict[tuple[str, ...], tuple[str, int]] = {}
        for word, count in vocabulary.items():
            if len(word) <= _LONGEST_WORD and all("\u4e00" <= c <= "\u9fff" for c in word):
                key = tuple(sounds(word))
                if count > self._words.get(key, ("", 0))[1]:
                    self._words[key] = (word, count)

    def chinese(self, letters: str) -> str | None:
        """Return the words, or None where the letters are no pinyin of known words.

        Args:
            letters: Lower-case Latin letters, with blanks between syllables or without.
        """
        pieces = letters.replace("'", " ").split()
        if not self._latin.isdisjoint(pieces):
            return None
        syllables: list[str] = []
        for piece in pieces:
            found = read(piece)
            if found is None:
                return None
            syllables += map(alike, found)
        return self._best(syllables) if len(syllables) > 1 else None

    def _best(self, syllables: Sequence[str]) -> str | None:
        """Return the likeliest division into words, one of them longer than a syllable."""
        best: list[tuple[float, list[str]] | None] = [(0.0, [])]
        for end in range(1, len(syllables) + 1):
            options = []
            for start in range(max(0, end - _LONGEST_WORD), end):
                before, known = best[start], self._words.get(tuple(syllables[start:end]))
                if before is not None and known is not None:
                    word, count = known
                    score = before[0] + math.log(count) - _WORD_COST
                    options.append((score, [*before[1], word]))
            best.append(max(options, default=None))
        found = best[-1]
        if found is None:
            return None
        # English words happen to be pinyin too; by chance, of words that do not belong together.
        in_words = sum(len(word) for word in found[1] if len(word) > 1)
        return "".join(found[1]) if in_words >= _LEAST_IN_WORDS * len(syllables) else None
