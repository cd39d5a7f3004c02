"""Wording that also tells what it replaced."""

from __future__ import annotations

from typing import Any

from kefu.nlu.wording import Wording

Replacement = tuple[str, str]


class TracedWording(Wording):
    """Rewrites as Wording does, and says which words it replaced with which."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._letters: list[Replacement] = []

    def synonyms_in(self, normalised: str) -> list[Replacement]:
        """Return the variants of a text and what each is read as."""
        if self._pattern is None:
            return []
        variants = (found.group() for found in self._pattern.finditer(normalised))
        return [(variant, self._synonyms[variant]) for variant in variants]

    def pinyin_in(self, normalised: str) -> list[Replacement]:
        """Return the Latin letters that are read as pinyin and the words they are read as."""
        self._letters = []
        self.reworded(normalised)
        return self._letters

    def _read(self, letters: str) -> str:
        words = super()._read(letters)
        if words != letters:
            self._letters.append((letters, words))
        return words
