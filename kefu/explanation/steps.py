"""What became of a text before it was recognised."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kefu.normalise import MAX_CHARACTERS, clean, normalise
from kefu.order_numbers import PLACEHOLDER

if TYPE_CHECKING:
    from kefu.explanation.traced_wording import TracedWording

_NUMBER = "〔单号〕"
_PICTURES = frozenset({"So", "Sk", "Cs", "Co", "Cn"})
_INVISIBLE = frozenset({"Cc", "Cf"})
_REPEATED = re.compile(r"(.)\1{2,}")


@dataclass(frozen=True)
class Step:
    """A change of the text.

    Attributes:
        name: What was done.
        text: The text after it.
        changes: What was changed, in the operator's words.
    """

    name: str
    text: str
    changes: tuple[str, ...]


def steps(text: str, spelled: str, wording: TracedWording) -> tuple[Step, ...]:
    """Return what changed a text, in order; nothing that left it as it was.

    Args:
        text: As typed.
        spelled: In one spelling, order numbers replaced.
        wording: The model's synonyms and pinyin.
    """
    made = []
    if _with_half_width_punctuation(text) != spelled:
        made.append(Step("统一写法", readable(spelled), tuple(_spelling_changes(text, spelled))))
    replaced = tuple(_replacements(spelled, wording))
    if replaced:
        made.append(Step("换词", readable(wording.reworded(spelled)), replaced))
    return tuple(made)


def readable(text: str) -> str:
    """Return a normalised text with a word in place of the sign that stands for a number."""
    return text.replace(PLACEHOLDER, _NUMBER)


def _replacements(spelled: str, wording: TracedWording) -> Iterator[str]:
    for kind, found in (
        ("同义词", wording.synonyms_in(spelled)),
        ("拼音", wording.pinyin_in(spelled)),
    ):
        for before, after in dict.fromkeys(found):
            yield f"{kind} {before}→{after}"


def _spelling_changes(text: str, spelled: str) -> Iterator[str]:
    kinds = {unicodedata.category(character) for character in text}
    if any(_is_wide(character) for character in text):
        yield "全角→半角"
    if any(normalise(c) != c for c in text if "\u3400" <= c <= "\u9fff"):
        yield "繁体→简体"
    if re.search("[A-Z]", text):
        yield "大写→小写"
    if kinds & _PICTURES or ("[" in text and "[" not in spelled):
        yield "去掉表情"
    if kinds & _INVISIBLE:
        yield "去掉不可见的字符"
    if PLACEHOLDER in spelled:
        yield f"单号→{_NUMBER}"
    if _REPEATED.search(clean(text)):
        yield "重复的字只留两个"
    if len(clean(text)) > MAX_CHARACTERS:
        yield f"太长，只留首尾共 {MAX_CHARACTERS} 字"


def _is_wide(character: str) -> bool:
    return not _is_punctuation(character) and clean(character) not in (character, "")


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character).startswith("P")


def _with_half_width_punctuation(text: str) -> str:
    """Return the text with a change that every message with a comma undergoes."""
    return "".join(clean(c) if _is_punctuation(c) else c for c in text)
