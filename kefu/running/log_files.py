"""Finding the one line of a log that says why a program stopped."""

from __future__ import annotations

import re
from pathlib import Path

_TAIL_BYTES = 64 * 1024
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# The closing line of a trace, or a line that a logger or argparse marked as an error.
_REASON = re.compile(
    r"^(?:[\w.]+(?:Error|Exception|Problems?|Exit|Interrupt)\b|.*\b(?:ERROR|CRITICAL|FATAL)\b"
    r"|.*\berror: |错误)"
)


def last_reason(file: Path, since: int = 0) -> str:
    """Return the last line after byte `since` that names an error, else the last line; "" if none.

    Lines are cut at 300 characters.
    """
    lines = [line for line in tail(file, since) if line.strip()]
    reasons = [line for line in lines if _REASON.match(line)]
    return (reasons or lines or [""])[-1].strip()[:300]


def size(file: Path) -> int:
    """Return the size of a file in bytes, 0 when it is not there."""
    return file.stat().st_size if file.exists() else 0


def move_aside(file: Path, kept: int) -> None:
    """Rename a log to `.1`, the one before it to `.2` and so on; the oldest is overwritten."""
    for number in range(kept, 0, -1):
        older = file.with_name(f"{file.name}.{number}")
        newer = file.with_name(f"{file.name}.{number - 1}") if number > 1 else file
        if newer.exists():
            newer.replace(older)


def tail(file: Path, since: int) -> list[str]:
    """Return the last lines after byte `since`, without colours."""
    if not file.exists():
        return []
    with open(file, "rb") as log:
        # A log that was rotated meanwhile is shorter than before and is read from its start.
        end = size(file)
        log.seek(max(since if since <= end else 0, end - _TAIL_BYTES))
        text = log.read().decode("utf-8", errors="replace")
    return [_ANSI.sub("", line) for line in text.splitlines()]
