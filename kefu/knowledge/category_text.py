"""Changing the text of a knowledge file: what was not changed keeps every letter, comments too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kefu import marked_yaml
from kefu.errors import FileProblems
from kefu.knowledge.entry_text import KEYS, category_lines, entry_lines, field_lines, scalar, values
from kefu.knowledge.model import Category, Entry


def category_text(category: Category, before: bytes | None = None) -> bytes:
    """Return a category as a knowledge file.

    Args:
        category: What the file shall say.
        before: Content of the file as it is. Entries and fields that stay keep their
            lines and comments; a change in a field rewrites only its lines.
    """
    fresh = _joined(category_lines(category))
    if before is None:
        return fresh.encode()
    old = before.decode("utf-8")
    newline = "\r\n" if "\r\n" in old else "\n"
    text = _Edited(old.replace("\r\n", "\n"), category).text()
    if text is None or not _says(text, category):
        # Written in a way that cannot be changed line by line, [{id: …}] for example.
        text = fresh
    return text.replace("\n", newline).encode()


class _Edited:
    """The lines of a file, cut into the head and one block an entry."""

    def __init__(self, text: str, category: Category) -> None:
        self._category = category
        try:
            self._source = marked_yaml.parse(text, Path(category.id))
        except FileProblems:
            self._items: list[dict[str, Any]] = []
            return
        self._lines = text.removesuffix("\n").split("\n")
        self._items = list(self._source.data.get("entries") or [])
        self._starts = [self._start(number) for number in range(len(self._items))]
        self._known = {item["id"]: number for number, item in enumerate(self._items)}

    def text(self) -> str | None:
        """Return the new text, None where the file is not laid out in lines."""
        if not self._items or sorted(set(self._starts)) != self._starts:
            return None
        lines = self._head()
        for entry in self._category.entries:
            number = self._known.get(entry.label.split("/", 1)[1])
            lines += self._new(entry) if number is None else self._block(number, entry)
        return _joined(lines)

    def _start(self, number: int) -> int:
        """Return the index of an entry's first line, comments above it included."""
        start = self._source.line("entries", number) - 1
        while start and self._lines[start - 1].lstrip()[:1] in ("", "#"):
            start -= 1
        return start

    def _head(self) -> list[str]:
        head = self._lines[: self._starts[0]]
        if self._source.data.get("title") != self._category.title:
            line = self._source.line("title") - 1
            head[line] = f"title: {scalar(self._category.title)}"
        return head

    def _new(self, entry: Entry) -> list[str]:
        # As the others of the file: with an empty line above, or without.
        apart = any(not self._lines[start].strip() for start in self._starts[1:])
        return [""] * apart + entry_lines(entry)

    def _block(self, number: int, entry: Entry) -> list[str]:
        end = [*self._starts, len(self._lines)][number + 1]
        start = self._starts[number]
        block = self._lines[start:end]
        item, wanted = self._items[number], values(entry)
        changed = [key for key in KEYS if _plain(item.get(key)) != _plain(wanted.get(key))]
        if not changed:
            return block
        spans = self._spans(number, start, end)
        edits = [self._edit(key, spans, wanted, end - start) for key in changed]
        # From the end, so that other places stay; of two at one place, the later key first.
        for (first, last, lines), _ in sorted(
            zip(edits, range(len(edits)), strict=True),
            key=lambda pair: (pair[0][0], pair[1]),
            reverse=True,
        ):
            if lines and block[first : first + 1] and block[first].startswith("  - "):
                lines[0] = f"  - {lines[0][4:]}"
            block[first:last] = lines
        return block

    def _edit(
        self, key: str, spans: dict[str, tuple[int, int]], wanted: dict[str, Any], end: int
    ) -> tuple[int, int, list[str]]:
        """Return which lines of a block make way, and for what."""
        lines = field_lines(key, wanted[key]) if key in wanted else []
        if key in spans:
            return (*spans[key], lines)
        later = [spans[other][0] for other in KEYS[KEYS.index(key) :] if other in spans]
        place = min(later, default=end)
        return place, place, lines

    def _spans(self, number: int, start: int, end: int) -> dict[str, tuple[int, int]]:
        """Return first line and end of each key within its block."""
        keys = list(self._items[number])
        firsts = [self._source.line("entries", number, key) - 1 for key in keys]
        ends = [*firsts[1:], end]
        return {
            key: (first - start, self._code_end(first, last) - start)
            for key, first, last in zip(keys, firsts, ends, strict=True)
        }

    def _code_end(self, first: int, last: int) -> int:
        """Leave out comments and blank lines behind a value: they are about what follows."""
        while last > first + 1 and self._lines[last - 1].lstrip()[:1] in ("", "#"):
            last -= 1
        return last


def _says(text: str, category: Category) -> bool:
    """Tell whether a text means exactly this category."""
    try:
        given = marked_yaml.parse(text, Path(category.id)).data
    except FileProblems:
        return False
    entries = [dict(values(entry)) for entry in category.entries]
    wanted = {"category": category.id, "title": category.title, "entries": entries}
    return bool(_stripped(given) == _stripped(wanted))


def _stripped(data: dict[str, Any]) -> dict[str, Any]:
    entries = [
        {key: _plain(value) for key, value in item.items() if value} for item in data["entries"]
    ]
    return {**data, "entries": entries}


def _plain(value: Any) -> Any:
    """Return a value as the knowledge base reads it: without blanks around texts."""
    if isinstance(value, str):
        return value.strip()
    return [text.strip() for text in value] if value else None


def _joined(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
