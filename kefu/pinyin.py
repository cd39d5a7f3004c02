"""How Chinese sounds: syllables of characters, and pinyin typed in Latin letters."""

from __future__ import annotations

import os
import re
from functools import lru_cache

# Characters are read one by one, so the readings of phrases (50 MB) stay on disk.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")

from pypinyin import lazy_pinyin
from pypinyin.constants import PINYIN_DICT
from pypinyin.contrib.tone_convert import to_normal

_LONGEST_SYLLABLE = 6
# Sounds that many speakers do not tell apart, and so type one for the other.
_ALIKE = (
    (re.compile(r"^zh"), "z"),
    (re.compile(r"^ch"), "c"),
    (re.compile(r"^sh"), "s"),
    (re.compile(r"(?<=[aei])ng$"), "n"),
)


@lru_cache(maxsize=8192)
def sound(character: str) -> str:
    """Return the syllable of a Chinese character without tone; of any other, itself.

    Sounds that are often confused (zh/z, ch/c, sh/s, -ng/-n) are written alike.
    """
    return alike(lazy_pinyin(character)[0]) if ord(character) > 0x2E7F else character


def alike(syllable: str) -> str:
    """Return a syllable with the sounds that are often confused written alike."""
    for pattern, spelling in _ALIKE:
        syllable = pattern.sub(spelling, syllable)
    return syllable


def sounds(text: str) -> list[str]:
    """Return one syllable a character."""
    return [sound(character) for character in text]


def read(letters: str) -> list[str] | None:
    """Divide Latin letters (`tuikuan`) into the fewest syllables; None when they are not pinyin."""
    best: list[list[str] | None] = [[]] + [None] * len(letters)
    for end in range(1, len(letters) + 1):
        for start in range(max(0, end - _LONGEST_SYLLABLE), end):
            before, piece = best[start], letters[start:end]
            if before is None or piece not in _syllables():
                continue
            known = best[end]
            if known is None or len(before) + 1 < len(known):
                best[end] = [*before, piece]
    return best[-1]


@lru_cache(maxsize=1)
def _syllables() -> frozenset[str]:
    # The dictionary's own readings, of the characters that are in use.
    common = range(0x4E00, 0x9FA6)
    readings = {r for code in common for r in PINYIN_DICT.get(code, "").split(",")}
    plain = {to_normal(reading).replace("ü", "v") for reading in readings if reading}
    # Single consonants (m, n, ng, hm) are interjections; they would read any letters.
    return frozenset(s for s in plain if re.search("[aeiouv]", s) and s.isascii())
