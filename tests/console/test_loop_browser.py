"""The weekly loop and the reviewer's sample in a real browser."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect
from starlette.applications import Starlette

from kefu.console.guard import COOKIE
from kefu.console.review_views import weeks
from kefu.insight.filters import EVERYTHING
from kefu.insight.reviewed import reviewed
from kefu.insight.share import Share
from kefu.loop import acts
from kefu.staff import people, sessions
from tests.console.loop_scene import ENGRAVE, TICKET, app, shop, two_groups
from tests.console.visitors import PASSWORD
from tests.knowledge.small_base import says
from tests.loop import said

__all__ = ["app", "shop"]
pytest_plugins = ["tests.browser"]
pytestmark = pytest.mark.asyncio(loop_scope="session")

WIDE, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 800}
INVOICE, CANCEL = "payment/invoice", "order/cancel"
LIST = "/unrecognised?period=month"


@pytest.fixture
def url(app: Starlette, serve: Callable[[Starlette], str]) -> str:
    """Give the address of the shop's console."""
    return serve(app)


@asynccontextmanager
async def sitting(browser: Browser, url: str, size: dict[str, int] = WIDE) -> AsyncIterator[Page]:
    """Give a page in which an operator is signed in; an error in its scripts fails the test."""
    person = people.add("li", "小李", "operator", PASSWORD, time.time())
    context = await browser.new_context(
        locale="zh-CN",
        viewport=size,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )
    context.set_default_timeout(15_000)
    token = sessions.open_session(person.id, time.time()).token
    await context.add_cookies([{"name": COOKIE, "value": token, "url": url}])
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda told: errors.append(told.text) if told.type == "error" else None)
    yield page
    await context.close()
    # What is refused is an answer like any other here.
    assert [text for text in errors if "422" not in text and "409" not in text] == []


async def test_wording_is_added_in_one_click_and_taken_back_in_another(
    browser: Browser, url: str, shop: Path
) -> None:
    two_groups()
    async with sitting(browser, url) as page:
        await page.goto(f"{url}{LIST}")
        card = page.locator(".group", has=page.get_by_role("heading", name=TICKET))
        await expect(card.get_by_role("radio").first).to_be_checked()
        await card.get_by_role("button", name="加为相似问法").click()
        done = page.locator(".loop-done")
        await expect(done).to_contain_text("已把 1 句加到「怎么开发票」")
        assert TICKET in says(shop, INVOICE).similar
        await expect(page.locator(".group")).to_have_count(1)
        await done.get_by_role("button", name="撤销").click()
        await expect(page.locator(".group")).to_have_count(2)
        await expect(card.get_by_role("heading")).to_be_focused()
        assert TICKET not in says(shop, INVOICE).similar


async def test_other_entry_is_found_by_typing_and_mistakes_stay_on_the_screen(
    browser: Browser, url: str, shop: Path
) -> None:
    two_groups()
    async with sitting(browser, url) as page:
        await page.goto(f"{url}{LIST}")
        card = page.locator(".group", has=page.get_by_role("heading", name=TICKET))
        words = card.get_by_label("第 1 种问法")
        await words.fill("怎么开发票甲问")
        await card.get_by_text("找别的条目").click()
        await card.get_by_role("searchbox").fill("取消")
        await card.get_by_role("radio", name=re.compile("怎么取消订单")).check()
        await card.get_by_role("button", name="加为相似问法").click()
        alert = card.locator("[role=alert]")
        await expect(alert).to_be_focused()
        await expect(words).to_have_value("怎么开发票甲问")
        await card.get_by_label("从那里移到选中的条目").check()
        await card.get_by_role("button", name="加为相似问法").click()
        await expect(page.locator(".loop-done")).to_contain_text("加到「怎么取消订单」")
        assert "怎么开发票甲问" in says(shop, CANCEL).similar
        assert "怎么开发票甲问" not in says(shop, INVOICE).similar


async def test_keys_go_through_the_list_and_put_groups_away(browser: Browser, url: str) -> None:
    two_groups()
    async with sitting(browser, url) as page:
        await page.goto(f"{url}{LIST}")
        await expect(page.locator(".group")).to_have_count(2)
        await page.keyboard.press("j")
        await expect(page.get_by_role("heading", name=ENGRAVE)).to_be_focused()
        await page.keyboard.press("x")
        await expect(page.locator(".loop-done")).to_contain_text("以后不再显示")
        await expect(page.get_by_role("heading", name=TICKET)).to_be_focused()
        assert [act.kind for act in acts.acts()] == ["dismiss"]


async def test_new_entry_is_made_of_the_answer_of_the_agent_on_a_phone(
    browser: Browser, url: str, shop: Path
) -> None:
    two_groups()
    async with sitting(browser, url, PHONE) as page:
        await page.goto(f"{url}{LIST}")
        card = page.locator(".group", has=page.get_by_role("heading", name=ENGRAVE))
        await expect(card).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await card.get_by_role("link", name="新建条目…").click()
        await expect(page.get_by_label("答案")).to_have_value("可以免费刻字，下单时备注内容即可。")
        await page.get_by_label("分类").select_option("订单")
        await page.get_by_label("答案").fill("可以免费刻字。")
        await expect(page.locator("#answer-count")).to_have_text("7 / 100 字")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await page.get_by_role("button", name="新建").click()
        await expect(page.locator(".loop-done")).to_contain_text("已新建条目")
        await expect(page.locator(".group")).to_have_count(1)
        assert says(shop, acts.acts()[0].label).answer == "可以免费刻字。"


async def test_answers_are_reviewed_with_keys_and_the_accuracy_follows(
    browser: Browser, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    week = weeks(time.time())[1]
    monkeypatch.setattr(said, "NOW", week.start + 36_000)
    for number in range(3):
        said.ask(f"不要了{number}", "answered", at=number, who=f"c{number}", label=INVOICE)
    async with sitting(browser, url) as page:
        await page.goto(f"{url}/review")
        asked = page.locator("#review h2")
        first = await asked.inner_text()
        await page.keyboard.press("1")
        await expect(page.locator(".review-sum")).to_contain_text("100.0 %（1/1")
        await expect(asked).to_be_focused()
        await expect(asked).not_to_have_text(first)
        await page.keyboard.press("z")
        await expect(asked).to_have_text(first)
        await page.keyboard.press("3")
        await page.locator("#should-be").get_by_role("searchbox").fill("取消")
        await page.get_by_role("radio", name=re.compile("怎么取消订单")).check()
        await page.keyboard.press("Enter")
        await expect(page.locator(".loop-done")).to_contain_text("判为「应为「怎么取消订单」」")
        for seen in (2, 3):
            await page.keyboard.press("1")
            await expect(page.locator(".review-sum")).to_contain_text(f"看了 {seen} / 3")
        await expect(page.locator("#review")).to_contain_text("抽查看完了")
        assert reviewed(week, EVERYTHING) == Share(2, 3)
