"""Names for new entries and categories, made from how their Chinese sounds."""

from __future__ import annotations

import re
from collections.abc import Collection

from kefu.normalise import normalise

# As the checks want it, with room for a number behind.
_LONGEST = 36


def new_id(text: str, taken: Collection[str], prefix: str) -> str:
    """Return a name like `zen_me_yu_yue` that is not taken yet.

    Args:
        text: The question or title that it is made from.
        taken: Names in use.
        prefix: What it begins with where the text gives no letter to begin with.
    """
    # Sets PYPINYIN_NO_PHRASES, before pypinyin is imported.
    import kefu.pinyin  # noqa: F401

    # isort: split
    from pypinyin import lazy_pinyin

    parts = re.findall("[a-z0-9]+", " ".join(lazy_pinyin(normalise(text))).lower())
    name = _joined(parts)
    if not re.match("[a-z]", name) or len(name) < 2:
        name = _joined([prefix, *parts])
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free


def _joined(parts: list[str]) -> str:
    name = ""
    for part in parts:
        longer = f"{name}_{part}" if name else part[:_LONGEST]
        if len(longer) > _LONGEST:
            break
        name = longer
    return name
