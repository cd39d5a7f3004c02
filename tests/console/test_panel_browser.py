"""Beside the conversation in a real browser: what is pressed, searched and uploaded there."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from playwright.async_api import Locator, Page, expect
from starlette.applications import Starlette

from kefu import rings
from kefu.console.app import create_app
from kefu.console.guard import COOKIE
from kefu.environment import environment
from kefu.handoff import desk
from kefu.shop.gateways import member_gateway, order_gateway
from kefu.staff import people, sentences, sessions
from kefu.storage import messages
from tests.console.seats import CUSTOMER, asks, customer
from tests.shop.conftest import Demo

pytest_plugins = ["tests.browser"]
pytestmark = pytest.mark.asyncio(loop_scope="session")
Serve = Callable[[Starlette], str]

# What the page is asked to do: send a file of so many bytes, and tell what came of it.
_UPLOAD = """async ([number, size]) => {
  const answer = await fetch(`/desk/${number}/picture?key=k`, {
    method: "POST",
    body: new Blob([new Uint8Array(size)]),
    headers: { "X-CSRF-Token": document.querySelector("meta[name=csrf]").content,
               Accept: "application/json" },
  });
  return [answer.status, (await answer.json()).error];
}"""


async def signed_in(page: Page, serve: Serve) -> str:
    """Let the agent 小美 (mei) be signed in; return the console's address."""
    url = serve(create_app(with_duties=False))
    now = time.time()
    mei = people.by_login("mei") or people.add("mei", "小美", "agent", "wolken ohne regen", now)
    cookie = {"name": COOKIE, "value": sessions.open_session(mei.id, now).token, "url": url}
    await page.context.add_cookies([cookie])  # type: ignore[list-item]
    return url


def composer(page: Page) -> Locator:
    return page.get_by_role("textbox", name="回复", exact=True)


@pytest.fixture
def shop(fresh_home: object, demo: Demo, monkeypatch: pytest.MonkeyPatch) -> Demo:
    monkeypatch.setenv("KEFU_SHOP_URL", demo.url)
    for cached in (environment, order_gateway, member_gateway):
        cached.cache_clear()
    return demo


async def test_an_order_number_goes_to_the_composer_and_the_clipboard(
    page: Page, serve: Serve, shop: Demo
) -> None:
    handoff = asks(customer())
    url = await signed_in(page, serve)
    desk.take(handoff.id, "mei", time.time())
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.goto(f"{url}/desk/{handoff.id}")
    number = shop.orders().recent_orders(CUSTOMER, 1)[0].order_no
    await page.get_by_role("button", name=f"填入订单号 {number}").click()
    await expect(composer(page)).to_have_value(number)
    await page.get_by_role("button", name=f"复制订单号 {number}").click()
    await expect(page.get_by_text("已复制")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == number


async def test_a_shop_that_was_away_is_there_after_another_try(
    page: Page, serve: Serve, shop: Demo
) -> None:
    handoff = asks(customer())
    url = await signed_in(page, serve)
    shop.faults("fail", seconds=60)
    await page.goto(f"{url}/desk/{handoff.id}")
    await expect(page.get_by_text("订单系统暂时查不到")).to_be_visible()
    shop.faults("none")
    for cached in (order_gateway, member_gateway):
        cached.cache_clear()  # as the breaker would be closed after a while
    await page.get_by_role("button", name="重试").last.click()
    await expect(page.locator(".order").first).to_be_visible()
    await expect(page.get_by_text("暂时查不到")).to_have_count(0)


async def test_the_knowledge_base_is_searched_as_one_types(
    page: Page, serve: Serve, shop: Demo
) -> None:
    handoff = asks(customer(), "在吗")
    url = await signed_in(page, serve)
    desk.take(handoff.id, "mei", time.time())
    await page.goto(f"{url}/desk/{handoff.id}")
    search = page.get_by_role("searchbox", name="搜索知识库")
    await search.press_sequentially("开发票")
    use = page.get_by_role("button", name="使用「怎么开发票」的答案")
    await use.click()
    await expect(composer(page)).to_have_value(re.compile("发票"))
    await expect(search).to_have_value("开发票")


async def test_a_new_question_brings_other_suggestions(
    page: Page, serve: Serve, shop: Demo
) -> None:
    conversation = customer()
    handoff = asks(conversation, "怎么开发票")
    url = await signed_in(page, serve)
    desk.take(handoff.id, "mei", time.time())
    await page.goto(f"{url}/desk/{handoff.id}")
    await expect(page.get_by_role("button", name="使用「怎么开发票」的答案")).to_be_visible()
    messages.record(conversation, "customer", "text", "积分会过期吗", None, time.time())
    rings.changed(conversation)
    await expect(page.get_by_role("button", name="使用「积分会过期吗」的答案")).to_be_visible()


async def test_quick_replies_are_found_and_chosen_with_the_keyboard(
    page: Page, serve: Serve, shop: Demo
) -> None:
    handoff = asks(customer())
    url = await signed_in(page, serve)
    mei = people.by_login("mei")
    assert mei is not None
    sentences.add(mei.id, "查快递", "{name}帮你查一下快递", time.time())
    desk.take(handoff.id, "mei", time.time())
    await page.goto(f"{url}/desk/{handoff.id}")
    await page.get_by_text("快捷回复", exact=True).last.click()
    search = page.get_by_role("searchbox", name="搜索快捷回复")
    await search.press_sequentially("快递")
    await expect(page.locator("button.quick")).to_have_count(1)
    await search.press("ArrowDown")
    await expect(page.locator("button.quick")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(composer(page)).to_have_value("小美帮你查一下快递")


async def test_twenty_megabytes_are_refused_in_words_that_the_browser_reads(
    page: Page, serve: Serve, shop: Demo
) -> None:
    handoff = asks(customer())
    url = await signed_in(page, serve)
    await page.goto(f"{url}/quick-replies")
    status, error = await page.evaluate(_UPLOAD, [handoff.id, 20 * 1024 * 1024])
    assert status == 413
    assert "10 MB" in error


@pytest.mark.parametrize("width", [1280, 390])
async def test_the_page_of_quick_replies_fits(
    page: Page, serve: Serve, shop: Demo, width: int
) -> None:
    url = await signed_in(page, serve)
    await page.set_viewport_size({"width": width, "height": 800})
    await page.goto(f"{url}/quick-replies")
    await page.get_by_label("标题").fill("查快递")
    await page.get_by_label("内容").fill("我帮你查一下\n快递")
    await page.get_by_role("button", name="添加").click()
    await expect(page.get_by_role("heading", name="查快递")).to_be_visible()
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(overflow) <= 0
    page.on("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("button", name="删除「查快递」").click()
    await expect(page.get_by_role("heading", name="查快递")).to_have_count(0)
