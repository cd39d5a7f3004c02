"""Signing in with a real browser, at both widths."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from starlette.applications import Starlette

from kefu.console.app import create_app
from kefu.staff import people
from tests.console.visitors import PASSWORD

pytest_plugins = ["tests.browser"]
pytestmark = pytest.mark.asyncio(loop_scope="session")

NEW = "ganz etwas anderes"
_ONE_TIME = re.compile(r"^\w{4}-\w{4}-\w{4}-\w{4}$")


@pytest.fixture
def url(fresh_home: Path, serve: Callable[[Starlette], str]) -> str:
    people.add("lin", "林悦", "administrator", PASSWORD, time.time(), must_change=True)
    people.add("wang", "<b>小王</b>", "agent", PASSWORD, time.time())
    return serve(create_app(with_duties=False))


async def sign_in(page: Page, url: str, password: str = PASSWORD) -> None:
    await page.goto(f"{url}/staff")
    await page.get_by_label("登录名").fill("lin")
    await page.get_by_label("密码").fill(password)
    await page.keyboard.press("Enter")


async def change_password(page: Page) -> None:
    await page.get_by_label("现在的密码").fill(PASSWORD)
    await page.get_by_label("新密码", exact=True).fill(NEW)
    await page.get_by_label("再输入一次新密码").fill(NEW)
    await page.get_by_role("button", name="修改密码").click()


async def fits(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.parametrize("width", [390, 1280])
async def test_administrator_comes_in_and_adds_an_agent(page: Page, url: str, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 844})
    await sign_in(page, url, "wrong words here")
    await expect(page.get_by_role("alert")).to_contain_text("登录名或密码不正确")
    await expect(page.get_by_label("登录名")).to_have_value("lin")
    await expect(page.get_by_label("密码")).to_be_focused()
    assert await fits(page)

    await sign_in(page, url)
    await expect(page.get_by_role("heading", name="修改密码")).to_be_visible()
    assert await fits(page)
    await change_password(page)
    await expect(page.get_by_role("status").first).to_contain_text("密码已修改")
    assert await fits(page)

    await page.get_by_role("link", name="人员", exact=True).click()
    await expect(page.locator("strong", has_text="<b>小王</b>")).to_be_visible()
    await page.get_by_label("登录名").fill("zhou")
    await page.get_by_label("昵称（顾客会看到）").fill("周舟")
    await page.get_by_role("button", name="添加", exact=True).click()
    await expect(page.locator("#one-time")).to_have_text(_ONE_TIME)
    assert await fits(page)

    await page.get_by_role("link", name="修改 周舟").click()
    await page.get_by_label("周一", exact=True).fill("9：00-18：00")
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_label("周一", exact=True)).to_have_value("09:00-18:00")
    await expect(page.get_by_label("自己的时间")).to_be_checked()
    assert await fits(page)


async def test_state_is_chosen_with_the_keyboard_and_kept(page: Page, url: str) -> None:
    await sign_in(page, url)
    await change_password(page)
    state = page.get_by_label("我的状态")
    await state.focus()
    async with page.expect_response("**/me/state"):
        await state.select_option("online")
    await expect(page.locator("form.state-online")).to_be_visible()
    await expect(page.get_by_label("我的状态")).to_be_focused()
    await page.reload()
    await expect(page.get_by_label("我的状态")).to_have_value("online")


async def test_session_that_ended_leads_back_to_where_one_was(page: Page, url: str) -> None:
    await sign_in(page, url)
    await change_password(page)
    await expect(page).to_have_url(f"{url}/me?done=password")
    await page.context.clear_cookies()
    await page.get_by_label("我的状态").select_option("busy")
    await expect(page.get_by_role("heading", name="登录客服工作台")).to_be_visible()
    await page.get_by_label("登录名").fill("lin")
    await page.get_by_label("密码").fill(NEW)
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{url}/me?done=password")
