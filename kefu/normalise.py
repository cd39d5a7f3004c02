"""One spelling for everything customers type, for comparing and for recognition."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import opencc

# Beyond this the rest of a message adds cost, not meaning.
MAX_CHARACTERS = 300

_INVISIBLE = re.compile(
    r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufe00-\ufe0f\x00-\x08\x0b-\x1f\x7f]"
)
_SPACE_IN_CHINESE = re.compile(
    r"(?<=[\u3400-\u9fff\uff00-\uffef，。！？、])\s+|\s+(?=[\u3400-\u9fff，。！？、])"
)
_WECHAT_EMOJI = re.compile(r"\[(?:[\u4e00-\u9fff]{1,4}|[A-Za-z]{2,12})\]")
_LINE_BREAK = re.compile(r"\s*[\r\n]+\s*")
_REPEATED = re.compile(r"(.)\1{2,}")
_NOT_A_WORD = re.compile(r"[^\w]|_")


@lru_cache(maxsize=1)
def _to_simplified() -> opencc.OpenCC:
    # tw2sp also turns Taiwan's words (訊息, 螢幕) into the mainland's.
    return opencc.OpenCC("tw2sp")


def clean(text: str) -> str:
    """Return `text` with full width folded and invisible characters as blanks removed.

    Case, punctuation and script stay: order numbers are looked for in this form.
    """
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))


@lru_cache(maxsize=1024)
def normalise(text: str) -> str:
    """Return the spelling that recognition works on.

    Width folded, Traditional to Simplified, lower case, emoji and spaces between
    Chinese characters dropped, a line break made a comma, a character repeated more
    than twice cut to two, at most MAX_CHARACTERS long (the two ends are kept: the
    question stands there).
    """
    text = clean(text[: 20 * MAX_CHARACTERS])
    text = _shorten(_WECHAT_EMOJI.sub("", text))
    # Written alone, the particle 么 (在么) is taken for the Traditional form of 幺.
    text = _to_simplified().convert(text).lower().replace("幺", "么")
    text = "".join(c for c in text if unicodedata.category(c) not in ("So", "Sk", "Cs", "Co", "Cn"))
    text = _LINE_BREAK.sub("，", text.strip())
    text = _SPACE_IN_CHINESE.sub("", " ".join(text.split()))
    return _REPEATED.sub(r"\1\1", text)


def match_key(text: str) -> str:
    """Return what two phrasings share when they differ only in spelling and punctuation."""
    return words(normalise(text))


def words(normalised: str) -> str:
    """Return normalised text without punctuation and spaces."""
    return _NOT_A_WORD.sub("", normalised)


def _shorten(text: str) -> str:
    if len(text) <= MAX_CHARACTERS:
        return text
    return f"{text[: MAX_CHARACTERS // 3]} {text[-(MAX_CHARACTERS * 2 // 3) :]}"
