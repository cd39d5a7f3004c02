"""Weekly hours as people type them: one line a day, such as 09:00-12:00 13:00-18:00."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kefu.settings import WEEKDAYS
from kefu.staff.person import Hours

DAYS = tuple(zip(WEEKDAYS, ("周一", "周二", "周三", "周四", "周五", "周六", "周日"), strict=True))
_BETWEEN = re.compile(r"[\s,，、;；]+")
# What Chinese keyboards make of a colon and of a dash.
_PLAIN = str.maketrans({"：": ":", "–": "-", "—": "-", "－": "-", "~": "-", "～": "-", "至": "-"})
_LONGEST = 200
_SHORT_HOUR = re.compile(r"(?<![\d:])(\d:)")


def typed(hours: Hours | None) -> dict[str, str]:
    """Return what stands in the line of each day."""
    return {day: " ".join((hours or {}).get(day, ())) for day in WEEKDAYS}


def read(lines: Mapping[str, str]) -> Hours:
    """Return the hours of the lines of a form, unchecked."""
    return {day: spans(lines.get(day, "")) for day in WEEKDAYS}


def spans(line: str) -> tuple[str, ...]:
    """Return the spans of one line, unchecked."""
    # What is longer is no line of hours, and must not take long to be found wrong.
    plain = re.sub(r"\s*-+\s*", "-", line[:_LONGEST].translate(_PLAIN).strip())
    padded = _SHORT_HOUR.sub(r"0\1", plain)
    return tuple(span for span in _BETWEEN.split(padded) if span)
