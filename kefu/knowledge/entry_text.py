"""How an entry is written in a knowledge file: order of keys, indentation, quotes."""

from __future__ import annotations

import json
import re

import yaml

from kefu.knowledge.model import Category, Entry

# Order in the file; what an entry does not have is left out.
KEYS = ("id", "question", "answer", "similar", "buttons", "keywords", "page")
_FLOW = ("buttons", "keywords")
# What stands without quotes: letters of any script, digits, and marks that mean nothing in
# YAML, Chinese ones included; between brackets fewer than on a line of its own.
_MARKS = r" （）「」『』“”‘’《》【】，。！？；：、…—–→·～￥℃%+./=~\-"
_FLOW_PLAIN = re.compile(rf"[\w（「『“《【][\w{_MARKS}]*(?<! )")
_PLAIN = re.compile(rf"[\w（「『“《【](?:[\w{_MARKS}{{}},?!*&@<>\[\]|'\"]|:(?=\w)|(?<=\S)#)*(?<! )")
_WORD = re.compile(r"[~\w.+-]*")
# What JSON leaves as it is although YAML would break a line or refuse it.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_resolver = yaml.SafeLoader("")


def scalar(text: str, plain: re.Pattern[str] = _PLAIN) -> str:
    """Return a text as YAML, in quotes where it needs them; never more than one line."""
    if plain.fullmatch(text) and not _means_something(text):
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda m: f"\\u{ord(m.group()):04x}", quoted)


def values(entry: Entry) -> dict[str, str | tuple[str, ...]]:
    """Return what an entry says, by the key of the file, in the file's order."""
    given: dict[str, str | tuple[str, ...]] = {
        "id": entry.label.split("/", 1)[1],
        "question": entry.question.text,
        "answer": entry.answer.text,
        "similar": tuple(phrasing.text for phrasing in entry.similar),
        "buttons": tuple(button.text for button in entry.buttons),
        "keywords": entry.keywords,
        "page": entry.page,
    }
    optional = ("buttons", "keywords", "page")
    return {key: value for key, value in given.items() if value or key not in optional}


def field_lines(key: str, value: str | tuple[str, ...]) -> list[str]:
    """Return the lines of one key of an entry, without the dash before the first."""
    if isinstance(value, str):
        return [f"    {key}: {scalar(value)}"]
    if not value:
        return [f"    {key}: []"]
    if key in _FLOW:
        return [f"    {key}: [{', '.join(scalar(text, _FLOW_PLAIN) for text in value)}]"]
    return [f"    {key}:", *(f"      - {scalar(text)}" for text in value)]


def entry_lines(entry: Entry) -> list[str]:
    """Return all lines of an entry."""
    lines = [line for key, value in values(entry).items() for line in field_lines(key, value)]
    lines[0] = f"  - {lines[0][4:]}"
    return lines


def category_lines(category: Category) -> list[str]:
    """Return all lines of a knowledge file."""
    head = [f"category: {scalar(category.id)}", f"title: {scalar(category.title)}"]
    entries = [line for entry in category.entries for line in entry_lines(entry)]
    return [*head, "entries:" if entries else "entries: []", *entries]


def _means_something(text: str) -> bool:
    """Tell whether YAML would read a plain text as a number, a date or a truth value."""
    if not _WORD.fullmatch(text):
        return False
    tag: str = _resolver.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    return tag != "tag:yaml.org,2002:str"
