"""`kefu report` as an operator types it."""

from __future__ import annotations

import time
from datetime import date, datetime
from pathlib import Path

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from kefu.cli import app
from kefu.cli_report import BadPeriod
from kefu.insight.period import PeriodProblem
from tests.insight.made import Month, fill
from tests.insight.scene import DAY, NOON, SHANGHAI, say

pytestmark = pytest.mark.usefixtures("fresh_home")
SHIP = "logistics/ship_time"


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["report", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def line_of(output: str, title: str) -> list[str]:
    [line] = [line for line in output.splitlines() if line.strip().startswith(title)]
    return line.split()


def test_week_is_compared_with_the_week_before() -> None:
    say("a", NOON - 7 * DAY, "not_recognised", SHIP)
    say("a", NOON, "answered", SHIP)
    output = run("--week", "--to", "2026-11-29")
    assert "2026-11-23 至 2026-11-29，与 2026-11-16 至 2026-11-22 比较" in output
    assert line_of(output, "识别率") == [
        "识别率", "100.0", "%", "1/1", "≥", "80", "%", "✔", "+100.0", "个百分点"
    ]  # fmt: skip
    assert line_of(output, "满意度") == ["满意度", "无数据", "0/0", "—"]


def test_report_without_options_is_of_the_last_seven_days_with_today() -> None:
    say("a", time.time(), "answered", SHIP)
    output = run()
    assert f"{datetime.now(SHANGHAI):%Y-%m-%d}，与" in output
    assert line_of(output, "顾客消息")[1] == "1"
    assert "时段还没有结束" in output


def test_nothing_is_cut_off_on_a_terminal_of_80_columns() -> None:
    fill(Month(2000, date(2026, 11, 16), 14))
    output = run("--week", "--to", "2026-11-29")
    assert "…" not in output
    assert max(cell_len(line) for line in output.splitlines()) <= 80


def test_day_own_range_channel_and_category_narrow_it() -> None:
    say("a", NOON, "answered", SHIP)
    say("b", NOON, "answered", "order/cancel", channel="wechat:shop")
    assert line_of(run("--day", "--to", "2026-11-23"), "顾客消息")[1] == "2"
    assert line_of(run("--day", "--to", "2026-11-24"), "顾客消息")[1] == "0"
    own = ("--from", "2026-11-20", "--to", "2026-11-24")
    assert line_of(run(*own, "--channel", "wechat"), "顾客消息")[1] == "1"
    assert line_of(run(*own, "--category", "logistics"), "顾客消息")[1] == "1"


def test_files_are_written_where_they_are_wanted(tmp_path: Path) -> None:
    say("a", NOON, "answered", SHIP)
    page, folder = tmp_path / "out" / "week.html", tmp_path / "csv"
    output = run("--to", "2026-11-29", "--csv", str(folder), "--html", str(page))
    assert "客服周报" in page.read_text("utf-8")
    names = {file.stem for file in folder.iterdir()}
    assert {"figures", "recognition", "handoff", "questions", "channels"} <= names
    assert "可打印" in output


@pytest.mark.parametrize(
    "arguments", [("--day", "--week"), ("--week", "--from", "2026-11-01"), ("--to", "昨天")]
)
def test_days_that_cannot_be_meant_are_explained(arguments: tuple[str, ...]) -> None:
    with pytest.raises(BadPeriod, match=r"只能用一个|不是日期"):
        run(*arguments)


def test_days_the_wrong_way_round_are_explained() -> None:
    with pytest.raises(PeriodProblem, match="请对调"):
        run("--from", "2026-11-05", "--to", "2026-11-01")
