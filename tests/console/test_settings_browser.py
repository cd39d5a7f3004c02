"""The settings in a real browser: typed, previewed, saved, and read by the next customer."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from starlette.applications import Starlette

from kefu.console.app import create_app
from kefu.console.guard import COOKIE
from kefu.environment import environment
from kefu.exchange import Incoming
from kefu.reception import Reception
from kefu.settings import settings
from kefu.staff import people, sessions
from tests.channels.scripted import Script
from tests.settings_editing.own import own_project

pytest_plugins = ["tests.browser"]
pytestmark = pytest.mark.asyncio(loop_scope="session")
TO_DEFAULT = re.compile("恢复默认.*等太久时说")
Serve = Callable[[Starlette], str]


@pytest.fixture
def own_settings(
    fresh_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    yield own_project(tmp_path, monkeypatch)
    monkeypatch.undo()
    environment.cache_clear()
    settings.cache_clear()


async def opened(page: Page, serve: Serve, section: str) -> list[str]:
    """Open a page of the settings as an operator; return what the browser complains of."""
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    url = serve(create_app(with_duties=False))
    now = time.time()
    wu = people.add("wu", "吴运营", "operator", "wolken ohne regen", now)
    cookie = {"name": COOKIE, "value": sessions.open_session(wu.id, now).token, "url": url}
    await page.context.add_cookies([cookie])  # type: ignore[list-item]
    await page.goto(f"{url}/settings/{section}")
    return complaints


async def test_a_new_welcome_greets_the_next_customer(
    page: Page, serve: Serve, own_settings: Path
) -> None:
    reception = Reception(Script())
    before = await reception.receive(Incoming("rest", "o_1", "enter", ""))
    assert before.replies[0]["text"].startswith("你好，我是示例商城的智能客服小客")
    complaints = await opened(page, serve, "welcome")
    await page.get_by_label("欢迎语", exact=True).fill("欢迎光临{shop_name}！")
    preview = page.get_by_role("complementary", name="顾客看到的样子")
    await expect(preview).to_contain_text("欢迎光临示例商城！")
    last = page.get_by_label("热门问题 7", exact=True)
    await last.press_sequentially("七天无理由")
    await expect(page.locator("#suggested option[value='支持七天无理由退货吗']")).to_be_attached()
    await last.fill("支持七天无理由退货吗")
    await expect(preview).to_contain_text("支持七天无理由退货吗")
    await page.get_by_role("button", name="保存", exact=True).click()
    await expect(page.get_by_role("status").first).to_contain_text("已保存")
    after = await reception.receive(Incoming("rest", "o_2", "enter", ""))
    assert after.replies[0]["text"] == "欢迎光临示例商城！"
    assert after.replies[0]["buttons"][6]["payload"] == "支持七天无理由退货吗"
    assert complaints == []


async def test_hours_without_a_mouse_on_a_phone(
    page: Page, serve: Serve, own_settings: Path
) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    await opened(page, serve, "hours")
    monday = page.get_by_label("周一", exact=True)
    await monday.fill("18:00-9:00")
    await monday.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("没有保存")
    await expect(monday).to_have_value("18:00-9:00")
    await expect(page.locator("#f-service_hours-weekly-mon-problem")).to_contain_text("不是时间段")
    await monday.fill("9:00-12:00 13:00-18:00")
    await page.get_by_role("button", name="周二到周五都照周一").press("Enter")
    await page.get_by_role("button", name="再加一行").press("Enter")
    row = page.locator(".holidays tbody tr").last
    await row.get_by_label("开始日期").fill("2027-02-05")
    await row.get_by_label("结束日期").fill("2027-02-07")
    await page.get_by_role("button", name="保存", exact=True).press("Enter")
    await expect(page.get_by_role("status").first).to_contain_text("已保存")
    hours = settings().service_hours
    assert hours.weekly["fri"] == ("09:00-12:00", "13:00-18:00")
    assert hours.weekly["sat"] == ("09:00-18:00",)
    assert [day.date.day for day in hours.holidays] == [1, 5, 6, 7]
    width = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert await page.evaluate(width)


async def test_the_default_comes_back_and_a_change_is_taken_back(
    page: Page, serve: Serve, own_settings: Path
) -> None:
    await opened(page, serve, "handoff")
    notice = page.get_by_label("等太久时说", exact=True)
    await expect(page.get_by_role("button", name=TO_DEFAULT)).to_be_hidden()
    usual = await notice.input_value()
    await notice.fill("马上就来")
    await page.get_by_role("button", name=TO_DEFAULT).click()
    await expect(notice).to_have_value(usual)
    await notice.fill("马上就来")
    await page.get_by_role("button", name="保存", exact=True).click()
    await expect(page.get_by_role("status").first).to_contain_text("已保存")
    await page.get_by_role("link", name="修改记录").click()
    await expect(page.get_by_role("row").filter(has_text="等太久时说")).to_contain_text("马上就来")
    page.on("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("button", name="撤销").click()
    await expect(page.get_by_role("status").first).to_contain_text("已撤销")
    assert settings().handoff.late_notice == usual
