"""Texts in cells: safe to open in a spreadsheet program, and the same again when read back.

A text that a spreadsheet program would run as a formula (OWASP: CSV injection) gets a
backslash before it. One that a cell cannot hold, for a line break within an item or a
control character, is written as a JSON string.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

# The full-width forms are turned into the others by some programs.
_RUNS = re.compile(r"\\*[=+\-@\t\r\n＝＋－＠|%]")
_ESCAPED = re.compile(r"\\+[=+\-@\t\r\n＝＋－＠|%]")
# Line ends, control characters, what XML refuses, and Excel's own escapes.
_UNFIT = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]|_x[0-9A-Fa-f]{4}_"
)
_SEPARATORS = re.compile("[、，,；;]")
_RAW_LINE_END = re.compile(r"_x000[dD]_\n?|\r\n?|[\x0b\x0c\x85\u2028\u2029]")


def line(text: str, separators: bool = False) -> str:
    """Return one line of a cell for a text.

    Args:
        text: What to write.
        separators: Whether the column's items may also be parted by commas.
    """
    unfit = _UNFIT.search(text) or text != text.strip() or _from_json(text) is not None
    if unfit or (separators and _SEPARATORS.search(text)):
        return _as_json(text, separators)
    return f"\\{text}" if _RUNS.match(text) else text


def lines(text: str, separators: bool = False) -> Iterator[str]:
    """Yield the texts that the lines of a cell hold; empty lines are skipped."""
    for part in clean(text).split("\n"):
        part = part.strip()
        if _from_json(part) is not None or not separators:
            items = [part]
        else:
            items = [item.strip() for item in _SEPARATORS.split(part)]
        yield from (_decoded(item) for item in items if item)


def whole(text: str) -> str:
    """Return the text of a cell that holds one text; line breaks in it stay."""
    return _decoded(clean(text).strip())


def fits(text: str) -> bool:
    """Tell whether a cell can hold a text as it is."""
    return not _UNFIT.search(text)


def clean(text: str) -> str:
    """Return the text of a cell with the line ends of every program made the same."""
    return _RAW_LINE_END.sub("\n", text).replace("\ufeff", "")


def _decoded(text: str) -> str:
    written = _from_json(text)
    if written is not None:
        return written
    return text[1:] if _ESCAPED.match(text) else text


def _as_json(text: str, separators: bool) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    unfit = re.compile(f"{_UNFIT.pattern}|{_SEPARATORS.pattern}") if separators else _UNFIT
    quoted = unfit.sub(lambda m: f"\\u{ord(m.group()[0]):04x}{m.group()[1:]}", quoted)
    # A backslash is what tells it from a text that a person put in quotes.
    return quoted if "\\" in quoted else f'"{_numbered(quoted[1])}{quoted[2:]}'


def _numbered(character: str) -> str:
    units = character.encode("utf-16-be").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


def _from_json(text: str) -> str | None:
    if not (len(text) > 2 and text[0] == text[-1] == '"' and "\\" in text):
        return None
    try:
        value = json.loads(text)
        # Half a letter is no text that a file of the knowledge base could keep.
        str(value).encode()
    except ValueError:
        return None
    return value if isinstance(value, str) else None
