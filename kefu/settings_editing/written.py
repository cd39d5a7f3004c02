"""How a value of the settings is written: quotes, lists in one line, long texts as blocks."""

from __future__ import annotations

import datetime
import json
import re
from typing import Any

from kefu.knowledge.entry_text import scalar as entry_scalar

_STEP = 2
# Between brackets a comma, and in a mapping a colon, would end a text.
_FLOW_MARKS = re.compile(r"[,\[\]{}:#&*!|>'\"%@`]")
# YAML reads 12:30 as a number of minutes.
_CLOCK = re.compile(r"[-+\d:._]+")
# What a block keeps exactly: no blanks at the start, nothing that is not printed.
_BLOCK = re.compile(
    "[^\\s\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"
    "[^\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]*"
)


def value_lines(name: str, value: Any, column: int, in_lines: bool = False) -> list[str]:
    """Return the lines of one key.

    Args:
        name: The key as YAML.
        value: Text, number, truth, date, list or mapping of such.
        column: How far it is indented.
        in_lines: Whether a list has a line for each item.
    """
    margin = " " * column
    if isinstance(value, dict) and value:
        inner = [line for key, v in value.items() for line in _inner(key, v, column + _STEP)]
        return [f"{margin}{name}:", *inner]
    if isinstance(value, list | tuple) and value and in_lines:
        return [f"{margin}{name}:", *(line for v in value for line in _item(v, column + _STEP))]
    if isinstance(value, str) and "\n" in value and _BLOCK.fullmatch(value):
        return [f"{margin}{name}: {_block_mark(value)}", *_block(value, column + _STEP)]
    return [f"{margin}{name}: {plain(value)}"]


def plain(value: Any) -> str:
    """Return a value in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_in_flow(k)}: {_in_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_in_flow(item) for item in value) + "]"
    return scalar(value)


def scalar(value: Any) -> str:
    """Return a value that is no list, in quotes where it needs them."""
    if isinstance(value, str):
        return json.dumps(value) if _CLOCK.fullmatch(value) else entry_scalar(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    return json.dumps(value)


def is_list_of_maps(value: Any) -> bool:
    """Tell whether a list is too much for one line."""
    return isinstance(value, list | tuple) and any(isinstance(item, dict) for item in value)


def _in_flow(value: Any) -> str:
    if isinstance(value, str):
        quoted = json.dumps(value, ensure_ascii=False)
        return quoted if _FLOW_MARKS.search(value) and value.isprintable() else scalar(value)
    return plain(value)


def _inner(key: str, value: Any, column: int) -> list[str]:
    return value_lines(scalar(key), value, column, is_list_of_maps(value))


def _item(value: Any, column: int) -> list[str]:
    if isinstance(value, dict) and value:
        lines = [line for key, v in value.items() for line in _inner(key, v, column + _STEP)]
        return [f"{' ' * column}- {lines[0][column + _STEP :]}", *lines[1:]]
    return [f"{' ' * column}- {plain(value)}"]


def _block_mark(value: str) -> str:
    if not value.endswith("\n"):
        return "|-"
    return "|+" if value.endswith("\n\n") else "|"


def _block(value: str, column: int) -> list[str]:
    return [
        f"{' ' * column}{line}" if line else "" for line in value.removesuffix("\n").split("\n")
    ]
