"""The command that reports the figures; `kefu.cli` registers it."""

from __future__ import annotations

import time
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from kefu.errors import KefuError

if TYPE_CHECKING:
    from kefu.insight.filters import Filters
    from kefu.insight.period import Period

_console = Console(highlight=False, soft_wrap=True)
_WEEK, _MONTH = 7, 30


class BadPeriod(KefuError):
    """Raised when the options do not say which days are meant."""


def register(app: typer.Typer) -> None:
    """Add the command to an app."""
    app.command()(report)


def report(
    week: Annotated[bool, typer.Option("--week", help="7 天（默认）")] = False,
    day: Annotated[bool, typer.Option("--day", help="1 天")] = False,
    month: Annotated[bool, typer.Option("--month", help="30 天")] = False,
    first: Annotated[str, typer.Option("--from", help="开始日期，如 2026-11-01")] = "",
    last: Annotated[str, typer.Option("--to", help="最后一天，默认今天")] = "",
    channel: Annotated[
        str, typer.Option(help="只看一个渠道：rest、wechat，或一个账号 wechat:账号")
    ] = "",
    category: Annotated[str, typer.Option(help="只看知识库的一个分类，如 logistics")] = "",
    csv: Annotated[Path | None, typer.Option(help="把每张表写成 CSV，放进这个文件夹")] = None,
    html: Annotated[Path | None, typer.Option(help="写成一个可以打印的网页文件")] = None,
) -> None:
    """识别率、转人工率、满意度、回复时间等指标，与上一个时段比较。"""
    from kefu.insight import csv_files
    from kefu.insight.report import report as report_of
    from kefu.insight.report import write_html
    from kefu.insight.terminal import show

    days = [count for count, given in ((1, day), (_WEEK, week), (_MONTH, month)) if given]
    now = time.time()
    found = report_of(_period(days, first, last, now), now, _filters(channel, category))
    show(found, _console)
    if csv is not None:
        written = csv_files.write_all(found.tables, csv)
        _console.print(f"✔ {len(written)} 个 CSV 文件：{csv}", markup=False)
    if html is not None:
        write_html(found, html)
        _console.print(f"✔ 报告：{html}（用浏览器打开，可打印或存为 PDF）", markup=False)


def _period(days: list[int], first: str, last: str, now: float) -> Period:
    from kefu.insight.period import Period, last_days
    from kefu.settings import settings

    zone = settings().assistant.zone
    until = _date(last, "--to") if last else datetime.fromtimestamp(now, zone).date()
    if len(days) + bool(first) > 1:
        raise BadPeriod("--day、--week、--month、--from 只能用一个")
    if first:
        return Period(_date(first, "--from"), until, zone)
    return last_days(days[0] if days else _WEEK, until, zone)


def _filters(channel: str, category: str) -> Filters:
    from kefu.insight.filters import Filters

    return Filters(channel or None, category or None)


def _date(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadPeriod(f"{option} {text} 不是日期，请写成 2026-11-01 的样子") from None
