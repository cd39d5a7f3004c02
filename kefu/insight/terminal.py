"""A report on the terminal."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from kefu.insight import words
from kefu.insight.report import Report, narrowed

_COLOURS = {True: "green", False: "red", None: ""}


def show(found: Report, console: Console) -> None:
    """Print the figures, their targets, and how they have changed."""
    now = found.now
    limited = narrowed(now.filters)
    about = f"（{limited}）" if limited else ""
    console.print(f"{now.period.title}{about}，与 {found.before.period.title} 比较", markup=False)
    table = Table(*map(_column, ("指标", "本期", "分子/分母", "目标", "变化")), box=box.SIMPLE)
    for figure, earlier in found.compared():
        target = words.target_text(figure.target, figure.unit)
        table.add_row(
            figure.title,
            words.value_text(figure.value, figure.unit),
            words.of_text(figure),
            Text(f"{target} {words.mark(figure)}".strip(), style=_COLOURS[figure.good]),
            words.change_text(figure, earlier),
        )
    console.print(table)
    if found.made_at < now.period.end:
        console.print("时段还没有结束，数字会变")


def _column(title: str) -> Column:
    # Without a number cut off on a terminal of 80 columns.
    return Column(title, justify="left" if title == "指标" else "right", no_wrap=True)
