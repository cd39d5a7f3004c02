"""The page of figures in a real browser: charts are drawn, filters work, nothing is forbidden."""

from __future__ import annotations

import csv
import re
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect
from starlette.applications import Starlette

from kefu.console.app import create_app
from kefu.console.guard import COOKIE
from kefu.insight.charts import CHARTS
from kefu.staff import people, sessions
from tests.insight.scene import DAY, MONDAY, NOON, answer, ask, rated, say

pytest_plugins = ["tests.browser"]
pytestmark = pytest.mark.asyncio(loop_scope="session")
SHIP, REFUND = "logistics/ship_time", "after_sales/refund_time"
DAYS = f"from={MONDAY}&to={MONDAY + timedelta(days=6)}"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# How many colours a chart has; one that is not drawn has none but the ground.
COLOURS = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size;
}"""

# Look at each frame until it shows something else.
CHANGED = """(canvas, before) => new Promise((done) => {
  const look = () => canvas.toDataURL() === before ? requestAnimationFrame(look) : done();
  look();
})"""


def a_week() -> None:
    """Let customers of two channels ask, on three days."""
    for day in range(3):
        for number in range(4):
            say(f"a{day}", NOON + day * DAY + number, "answered", SHIP)
        say(f"a{day}", NOON + day * DAY + 9, "not_recognised", SHIP)
        say(f"b{day}", NOON + day * DAY, "not_recognised", REFUND, channel="wechat:shop")
    handoff = ask("b1", NOON + DAY + 60, channel="wechat:shop")
    answer(handoff, NOON + DAY + 120)
    rated(handoff, NOON + DAY + 300, "满意")


@pytest_asyncio.fixture(loop_scope="session")
async def figures(
    fresh_home: Path, page: Page, serve: Callable[[Starlette], str]
) -> AsyncIterator[str]:
    """Give the address of the page to an operator; what the browser forbids fails the test."""
    url = serve(create_app(with_duties=False))
    yun = people.add("yun", "小云", "operator", "wolken ohne regen", time.time())
    cookie = {"name": COOKIE, "value": sessions.open_session(yun.id, time.time()).token, "url": url}
    await page.context.add_cookies([cookie])  # type: ignore[list-item]
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    yield f"{url}/figures"
    assert [text for text in said if "Content Security Policy" in text] == []


async def everything(page: Page) -> None:
    """Wait until all parts of the page are there."""
    await expect(page.locator("[aria-busy=true]")).to_have_count(0)
    await expect(page.locator("[hx-trigger*=load]")).to_have_count(0)


async def test_every_chart_is_drawn_in_both_schemes(page: Page, figures: str) -> None:
    a_week()
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        await page.goto(f"{figures}?{DAYS}")
        await everything(page)
        canvases = page.locator("[data-chart] canvas")
        # All but the reviewed accuracy, of which there is nothing.
        await expect(canvases).to_have_count(len(CHARTS) - 1)
        for canvas in await canvases.all():
            assert await canvas.evaluate(COLOURS) > 2
    await expect(page.locator("#chart-reviewed")).to_contain_text("还没有数据")


async def test_page_that_becomes_dark_draws_its_charts_anew(page: Page, figures: str) -> None:
    a_week()
    await page.emulate_media(color_scheme="light")
    await page.goto(f"{figures}?{DAYS}")
    await everything(page)
    canvas = page.locator("#chart-handoff canvas")
    light = await canvas.evaluate("canvas => canvas.toDataURL()")
    await page.emulate_media(color_scheme="dark")
    await canvas.evaluate(CHANGED, light)


async def test_operator_narrows_what_is_shown(page: Page, figures: str) -> None:
    a_week()
    await page.goto(f"{figures}?{DAYS}")
    tile = page.locator("#tile-recognition")
    await expect(tile).to_contain_text("66.7 %")
    await page.get_by_label("渠道", exact=True).select_option("App／网页")
    await page.get_by_role("button", name="查看").click()
    await expect(page).to_have_url(re.compile(r"channel=rest"))
    await expect(tile).to_contain_text("80.0 %")
    await expect(tile).to_contain_text("12/15")
    await page.get_by_label("渠道", exact=True).select_option("全部渠道")
    await page.get_by_label("分类", exact=True).select_option("售后相关")
    await page.get_by_role("button", name="查看").click()
    await expect(tile).to_contain_text("0.0 %")
    await expect(tile).to_contain_text("未达标")


async def test_file_says_what_the_table_says(page: Page, figures: str, tmp_path: Path) -> None:
    a_week()
    await page.goto(f"{figures}?{DAYS}")
    chart = page.locator("#chart-handoff")
    await chart.get_by_text("看数字").click()
    shown = [
        await row.locator("th, td").all_inner_texts()
        for row in await chart.locator("tbody tr").all()
    ]
    async with page.expect_download() as download:
        await chart.get_by_role("link", name="下载「转人工率」的 CSV").click()
    file = tmp_path / "handoff.csv"
    await (await download.value).save_as(file)
    rows = list(csv.reader(file.read_text("utf-8-sig").splitlines()))[1:]
    assert [[row[0], row[2], row[3]] for row in rows] == [[row[0], row[2], row[3]] for row in shown]
    assert (await download.value).suggested_filename == "转人工率_2026-11-23_2026-11-29.csv"


async def test_days_that_are_turned_round_are_told_and_put_right(page: Page, figures: str) -> None:
    await page.goto(f"{figures}?from=2026-11-29&to=2026-11-23")
    await expect(page.get_by_role("alert")).to_contain_text("请对调")
    await page.get_by_label("从", exact=True).fill("2026-11-23")
    await page.get_by_label("到", exact=True).fill("2026-11-24")
    await page.get_by_role("button", name="查看").click()
    await expect(page.get_by_role("alert")).to_have_count(0)
    await expect(page.get_by_text("2026-11-23 至 2026-11-24")).to_be_visible()
    await everything(page)


async def test_phone_shows_everything_without_scrolling_sideways(page: Page, figures: str) -> None:
    a_week()
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.goto(f"{figures}?{DAYS}")
    await everything(page)
    assert await page.evaluate(OVERFLOW) <= 0
    await page.goto(f"{figures}/report?{DAYS}")
    await expect(page.get_by_role("button", name="打印")).to_be_enabled()
    assert await page.evaluate(OVERFLOW) <= 0


async def test_bar_of_a_question_opens_its_entry(page: Page, figures: str) -> None:
    a_week()
    await page.goto(f"{figures}?{DAYS}")
    canvas = page.locator("#chart-questions canvas")
    await everything(page)
    box = await canvas.bounding_box()
    assert box is not None
    # The only bar; the names of the axis are under it.
    await canvas.click(position={"x": box["width"] / 2, "y": (box["height"] - 18) / 2})
    await expect(page).to_have_url(re.compile("/knowledge/entries/logistics/ship_time"))


async def test_part_that_failed_can_be_asked_for_again(page: Page, figures: str) -> None:
    a_week()
    broken = re.compile("/figures/charts/handoff")
    await page.route(broken, lambda route: route.abort())
    await page.goto(f"{figures}?{DAYS}")
    again = page.get_by_role("button", name="重试")
    await expect(again).to_be_visible()
    await page.unroute(broken)
    await again.click()
    await expect(page.locator("#chart-handoff canvas")).to_be_visible()


async def test_report_is_printed_without_the_console_around_it(page: Page, figures: str) -> None:
    a_week()
    await page.goto(f"{figures}/report?{DAYS}")
    await expect(page.get_by_role("button", name="打印")).to_be_enabled()
    await expect(page.get_by_role("heading", name="客服周报")).to_be_visible()
    await page.emulate_media(media="print")
    await expect(page.get_by_role("navigation", name="主导航")).to_be_hidden()
    await expect(page.get_by_role("button", name="打印")).to_be_hidden()
    await expect(page.get_by_role("heading", name="客服周报")).to_be_visible()
