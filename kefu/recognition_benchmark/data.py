"""Labelled questions, as they stand in files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from kefu import marked_yaml
from kefu.errors import FileProblems, Problem
from kefu.labels import OUT_OF_SCOPE
from kefu.normalise import match_key

_LABELLED = '每行应为 {"text": "…", "label": "…"}'
_TEXT_ONLY = '每行应为 {"text": "…"}'


@dataclass(frozen=True)
class Line:
    """One question, what it means, and for messages to reject what kind they are."""

    text: str
    label: str
    kind: str = ""

    @cached_property
    def key(self) -> str:
        """Return what this text shares with its other spellings."""
        return match_key(self.text)


def read_labelled(file: Path) -> list[Line]:
    """Read lines of {"text", "label"}. Raises FileProblems with every bad line."""
    return _read(file, lambda data: Line(_text(data, "text"), _text(data, "label")), _LABELLED)


def read_rejected(file: Path) -> list[Line]:
    """Read lines of {"text"}, with a `kind` where there is one. Raises FileProblems."""

    def line(data: dict[str, Any]) -> Line:
        return Line(_text(data, "text"), OUT_OF_SCOPE, str(data.get("kind") or ""))

    return _read(file, line, _TEXT_ONLY)


def read_examples(file: Path) -> list[Line]:
    """Read the examples of one of Rasa's NLU files. Raises FileProblems."""
    source = marked_yaml.read(file)
    items = (source.data or {}).get("nlu") or []
    return [Line(text, item["intent"]) for item in items for text in _examples(item["examples"])]


def _read(file: Path, make: Callable[[dict[str, Any]], Line], hint: str) -> list[Line]:
    try:
        rows = file.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "不是 UTF-8 编码"
        raise FileProblems([Problem(file, 0, f"读不了：{reason}")]) from None
    lines, problems = [], []
    for number, row in enumerate(rows, 1):
        if not row.strip():
            continue
        try:
            lines.append(make(json.loads(row)))
        except (ValueError, KeyError, TypeError, AttributeError):
            problems.append(Problem(file, number, hint))
    if not lines and not problems:
        problems.append(Problem(file, 0, "里面没有问题"))
    if problems:
        raise FileProblems(problems)
    return lines


def _text(data: dict[str, Any], key: str) -> str:
    text: str = data[key].strip()
    if not text:
        raise ValueError
    return text


def _examples(given: str | list[Any]) -> Iterator[str]:
    if isinstance(given, str):
        yield from (row[1:].strip() for row in given.splitlines() if row.startswith("-"))
    else:
        yield from (item if isinstance(item, str) else item["text"].strip() for item in given)
