"""The report as a page: complete, safe, and needing nothing else."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from defusedxml import ElementTree

from kefu.insight.csv_files import as_csv
from kefu.insight.filters import Filters
from kefu.insight.period import Period
from kefu.insight.report import Report, as_html, report
from kefu.insight.tables import Table
from tests.databases import PROJECT
from tests.handoff.rules import with_settings
from tests.insight.scene import DAY, MONDAY, NOON, SHANGHAI, WEEK, answer, ask, rated, say

pytestmark = pytest.mark.usefixtures("database")
SHIP, REFUND = "logistics/ship_time", "after_sales/refund_time"


def week(filters: Filters | None = None) -> Report:
    return report(WEEK, NOON + 30 * DAY, filters or Filters())


def by_name(found: Report) -> dict[str, Table]:
    return {table.name: table for table in found.tables}


def busy() -> None:
    say("a", NOON - 7 * DAY, "not_recognised", SHIP)
    say("a", NOON, "answered", SHIP)
    say("b", NOON + DAY, "answered", REFUND, channel="wechat:shop")
    handoff = ask("b", NOON + DAY + 60, channel="wechat:shop")
    answer(handoff, NOON + DAY + 120)
    rated(handoff, NOON + DAY + 300, "满意")


def test_page_shows_each_figure_with_its_numbers_its_target_and_the_change() -> None:
    busy()
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", as_html(week())))
    assert "示例商城 客服周报" in page
    assert "2026-11-23 至 2026-11-29，与 2026-11-16 至 2026-11-22 比较" in page
    assert "识别率 100.0 % 2/2 ≥ 80 % ✔ 0.0 % +100.0 个百分点" in page
    assert "转人工率 50.0 % 1/2 ≤ 30 % ✘ 0.0 % +50.0 个百分点" in page
    assert "满意度 100.0 % 1/1 无数据 —" in page


def test_page_needs_no_script_and_nothing_from_elsewhere() -> None:
    busy()
    page = as_html(week())
    assert "<script" not in page
    assert "://" not in page
    assert not re.search(r"""\b(src|href|url)\s*[=(]""", page)
    assert "default-src 'none'" in page


def test_charts_are_well_formed_with_a_table_beside_each() -> None:
    busy()
    page = as_html(week())
    charts = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    titles = [ElementTree.fromstring(chart).get("aria-label") for chart in charts]
    assert titles == [
        "识别率", "转人工率", "要人工而没有人接", "问题的结果", "转人工的原因",
        "等待人工的时间", "满意度", "助手的回复时间", "消息和顾客", "一天里的忙闲",
        "问得最多的问题",
    ]  # fmt: skip
    assert page.count("<table") == len(titles) + 3
    assert page.count("目标 ") == 3


def test_week_without_customers_is_a_page_that_says_so() -> None:
    page = as_html(week())
    assert "无数据" in page
    assert "目标 ≥ 80 %" not in page


def test_names_from_settings_and_data_are_text_and_never_markup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say("a", NOON, "answered", "x/<b>&'\"")
    say("a", NOON, "answered", SHIP, channel="wechat:<i>")
    with with_settings(tmp_path, monkeypatch, assistant={"shop_name": "<script>1</script>"}):
        page = as_html(week())
    assert "<script" not in page
    assert "<b>" not in page
    assert "<i>" not in page
    assert "x/&lt;b&gt;" in page


def test_questions_and_categories_have_the_names_of_the_knowledge_base() -> None:
    busy()
    say("a", NOON, "answered", "logistics/gone_since")
    tables = by_name(week())
    asked = [row[0] for row in tables["questions"].rows]
    assert "下单后多久发货" in asked
    # An entry that was deleted since keeps its number of questions.
    assert "logistics/gone_since" in asked
    assert {"物流配送", "售后相关"} <= {row[0] for row in tables["categories"].rows}
    assert [row[0] for row in tables["channels"].rows] == ["App／网页", "微信 shop"]


def test_report_of_one_channel_says_so_and_leaves_the_others_out() -> None:
    busy()
    found = week(Filters(channel="wechat", category="after_sales"))
    assert "渠道：微信，分类：售后相关" in as_html(found)
    assert [row[0] for row in by_name(found)["channels"].rows] == ["微信 shop"]
    assert [row[0] for row in by_name(found)["categories"].rows] == ["售后相关"]


def test_report_of_one_day_goes_by_hours_and_says_when_it_is_not_over() -> None:
    found = report(Period(MONDAY, MONDAY, SHANGHAI), NOON)
    assert len(by_name(found)["recognition"].rows) == 24
    page = as_html(found)
    assert "客服日报" in page
    assert "时段还没有结束" in page
    assert "时段还没有结束" not in as_html(week())


def test_every_table_has_a_name_of_its_own_and_can_be_exported() -> None:
    busy()
    found = week()
    assert len(by_name(found)) == len(found.tables)
    for table in found.tables:
        lines = as_csv(table).splitlines()
        assert len(lines) == len(table.rows) + 1, table.name


def test_formula_in_a_label_is_not_run_by_a_spreadsheet() -> None:
    say("a", NOON, "answered", "=cmd/x")
    questions = by_name(week())["questions"]
    assert "\n'=cmd/x,1,1,0" in as_csv(replace(questions)).replace("\r\n", "\n")


def test_question_that_was_reworded_has_its_new_name_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say("a", NOON, "answered", SHIP)
    source = (PROJECT / "data/knowledge/logistics.yml").read_text("utf-8")
    with with_settings(tmp_path, monkeypatch):
        file = tmp_path / "home/data/knowledge/logistics.yml"
        file.parent.mkdir(parents=True)
        file.write_text(source, "utf-8")
        assert by_name(week())["questions"].rows[0][0] == "下单后多久发货"
        file.write_text(source.replace("question: 下单后多久发货", "question: 几天发货"), "utf-8")
        os.utime(file, ns=(1, 1))
        assert by_name(week())["questions"].rows[0][0] == "几天发货"
