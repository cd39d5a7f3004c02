"""Changing values in a settings file; every line that is not meant stays as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from kefu import marked_yaml
from kefu.errors import KefuError
from kefu.settings_editing.written import is_list_of_maps, scalar, value_lines

Path_ = tuple[str, ...]
_Pairs = list[tuple[yaml.Node, yaml.Node]]
# Where YAML breaks lines; Python's splitlines knows more places.
_LINE = re.compile(
    "[^\r\n\x85\u2028\u2029]*(?:\r\n|[\r\n\x85\u2028\u2029])|[^\r\n\x85\u2028\u2029]+$"
)


class CannotRewrite(KefuError):
    """Raised when a file is written in a way that cannot be changed line by line."""


class _Removed:
    """Stands for a key that is taken out."""


REMOVED = _Removed()


def changed(text: str, file: Path, values: Mapping[Path_, Any]) -> str:
    """Return a settings file with other values.

    Args:
        text: The file, valid YAML.
        file: Where it is, for messages.
        values: Path of keys -> plain value (text, number, truth, list, mapping), or REMOVED.

    Raises:
        CannotRewrite: The result would not say what it should.
    """
    wanted = _unshared(marked_yaml.parse(text, file).data)
    for path, value in values.items():
        _put(wanted, path, value)
        text = _with_value(text, path, value)
    try:
        same = yaml.safe_load(text) == wanted
    except yaml.YAMLError:
        same = False
    if not same:
        raise CannotRewrite(f"{file.name} 的写法无法自动修改，没有保存：请直接编辑这个文件")
    return text


def _unshared(data: Any) -> Any:
    """Return a copy in which nothing stands in two places, as YAML's aliases do."""
    if isinstance(data, dict):
        return {key: _unshared(value) for key, value in data.items()}
    return [_unshared(value) for value in data] if isinstance(data, list) else data


def _put(data: dict[str, Any], path: Path_, value: Any) -> None:
    for key in path[:-1]:
        if not isinstance(data.get(key), dict):
            data[key] = {}
        data = data[key]
    if value is REMOVED:
        data.pop(path[-1], None)
    else:
        data[path[-1]] = value


def _with_value(text: str, path: Path_, value: Any) -> str:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    above: yaml.Node | None = root
    pairs: _Pairs = []
    for key in path:
        pair = _pair(above, key)
        if pair is None:
            break
        pairs.append(pair)
        above = pair[1]
    known = len(pairs)
    for depth, (_, node) in enumerate(pairs[: len(path) - 1]):
        if not isinstance(node, yaml.MappingNode) or node.flow_style or not node.value:
            return _with_value(text, path[: depth + 1], _whole(node, path[depth + 1 :], value))
    if known == len(path):
        return _replaced(text, pairs, value)
    if value is REMOVED:
        return text
    for key in reversed(path[known + 1 :]):
        value = {key: value}
    return _inserted(text, root, pairs, path[known], value)


def _whole(node: yaml.Node, path: Path_, value: Any) -> Any:
    """Return the value of a node written in one line, with one of its values changed."""
    data = yaml.SafeLoader("").construct_document(node)
    whole = data if isinstance(data, dict) else {}
    _put(whole, path, value)
    return whole


def _replaced(text: str, pairs: _Pairs, value: Any) -> str:
    key, node = pairs[-1]
    lines, first, last = _LINE.findall(text), key.start_mark.line, _last_line(node)
    if value is REMOVED:
        if len(pairs) > 1 and len(pairs[-2][1].value) == 1:
            return _replaced(text, pairs[:-1], {})
        return "".join([*lines[:first], *lines[last + 1 :]])
    block = isinstance(node, yaml.SequenceNode) and not node.flow_style and bool(node.value)
    is_map = isinstance(value, dict) and bool(value)
    if is_map and isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _merged(text, pairs, value)
    column = key.start_mark.column
    name = lines[first][column : key.end_mark.column if key.end_mark.line == first else None]
    written = value_lines(name, value, column, block or is_list_of_maps(value))
    if len(written) == 1 and first == last:
        written[0] += _beside(lines[last], node)
    return _joined(lines, first, last + 1, written)


def _merged(text: str, pairs: _Pairs, value: dict[str, Any]) -> str:
    """Change a mapping key by key, so that what is said beside the others stays."""
    path = tuple(str(key.value) for key, _ in pairs)
    gone = [str(key.value) for key, _ in pairs[-1][1].value if str(key.value) not in value]
    for key, inner in value.items():
        text = _with_value(text, (*path, key), inner)
    for key in gone:
        text = _with_value(text, (*path, key), REMOVED)
    return text


def _inserted(
    text: str,
    root: yaml.Node | None,
    pairs: _Pairs,
    key: str,
    value: Any,
) -> str:
    lines = _LINE.findall(text)
    above = pairs[-1][1] if pairs else root
    assert isinstance(above, yaml.MappingNode)
    column = above.value[0][0].start_mark.column
    place = _last_line(above) + 1
    written = value_lines(scalar(key), value, column, is_list_of_maps(value))
    if not pairs:
        written.insert(0, "")
    return _joined(lines, place, place, written)


def _joined(lines: list[str], start: int, end: int, written: list[str]) -> str:
    ending = "\r\n" if lines[0].endswith("\r\n") else "\n"
    before = lines[:start]
    if before and not before[-1].endswith(("\r", "\n")):
        before[-1] += ending
    return "".join([*before, *(line + ending for line in written), *lines[end:]])


def _beside(line: str, node: yaml.Node) -> str:
    """Return the comment that stands behind a value."""
    rest = line[node.end_mark.column :].rstrip("\r\n")
    return rest if rest.lstrip().startswith("#") else ""


def _pair(node: yaml.Node | None, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((pair for pair in node.value if str(pair[0].value) == key), None)


def _last_line(node: yaml.Node) -> int:
    """Return the last line that belongs to a node; its end mark is behind what follows it."""
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        content = node.start_mark.buffer
        assert content is not None
        lines = content[node.start_mark.pointer : node.end_mark.pointer].rstrip("\0")
        return int(node.start_mark.line) + len(_LINE.findall(lines.rstrip())) - 1
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.line)
