"""Commands about the history of the knowledge base; `kefu.cli` adds them to `kefu knowledge`."""

from __future__ import annotations

import getpass
import time
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from kefu.environment import environment

if TYPE_CHECKING:
    from kefu.knowledge.history import Change, EntryChange

_console = Console(highlight=False, soft_wrap=True)
_LONGEST = 60
# Of a change of many entries, such as an import.
_MOST_ENTRIES = 20


def register(knowledge: typer.Typer) -> None:
    """Add the commands to those of the knowledge base."""
    knowledge.command()(history)
    knowledge.command()(undo)


def history(
    label: Annotated[str, typer.Argument(help="分类/条目，如 payment/invoice；不写则看全部")] = "",
    most: Annotated[int, typer.Option("--limit", min=1, help="至多显示几次修改")] = 20,
) -> None:
    """知识库的修改记录：谁、什么时候、改了什么，最新的在前。"""
    from kefu.knowledge.undoing import history_of, recent_changes

    home = environment().home
    found = history_of(home, label)[:most] if label else recent_changes(home, most)
    if not found:
        _console.print("还没有修改记录（直接改文件的不在这里，请看 git log）")
    for change in found:
        _console.print("\n".join(_lines(change)), markup=False)


def undo(
    change: Annotated[str, typer.Argument(help="修改编号，见 kefu knowledge history")],
) -> None:
    """撤销一次修改；之后别人改过同一处的，不能撤销。"""
    from kefu.knowledge import undoing

    saved = undoing.undo(environment().home, change, getpass.getuser(), time.time())
    what = saved.entry.question if saved.entry else "条目已删去"
    _console.print(f"✔ 已撤销：{saved.label} {what}（训练后生效）", markup=False)


def _lines(change: Change) -> Iterator[str]:
    from kefu.knowledge.history import KINDS
    from kefu.settings import settings

    at = datetime.fromtimestamp(change.at, settings().assistant.zone)
    undone = "，已撤销" if change.undone_by else ""
    note = f" {change.note}：{change.counts}" if change.is_bulk else ""
    yield f"{change.id}  {at:%Y-%m-%d %H:%M} {change.author} {KINDS[change.kind]}{note}{undone}"
    for title in change.titles:
        yield f"  分类 {title.category}：{title.before or '（没有）'} ⇒ {title.after or '（没有）'}"
    for entry in change.entries[:_MOST_ENTRIES]:
        yield from _entry_lines(entry)
    if len(change.entries) > _MOST_ENTRIES:
        yield f"  ……另有 {len(change.entries) - _MOST_ENTRIES} 个条目"


def _entry_lines(entry: EntryChange) -> Iterator[str]:
    from kefu.knowledge.content import FIELDS

    if entry.before is None or entry.after is None:
        content = entry.after or entry.before
        mark = "＋" if entry.after else "－"
        yield f"  {mark} {entry.label} {content.question if content else ''}"
        return
    yield f"  {entry.label} {entry.after.question}"
    for field in entry.fields:
        before, after = getattr(entry.before, field), getattr(entry.after, field)
        if isinstance(before, str):
            yield f"    {FIELDS[field]}：{_short(before)} ⇒ {_short(after)}"
            continue
        yield from (f"    {FIELDS[field]} ＋ {text}" for text in after if text not in before)
        yield from (f"    {FIELDS[field]} － {text}" for text in before if text not in after)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
