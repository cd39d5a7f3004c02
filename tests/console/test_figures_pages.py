"""The page of figures: who may see it, what it says, and its files."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from urllib.parse import unquote

import pytest
from starlette.applications import Starlette

from kefu.insight.charts import CHARTS
from tests.console.visitors import Visitor
from tests.insight.scene import DAY, MONDAY, NOON, answer, ask, rated, say

SHIP, REFUND = "logistics/ship_time", "after_sales/refund_time"
DAYS = f"from={MONDAY}&to={MONDAY + timedelta(days=6)}"
HTMX = {"HX-Request": "true"}
_TAGS = re.compile(r"<[^>]+>")


@pytest.fixture
def operator(console: Starlette) -> Iterator[Visitor]:
    """Give a browser in which the operator 小云 (yun) is signed in, after a week of customers."""
    say("a", NOON - 7 * DAY, "not_recognised", SHIP)
    for number in range(3):
        say("a", NOON + number, "answered", SHIP)
    say("a", NOON + 9, "not_recognised", SHIP)
    say("b", NOON + DAY, "answered", REFUND, channel="wechat:shop")
    say("c", NOON + DAY, "not_recognised", REFUND, channel="wechat:shop", test=True)
    handoff = ask("b", NOON + DAY + 60, channel="wechat:shop")
    answer(handoff, NOON + DAY + 120)
    rated(handoff, NOON + DAY + 300, "满意")
    with Visitor(console) as visitor:
        visitor.becomes("yun", "小云", "operator")
        yield visitor


def text(visitor: Visitor, path: str) -> str:
    """Return the words of a part of the page."""
    got = visitor.get(path, headers=HTMX)
    assert got.status_code == 200, got.text
    return " ".join(unescape(_TAGS.sub(" ", got.text)).split())


def test_only_operators_see_figures(agent: Visitor, stranger: Visitor) -> None:
    places = (
        "/figures", "/figures/tiles/people", "/figures/charts/handoff",
        "/figures/charts/handoff.csv", "/figures/report", "/figures/report/body",
        "/figures/report.html", "/figures/report.css",
    )  # fmt: skip
    for path in places:
        assert agent.get(path).status_code == 403, path
        assert stranger.get(path, follow_redirects=False).status_code == 303, path


def test_page_asks_for_every_chart_with_the_days_written_out(operator: Visitor) -> None:
    page = operator.get(f"/figures?{DAYS}&channel=rest").text
    asked = re.findall(r'hx-get="/figures/charts/(\w+)\?([^"]+)"', page)
    assert [name for name, _ in asked] == list(CHARTS)
    assert {unescape(query) for _, query in asked} == {f"{DAYS}&channel=rest"}
    assert "2026-11-23 至 2026-11-29，渠道：App／网页" in page


def test_tiles_tell_value_numbers_target_and_change(operator: Visitor) -> None:
    first = text(operator, f"/figures/tiles/understanding?{DAYS}")
    assert "识别率 80.0 % ✔ 达标 目标 ≥ 80 % 4/5" in first
    assert "比前 7 天" not in first
    compared = text(operator, f"/figures/tiles/understanding?{DAYS}&compared=1")
    assert "识别率 80.0 % ✔ 达标 目标 ≥ 80 % 4/5 比前 7 天 +80.0 个百分点" in compared
    assert "抽查准确率 还没有数据" in compared
    people = text(operator, f"/figures/tiles/people?{DAYS}&compared=1")
    assert "转人工率 50.0 % ✘ 未达标 目标 ≤ 30 % 1/2 比前 7 天 +50.0 个百分点" in people
    assert "满意度 100.0 % 1/1 比前 7 天 没有数据" in text(
        operator, f"/figures/tiles/rating?{DAYS}&compared=1"
    )


def test_filters_change_the_numbers(operator: Visitor) -> None:
    query = f"/figures/tiles/understanding?{DAYS}"
    assert "识别率 75.0 %" in text(operator, f"{query}&channel=rest")
    assert "识别率 100.0 %" in text(operator, f"{query}&channel=wechat:shop")
    assert "识别率 75.0 %" in text(operator, f"{query}&category=logistics")
    by_week = text(operator, f"/figures/charts/recognition?{DAYS}&step=week")
    assert "周（起）" in by_week and "2026-11-24" not in by_week


def test_file_of_each_chart_has_the_rows_of_its_table(operator: Visitor) -> None:
    for name in CHARTS:
        chart = operator.get(f"/figures/charts/{name}?{DAYS}", headers=HTMX).text
        got = operator.get(f"/figures/charts/{name}.csv?{DAYS}")
        assert got.content.startswith(b"\xef\xbb\xbf"), name
        rows = list(csv.reader(io.StringIO(got.content.decode("utf-8-sig"))))
        shown = re.findall(r'<th scope="row">(?:<a[^>]*>)?([^<]*)', chart)
        if name != "reviewed":
            assert [row[0] for row in rows[1:]] == [unescape(one) for one in shown], name
        file = unquote(got.headers["Content-Disposition"])
        assert file.endswith("_2026-11-23_2026-11-29.csv"), name


def test_nothing_reviewed_yet_leads_to_the_sample(operator: Visitor) -> None:
    assert "还没有数据， 去抽查" in text(operator, f"/figures/charts/reviewed?{DAYS}")


def test_numbers_of_a_file_are_those_of_the_chart(operator: Visitor) -> None:
    got = operator.get(f"/figures/charts/recognition.csv?{DAYS}").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(got)))
    assert rows[0] == {"日期": "2026-11-23", "识别率（0 至 1）": "0.75", "识别": "3", "问题": "4"}
    chart = operator.get(f"/figures/charts/recognition?{DAYS}", headers=HTMX).text
    assert re.findall(r'data-value="([\d.]+)"', chart) == ["0.75", "1.0"]


def test_file_of_all_figures_compares_the_two_periods(operator: Visitor) -> None:
    got = operator.get(f"/figures/charts/figures.csv?{DAYS}").content.decode("utf-8-sig")
    found = {row["指标"]: row for row in csv.DictReader(io.StringIO(got))}
    assert found["识别率"]["数值"] == "0.8"
    assert found["识别率"]["上期"] == "0.0"


def test_label_that_is_a_formula_is_text_in_the_file_and_on_the_page(operator: Visitor) -> None:
    say("d", NOON, "answered", "=cmd/<script>")
    got = operator.get(f"/figures/charts/questions.csv?{DAYS}").content.decode("utf-8-sig")
    assert "\n'=cmd/<script>,1" in got.replace("\r\n", "\n")
    chart = operator.get(f"/figures/charts/questions?{DAYS}", headers=HTMX).text
    assert "<script>" not in chart
    assert "=cmd/&lt;script&gt;" in chart


def test_rows_lead_to_what_can_be_done(operator: Visitor) -> None:
    def leads(name: str) -> dict[str, str]:
        chart = operator.get(f"/figures/charts/{name}?{DAYS}", headers=HTMX).text
        found = re.findall(r'<th scope="row"><a href="([^"]+)">([^<]+)', chart)
        return {title: unescape(url) for url, title in found}

    assert leads("questions")["下单后多久发货"] == "/knowledge/entries/logistics/ship_time"
    assert leads("endings")["没听懂"].startswith("/unrecognised?period=own&from=2026-11-23")
    assert leads("categories")["物流配送"] == f"/figures?{DAYS}&category=logistics"
    assert leads("channels")["微信 shop"] == f"/figures?{DAYS}&channel=wechat%3Ashop"
    assert leads("handoff")["2026-11-24"] == "/figures?from=2026-11-24&to=2026-11-24"
    for url in (*leads("questions").values(), *leads("categories").values()):
        assert operator.get(url).status_code == 200, url


def test_bad_days_come_back_filled_in_with_the_remedy(operator: Visitor) -> None:
    got = operator.get("/figures?from=2026-11-29&to=2026-11-23&channel=rest")
    assert got.status_code == 422
    assert "早于开始日期" in got.text
    assert 'value="2026-11-29"' in got.text
    assert '<option value="rest" selected>' in got.text
    assert "hx-get" not in got.text
    part = operator.get("/figures/charts/handoff?from=x&to=y", headers=HTMX)
    assert part.status_code == 422
    assert "不是日期" in part.json()["error"]


def test_parts_that_there_are_not_are_not_found(operator: Visitor) -> None:
    for path in ("charts/nothing", "charts/nothing.csv", "tiles/nothing"):
        assert operator.get(f"/figures/{path}?{DAYS}").status_code == 404, path


def test_address_is_put_in_order(operator: Visitor) -> None:
    got = operator.get("/figures?period=week&channel=&step=&x=1", follow_redirects=False)
    assert (got.status_code, got.headers["Location"]) == (303, "/figures")
    kept = operator.get("/figures?channel=wechat%3Ashop", follow_redirects=False)
    assert kept.status_code == 200


def test_report_is_a_page_a_part_and_a_file(operator: Visitor) -> None:
    assert "打印" in operator.get(f"/figures/report?{DAYS}").text
    body = text(operator, f"/figures/report/body?{DAYS}")
    assert "示例商城 客服周报" in body
    assert "识别率 80.0 % 4/5 ≥ 80 % ✔" in body
    file = operator.get(f"/figures/report.html?{DAYS}")
    name = unquote(file.headers["Content-Disposition"])
    assert name.endswith("''客服周报_2026-11-23_2026-11-29.html")
    assert file.text.startswith("<!doctype html>")
    assert ".report h1" in file.text


def test_new_installation_says_that_there_is_nothing_yet(administrator: Visitor) -> None:
    for name in CHARTS:
        chart = administrator.get(f"/figures/charts/{name}?{DAYS}", headers=HTMX).text
        assert "还没有数据" in chart, name
        assert "data-chart" not in chart, name
    assert "识别率 还没有数据 目标" in text(administrator, f"/figures/tiles/understanding?{DAYS}")
    assert administrator.get("/figures").status_code == 200
