"""The operator's list as a file for a spreadsheet program."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from pathlib import Path

from rich.console import Console

from kefu.errors import KefuError
from kefu.knowledge.cell_text import line
from kefu.knowledge.search import KnowledgeSearch, search
from kefu.loop.groups import EXAMPLES, PROPOSALS, SUGGESTIONS, Group, proposal, suggest
from kefu.progress import counting
from kefu.settings import settings

HEADINGS = (
    "组号", "次数", "顾客数", "原因", *(f"问法{n + 1}" for n in range(EXAMPLES)), "处理建议",
    *(f"建议条目{n + 1}" for n in range(SUGGESTIONS)), "人工的回答", "最早", "最近",
)  # fmt: skip


class NotExported(KefuError):
    """Raised when the file cannot be written."""


def write_csv(groups: Sequence[Group], file: Path, console: Console) -> None:
    """Write the groups, one a row; no cell of it is run as a formula.

    Raises:
        NotExported: The file cannot be written.
    """
    known, zone = search(), settings().assistant.zone
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # With a byte order mark, by which Excel knows that it is UTF-8.
        with file.open("w", encoding="utf-8-sig", newline="") as handle, counting(console) as bar:
            writer = csv.writer(handle)
            writer.writerow(HEADINGS)
            for group in bar.track(groups, description="导出"):
                writer.writerow(list(_cells(group, known, zone)))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise NotExported(f"无法写入 {file}（{reason}）：请检查文件夹、权限和磁盘空间") from None


def _cells(group: Group, known: KnowledgeSearch, zone: tzinfo) -> Iterator[str | int]:
    suggestions = suggest(known, group)
    labels = [f"{found.entry.label} {found.entry.question.text}" for found in suggestions]
    yield from (group.id, group.count, group.customers, group.why())
    yield from _padded(map(line, group.examples), EXAMPLES)
    yield PROPOSALS[proposal(group, suggestions)]
    yield from _padded(map(line, labels), SUGGESTIONS)
    yield line(group.answer)
    for at in (group.first_at, group.last_at):
        yield datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M")


def _padded(cells: Iterator[str], wanted: int) -> list[str]:
    found = list(cells)
    return [*found, *[""] * (wanted - len(found))]
