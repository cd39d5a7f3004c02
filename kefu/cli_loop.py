"""The command of the weekly loop; `kefu.cli` registers it."""

from __future__ import annotations

import getpass
import time
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from kefu.environment import environment
from kefu.errors import KefuError

if TYPE_CHECKING:
    from kefu.insight.period import Period
    from kefu.loop.groups import Group
    from kefu.loop.listing import Listing

_console = Console(highlight=False, soft_wrap=True)
_progress = Console(stderr=True, highlight=False, soft_wrap=True)
_WEEK, _MONTH = 7, 30


class BadOption(KefuError):
    """Raised when the options do not say what is meant."""


def register(app: typer.Typer) -> None:
    """Add the command to an app."""
    app.command()(unrecognised)


def unrecognised(
    week: Annotated[bool, typer.Option("--week", help="最近 7 天（默认）")] = False,
    day: Annotated[bool, typer.Option("--day", help="今天")] = False,
    month: Annotated[bool, typer.Option("--month", help="最近 30 天")] = False,
    first: Annotated[str, typer.Option("--from", help="开始日期，如 2026-11-01")] = "",
    last: Annotated[str, typer.Option("--to", help="最后一天，默认今天")] = "",
    most: Annotated[int, typer.Option("--limit", min=1, help="至多显示几组")] = 30,
    csv: Annotated[Path | None, typer.Option(help="把全部组写成一个 CSV 文件")] = None,
    dismiss: Annotated[str, typer.Option(help="不再显示这一组，写组号")] = "",
    bring_back: Annotated[str, typer.Option("--bring-back", help="恢复显示，写组号")] = "",
    settled: Annotated[bool, typer.Option("--settled", help="看已处理的组")] = False,
) -> None:
    """没听懂、答非所问、转了人工的问题：相近的归为一组，附建议的条目和人工的回答。"""
    from kefu.loop.listing import listing

    if bring_back:
        _bring_back(bring_back)
        return
    period = _period([(1, day), (_WEEK, week), (_MONTH, month)], first, last)
    with _progress.status("归组中"):
        found = listing(environment().home, period.start, period.end)
    if dismiss:
        _dismiss(found, dismiss)
        return
    groups = found.settled if settled else found.groups
    _show(groups[:most], found, period, len(groups))
    if csv is not None:
        from kefu.loop.export import write_csv

        write_csv(groups, csv, _progress)
        _console.print(f"✔ {len(groups)} 组已写入 {csv}", markup=False)


def _bring_back(name: str) -> None:
    from kefu.loop import dismissals

    away = [one.group for one in dismissals.dismissals() if one.group.startswith(name)]
    if len(away) != 1:
        raise BadOption(f"不再显示的组里没有组号「{name}」，请用 kefu unrecognised --settled 查看")
    dismissals.bring_back(away[0], getpass.getuser(), time.time())
    _console.print("✔ 已恢复显示", markup=False)


def _dismiss(found: Listing, name: str) -> None:
    from kefu.loop import dismissals
    from kefu.loop.listing import find

    group = find(found, name)
    if group is None:
        raise BadOption(f"这个时段里没有组号「{name}」，请用 kefu unrecognised 查看")
    dismissals.dismiss(group, getpass.getuser(), time.time())
    _console.print(f"✔ 以后不再显示：{group.examples[0]}", markup=False)


def _show(groups: tuple[Group, ...], found: Listing, period: Period, total: int) -> None:
    title = f"{period.title}：{found.questions} 条问题，{len(found.groups)} 组待处理"
    _console.print(f"{title}，{len(found.settled)} 组已处理", markup=False)
    if not groups:
        _console.print("✔ 没有要看的问题")
        return
    _print(groups)
    if total > len(groups):
        _console.print(f"还有 {total - len(groups)} 组，用 --limit 或 --csv 查看", markup=False)


def _print(groups: tuple[Group, ...]) -> None:
    """Print a few lines a group: a table of so much text needs a wider window than most."""
    from kefu.knowledge.search import search
    from kefu.loop.groups import PROPOSALS, proposal, suggest

    known = search()
    for group in groups:
        suggestions = suggest(known, group)
        head = f"{group.id[:6]}  {group.count} 次，{group.customers} 位顾客（{group.why()}）"
        lines = [f"  · {text}" for text in group.examples]
        lines.append(f"  → {PROPOSALS[proposal(group, suggestions)]}")
        for found in suggestions:
            lines.append(
                f"      {found.entry.question.text}（{found.category} {found.entry.label}）"
            )
        if group.answer:
            lines.append(f"  人工的回答：{group.answer}")
        _console.print(f"\n[bold]{_plain(head)}[/bold]")
        _console.print("\n".join(lines), markup=False)


def _period(given: list[tuple[int, bool]], first: str, last: str) -> Period:
    from kefu.insight.period import Period, last_days
    from kefu.settings import settings

    zone = settings().assistant.zone
    until = _date(last, "--to") if last else datetime.fromtimestamp(time.time(), zone).date()
    days = [count for count, chosen in given if chosen]
    if len(days) + bool(first) > 1:
        raise BadOption("--day、--week、--month、--from 只能用一个")
    if first:
        return Period(_date(first, "--from"), until, zone)
    return last_days(days[0] if days else _WEEK, until, zone)


def _date(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadOption(f"{option} {text} 不是日期，请写成 2026-11-01 的样子") from None


def _plain(text: str) -> str:
    return text.replace("[", "\\[")
