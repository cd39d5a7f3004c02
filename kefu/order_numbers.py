"""Order and tracking numbers in what customers type."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kefu.settings import settings

# Stands for a number in normalised text. A letter that no customer types, so that
# it survives normalising and counts as a word.
PLACEHOLDER = "ξ"

_SEPARATORS = " -\u00a0\u3000"


@dataclass(frozen=True)
class OrderNumber:
    """A number as the shop writes it, and where the customer wrote it (offsets of the text)."""

    value: str
    start: int
    end: int


class OrderNumberFinder:
    """Finds numbers whatever their width and grouping (２０２６…, 2026 1103 …, sf-123…)."""

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        """Compile `patterns`; without any, those of settings.yml."""
        chosen = tuple(patterns) or settings().order_numbers.patterns
        union = "|".join(f"(?:{pattern})" for pattern in chosen)
        self._pattern = re.compile(rf"(?<![0-9A-Za-z])(?:{union})(?![0-9A-Za-z])", re.IGNORECASE)

    def find(self, text: str) -> list[OrderNumber]:
        """Return the numbers of `text` in their order."""
        for folded, places in (_folded(text, False), _folded(text, True)):
            found = [
                OrderNumber(m.group().upper(), places[m.start()], places[m.end() - 1] + 1)
                for m in self._pattern.finditer(folded)
            ]
            if found:
                return found
        return []

    def replace(self, text: str, placeholder: str) -> str:
        """Return `text` with every number replaced."""
        for number in reversed(self.find(text)):
            text = f"{text[: number.start]}{placeholder}{text[number.end :]}"
        return text


def _folded(text: str, join_groups: bool) -> tuple[str, list[int]]:
    """Return the text in half width and, for each of its characters, the offset in `text`.

    With `join_groups`, separators before a digit and after a digit or Latin letter are left out.
    """
    characters: list[str] = []
    places: list[int] = []
    for character, place in _half_width(text):
        if join_groups and character in _SEPARATORS and _is_code(characters[-1:]):
            following = text[place + 1 : place + 2]
            if following.isdigit():
                continue
        characters.append(character)
        places.append(place)
    return "".join(characters), places


def _half_width(text: str) -> Iterator[tuple[str, int]]:
    for place, character in enumerate(text):
        for folded in unicodedata.normalize("NFKC", character):
            yield folded, place


def _is_code(last: list[str]) -> bool:
    return bool(last) and last[0].isascii() and last[0].isalnum()
