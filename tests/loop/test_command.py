"""`kefu unrecognised` as an operator uses it."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kefu import cli
from kefu.loop.export import HEADINGS
from tests.loop import said

pytestmark = pytest.mark.usefixtures("fresh_home")


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(said, "NOW", time.time() - 3600)


def run(*arguments: str) -> str:
    done = CliRunner().invoke(cli.app, ["unrecognised", *arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return str(done.output)


def test_the_list_shows_groups_with_suggestion_and_answer() -> None:
    said.ask("手表能不能刻字")
    said.ask("手表能不能刻字呀", who="c2")
    said.call_person(10, until=600)
    said.answer("可以免费刻字，备注内容即可。", 20)
    shown = run("--week")
    assert "2 条问题，1 组待处理" in shown
    assert "手表能不能刻字" in shown
    assert "可以免费刻字" in shown.replace("\n", "")


def test_an_empty_week_is_said_to_be_well() -> None:
    assert "没有要看的问题" in run()


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def test_the_file_holds_every_group_and_runs_no_formula(tmp_path: Path) -> None:
    dangerous = '=HYPERLINK("http://a.example","看这里")'
    said.ask(dangerous)
    said.ask("能送到海外的岛上吗", who="c2")
    said.ask("转到人工", "answered", at=20, label="order/ship_time")
    said.call_person(30, until=600)
    said.answer("@所有人 这个功能下个月才有。", 40)
    file = tmp_path / "new/list.csv"
    assert "3 组已写入" in run("--csv", str(file))
    found = rows(file)
    assert tuple(found[0]) == HEADINGS
    assert dangerous in {row["问法1"].removeprefix("\\") for row in found}
    cells = [cell for row in found for cell in row.values()]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_a_group_put_away_is_listed_no_more_and_can_be_brought_back(tmp_path: Path) -> None:
    said.ask("你们老板是谁啊")
    run("--csv", str(tmp_path / "list.csv"))
    group = rows(tmp_path / "list.csv")[0]["组号"]
    assert "以后不再显示：你们老板是谁啊" in run("--dismiss", group[:6])
    assert "没有要看的问题" in run()
    assert "你们老板是谁啊" in run("--settled")
    assert "已恢复显示" in run("--bring-back", group[:6])
    assert "你们老板是谁啊" in run()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--from", "昨天"], "不是日期"),
        (["--week", "--month"], "只能用一个"),
        (["--dismiss", "abcdef"], "没有组号"),
        (["--bring-back", "abcdef"], "没有组号"),
        (["--from", "2026-11-09", "--to", "2026-11-02"], "早于开始日期"),
    ],
)
def test_a_wrong_option_says_what_is_wrong(arguments: list[str], text: str) -> None:
    with pytest.raises(cli.KefuError, match=text):
        run(*arguments)
