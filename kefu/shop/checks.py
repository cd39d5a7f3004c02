"""Checks of the `shop` settings, so that a slip is found at start and not by a customer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from string import Formatter
from urllib.parse import urlsplit

from kefu.shop.defaults import CALLS, FIELDS, WORDS

METHODS = ("GET", "POST")
UNITS = ("yuan", "cents")
_AMOUNTS = {("order", "amount"), ("item", "price"), ("refund", "amount")}
# Query -> parameters that it is given.
QUERIES = {
    "recent_orders": {"customer", "limit"},
    "find_order": {"customer", "number"},
    "items": {"customer", "number"},
    "parcels": {"customer", "number"},
    "traces": {"customer", "number"},
    "refund": {"customer", "number"},
    "member": {"customer"},
}
# The rest is asked only about an order that one of these has found.
_OWNED = ("recent_orders", "find_order", "member")
_LITERALS = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
_NO_PARAMETER = re.compile(f"{_LITERALS.pattern}|::", re.DOTALL)
_PARAMETER = re.compile(r"(?<![:\w]):(\w+)")
_WRITING = re.compile(
    r"\b(insert|update|delete|drop|alter|create|truncate|merge|attach|detach|pragma|into|copy"
    r"|grant|revoke|vacuum|call|lock|execute|share)\b",
    re.IGNORECASE,
)


def check_url(url: str) -> str:
    """Return `url` as it is. Raises ValueError when it holds a password or names no scheme."""
    if not url:
        return url
    parts = urlsplit(url)
    if parts.password:
        raise ValueError("地址里不要写密码：请把完整地址放进环境变量 KEFU_SHOP_URL，这里留空")
    if "://" not in url:
        raise ValueError("地址应以 https://、http:// 或数据库类型（如 postgresql://）开头")
    return url


def check_paths(paths: dict[str, str]) -> dict[str, str]:
    """Return `paths` as they are. Raises ValueError naming the first slip."""
    for call, text in paths.items():
        _known(call, CALLS, "调用")
        if not text:
            continue
        method, path = split_path(text)
        if method not in METHODS or not path.startswith("/") or re.search(r"\s", path):
            raise ValueError(f"{call} 应写成「GET /路径」或「POST /路径」，现在是「{text}」")
        _check_names(call, path)
    return paths


def check_bodies(bodies: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """Return `bodies` as they are. Raises ValueError naming the first slip."""
    for call, body in bodies.items():
        _known(call, CALLS, "调用")
        for template in body.values():
            _check_names(call, template)
    return bodies


def check_fields(fields: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """Return `fields` as they are. Raises ValueError naming the first slip."""
    for group, names in fields.items():
        _known(group, FIELDS, "字段组")
        for name, path in names.items():
            _known(name, FIELDS[group], f"{group} 的字段")
            unit = path.partition("|")[2]
            if "|" in path and ((group, name) not in _AMOUNTS or unit not in UNITS):
                raise ValueError(f"{group}.{name}：「|cents」或「|yuan」只能写在金额后面")
    return fields


def check_states(states: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """Return `states` as they are. Raises ValueError naming the first slip."""
    for group, words in states.items():
        _known(group, WORDS, "状态组")
        for ours in words.values():
            _known(ours, WORDS[group], f"{group} 的状态")
    return states


def check_queries(queries: dict[str, str]) -> dict[str, str]:
    """Return `queries` as they are. Raises ValueError unless each is one plain SELECT."""
    for name, text in queries.items():
        _known(name, QUERIES, "查询")
        _check_select(name, text)
    return queries


def statement(query: str) -> str:
    """Return a checked query whose colons stand for parameters alone, for SQLAlchemy's text()."""
    escaped = _NO_PARAMETER.sub(lambda part: part[0].replace(":", r"\:"), query)
    return escaped.strip().rstrip(";")


def split_path(text: str) -> tuple[str, str]:
    """Split "POST /orders" into method and path; GET when no method is named."""
    method, blank, path = text.strip().partition(" ")
    return (method.upper(), path.strip()) if blank else ("GET", method)


def _check_select(name: str, text: str) -> None:
    bare = _LITERALS.sub(" '' ", text).strip().rstrip(";").strip()
    if ";" in bare or not re.match(r"(select|with)\b", bare, re.IGNORECASE):
        raise ValueError(f"查询 {name} 只能是一条 SELECT 语句")
    word = _WRITING.search(bare)
    if word:
        raise ValueError(f"查询 {name} 里不能有 {word[0].upper()}，这里只允许读取")
    used = set(_PARAMETER.findall(bare))
    for parameter in sorted(used):
        _known(parameter, QUERIES[name], f"查询 {name} 的参数")
    if name in _OWNED and "customer" not in used:
        raise ValueError(
            f"查询 {name} 必须用 :customer（不加引号）限定顾客本人，否则会查到别人的记录"
        )


def _check_names(call: str, template: str) -> None:
    try:
        names = [name for _, name, *_ in Formatter().parse(template) if name is not None]
    except ValueError:
        raise ValueError(f"{call} 里的花括号不成对：「{template}」") from None
    for name in names:
        _known(name, CALLS[call], f"{call} 的参数")


def _known(name: str, known: Iterable[str], what: str) -> None:
    names = sorted(known)
    if name not in names:
        raise ValueError(f"没有「{name}」这个{what}，可用的有：{'、'.join(names)}")
