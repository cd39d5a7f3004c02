"""Whether a message asks for a person in so many words."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NEGATED = re.compile(r"[不别没勿][^，。,.]{0,3}$")


def asks_for_person(text: str, keywords: Iterable[str]) -> bool:
    """Tell whether a keyword stands in the normalised text and is not negated (不要转人工)."""
    return any(_asks(text, keyword) for keyword in keywords)


def _asks(text: str, keyword: str) -> bool:
    places = (found.start() for found in re.finditer(re.escape(keyword), text))
    return any(not _is_negated(text[:place]) for place in places)


def _is_negated(before: str) -> bool:
    found = _NEGATED.search(before)
    if found is None:
        return False
    # 能不能, 有没有: a question, not a negation.
    place = found.start()
    return place == 0 or before[place - 1] != before[place + 1 : place + 2]
