"""YAML with line numbers, so that every complaint can name its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from kefu.errors import FileProblems, Problem

Key = tuple[str | int, ...]

_OPENED = ("while scanning a quoted", "while scanning a simple key", "while parsing a flow")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class MarkedYaml:
    """A parsed YAML file and the line of each of its values.

    Attributes:
        file: Where it was read from.
        data: Plain Python values.
        lines: Path of keys and list indices -> 1-based line.
    """

    file: Path
    data: Any
    lines: dict[Key, int]

    def line(self, *key: str | int) -> int:
        """Return the line of `key`, or of its nearest known parent."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)

    def problem(self, text: str, *key: str | int) -> Problem:
        """Make a problem that points at the line of `key`."""
        return Problem(self.file, self.line(*key), text)


def read(file: Path) -> MarkedYaml:
    """Read one YAML file.

    Raises:
        FileProblems: The file is missing, not UTF-8, not YAML, or repeats a key.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise FileProblems([Problem(file, 0, "找不到这个文件，请恢复它")]) from None
    except UnicodeDecodeError:
        raise FileProblems([Problem(file, 0, "文件不是 UTF-8 编码，请另存为 UTF-8")]) from None
    return parse(text, file)


def parse(text: str, file: Path) -> MarkedYaml:
    """Parse YAML text; `file` is only named in errors. Raises FileProblems."""
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            lines: dict[Key, int] = {}
            problems: list[Problem] = []
            if node is not None:
                _walk(node, (), node.start_mark.line + 1, lines, problems, file)
            data = None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except (yaml.MarkedYAMLError, yaml.reader.ReaderError) as error:
        line = _line_of(error)
        reason = getattr(error, "problem", None) or "含有不允许的字符"
        raise FileProblems(
            [Problem(file, line, f"YAML 格式有误（{reason}），请检查缩进、冒号和引号")]
        ) from None
    except ValueError as error:
        raise FileProblems([Problem(file, 0, f"有无法读取的值（{error}），请加上引号")]) from None
    if problems:
        raise FileProblems(problems)
    return MarkedYaml(file, data, lines)


def _line_of(error: yaml.YAMLError) -> int:
    """Return where the mistake was made, 0 where that is unknown."""
    # An open quote or bracket is noticed far behind the place where it was opened.
    context = getattr(error, "context", None) or ""
    opened = context.startswith(_OPENED)
    mark = getattr(error, "context_mark" if opened else "problem_mark", None)
    return mark.line + 1 if mark else 0


def _walk(
    node: yaml.Node,
    path: Key,
    line: int,
    lines: dict[Key, int],
    problems: list[Problem],
    file: Path,
) -> None:
    lines[path] = line
    for key, place, child in _children(node):
        child_path = (*path, key)
        if isinstance(node, yaml.MappingNode) and child_path in lines:
            problems.append(Problem(file, place, f"「{key}」写了两次，请删去一个"))
        _walk(child, child_path, place, lines, problems, file)


def _children(node: yaml.Node) -> Iterator[tuple[str | int, int, yaml.Node]]:
    """Yield each key or index with its line and value; a list's own line is that of its key."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield str(key.value), key.start_mark.line + 1, value
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield index, value.start_mark.line + 1, value
