"""Options in a chat without buttons: a menu to tap, or numbered lines, and what was picked."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass

# Longer texts are no pick.
LONGEST = 60
# Titles are cut at this length; a menu has no room for more.
LONGEST_TITLE = 40
_NUMBER = re.compile(r"(?:选|选择|第)?\s*[(（]?\s*([1-9])\s*[)）.。、]?\s*(?:个|项|号)?")
_CHINESE = "一二三四五六七八九"
_SPELT = re.compile(rf"(?:选|选择|第)\s*([{_CHINESE}])\s*(?:个|项)?")


@dataclass(frozen=True)
class Option:
    """One option that a customer was shown.

    Attributes:
        id: What a menu's click brings back.
        title: What stands on it.
        payload: What the customer says by picking it.
    """

    id: str
    title: str
    payload: str


def picked(options: Sequence[Option], text: str, menu_id: str = "") -> str | None:
    """Return what the customer says by typing this, or by clicking; None when it is no pick.

    Some clicks arrive without their id or with another, so the title counts too.

    Args:
        options: Those that were shown last.
        text: What was typed, or the title that was clicked.
        menu_id: The click's id, "" without one.
    """
    for option in options:
        if menu_id and option.id == menu_id:
            return option.payload
    stripped = text.strip()
    for option in options:
        if option.title == stripped:
            return option.payload
    number = _number(stripped)
    if number is not None and number <= len(options):
        return options[number - 1].payload
    return None


def numbered(text: str, options: Sequence[Option]) -> str:
    """Return a text with its options as numbered lines."""
    lines = [f"{number}. {option.title}" for number, option in enumerate(options, 1)]
    how = "回复数字即可选择" if len(options) > 1 else "回复数字 1 即可选择"
    return "\n".join([text, *lines, how]) if text else "\n".join([*lines, how])


def to_json(options: Sequence[Option]) -> str | None:
    """Return options as the outbox keeps them, None when there are none."""
    rows = [asdict(option) for option in options]
    return json.dumps(rows, ensure_ascii=False) if rows else None


def from_json(stored: str | None) -> list[Option]:
    """Return the options that `to_json` kept."""
    return [Option(**row) for row in json.loads(stored)] if stored else []


def _number(text: str) -> int | None:
    if len(text) > LONGEST:
        return None
    # ① and １ are digits after this.
    folded = unicodedata.normalize("NFKC", text)
    found = _NUMBER.fullmatch(folded)
    if found:
        return int(found.group(1))
    spelt = _SPELT.fullmatch(folded)
    return _CHINESE.index(spelt.group(1)) + 1 if spelt else None
