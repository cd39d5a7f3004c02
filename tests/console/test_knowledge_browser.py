"""The knowledge base in a real browser: typing, problems beside it, saving, drafts, a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from kefu.console.app import create_app
from kefu.knowledge.undoing import recent_changes
from kefu.staff.person import Person
from tests.console.knowledge_scene import INVOICE, METHODS, home
from tests.console.test_desk_browser import PHONE, hire, sitting
from tests.knowledge.small_base import ENDINGS, PAYMENT, in_git, says, text_of

__all__ = ["home"]

pytest_plugins = ["tests.browser"]
pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def url(home: Path, serve: Callable[..., str]) -> str:
    """Give the address of a console on a small knowledge base."""
    return serve(create_app(with_duties=False))


def operator(login: str = "mei") -> Person:
    return hire(login, f"小{login}", "operator")


def entry(url: str, label: str = INVOICE) -> str:
    return f"{url}/knowledge/entries/{label}"


async def test_a_problem_shows_while_typing_is_mended_and_the_file_changes_there_alone(
    browser: Browser, url: str, home: Path
) -> None:
    async with sitting(browser, url, operator()) as page:
        await page.goto(f"{url}/knowledge")
        await page.locator("#q").fill("发票")
        await expect(page.locator(".entries tbody tr")).to_have_count(1)
        await page.get_by_role("link", name="怎么开发票").click()
        await page.locator("#answer").fill("全网最低价，在订单详情里申请。")
        await expect(page.locator("#problems-answer")).to_contain_text("广告法")
        await expect(page.locator("#verdict")).to_contain_text("改好才能保存")
        await expect(page.locator("#preview")).to_contain_text("全网最低价")
        await page.locator("#answer").fill("到订单页申请。")
        await expect(page.locator("#left")).to_have_text("还剩 93 字")
        await expect(page.locator("#verdict")).to_contain_text("没有问题")
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator("#saved")).to_contain_text("已保存")
        new = PAYMENT.replace("在订单详情里申请发票。", "到订单页申请。")
        assert text_of(home, "payment") == new
        await page.locator("#saved").get_by_role("button", name="撤销").click()
        await expect(page.locator("#saved")).to_contain_text("已撤销")
        await expect(page.locator("#answer")).to_have_value("在订单详情里申请发票。")
    assert text_of(home, "payment") == PAYMENT


async def test_a_conflict_stands_beside_the_other_entry_and_the_phrasing_moves(
    browser: Browser, url: str, home: Path
) -> None:
    text = says(home, METHODS).similar[7]
    async with sitting(browser, url, operator()) as page:
        await page.goto(entry(url))
        last = page.locator("#similar > li").last.locator("input")
        await last.press("Enter")
        await page.keyboard.insert_text(text)
        row = page.locator("#similar > li").last
        await expect(row.locator("mark")).to_have_text(text)
        await expect(row.locator("input").first).to_have_attribute("aria-invalid", "true")
        await page.get_by_role("button", name="保存").click()
        await expect(page.get_by_role("alert")).to_contain_text("同一问法只能属于一个条目")
        # The page came back with the problem at its place, and the box solves it.
        await page.locator("#similar > li").last.get_by_label("从那边移过来").check()
        await expect(page.locator("#similar .problem.solved")).to_have_count(1)
        await expect(page.locator("#verdict")).to_contain_text("没有问题")
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator("#saved")).to_contain_text("另有 1 个条目跟着改了")
    assert text in says(home, INVOICE).similar
    assert text not in says(home, METHODS).similar


async def test_phrasings_are_pasted_removed_and_added_by_keyboard(
    browser: Browser, url: str, home: Path
) -> None:
    async with sitting(browser, url, operator()) as page:
        await page.goto(entry(url))
        rows = page.locator("#similar > li")
        await rows.first.get_by_role("button", name="删除这条问法").click()
        await expect(rows).to_have_count(len(ENDINGS) - 1)
        await page.get_by_label("添加问法").fill("开张票\n\n要票呀")
        await page.get_by_role("button", name="添加").click()
        await rows.last.locator("input").press("Enter")
        await page.evaluate(
            """() => {
                const data = new DataTransfer();
                data.setData("text", "票呢\\r\\n给张票\\n");
                const event = { clipboardData: data, bubbles: true, cancelable: true };
                document.activeElement.dispatchEvent(new ClipboardEvent("paste", event));
            }"""
        )
        await expect(page.locator("#phrasings")).to_have_text(str(len(ENDINGS) + 3))
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator("#saved")).to_be_visible()
    assert says(home, INVOICE).similar[-4:] == ("开张票", "要票呀", "票呢", "给张票")
    assert says(home, INVOICE).similar[0] == f"怎么开发票{ENDINGS[1]}问"


async def test_two_operators_choose_and_a_change_in_git_stays(
    browser: Browser, url: str, home: Path
) -> None:
    async with (
        sitting(browser, url, operator()) as mine,
        sitting(browser, url, operator("lan")) as theirs,
    ):
        await mine.goto(entry(url))
        await theirs.goto(entry(url))
        await theirs.locator("#answer").fill("小lan的答案。")
        await theirs.get_by_role("button", name="保存").click()
        await expect(theirs.locator("#saved")).to_be_visible()
        in_git(home, "payment", "[报销]", "[报销, 专票]")
        await mine.locator("#answer").fill("小mei的答案。")
        await mine.locator("#page").fill("pages/invoice")
        await mine.get_by_role("button", name="保存").click()
        clash = mine.locator(".clash")
        await expect(clash).to_contain_text("小lan刚才也改了")
        await expect(clash).to_contain_text("小lan的答案。")
        await expect(mine.locator("#answer")).to_have_value("小mei的答案。")
        await clash.get_by_label("用你的").check()
        await mine.get_by_role("button", name="保存").click()
        await expect(mine.locator("#saved")).to_contain_text("已保存")
    content = says(home, INVOICE)
    assert (content.answer, content.page) == ("小mei的答案。", "pages/invoice")
    assert content.keywords == ("报销", "专票")
    assert [change.author for change in recent_changes(home)] == ["mei", "lan"]


async def test_what_was_not_saved_is_offered_again_and_goes_at_sign_out(
    browser: Browser, url: str, home: Path
) -> None:
    async with sitting(browser, url, operator()) as page:
        await page.goto(entry(url))
        await page.locator("#answer").fill("写到一半的答案")
        await page.get_by_label("添加问法").fill("开张票")
        await page.get_by_role("button", name="添加").click()
        await page.goto(f"{url}/knowledge")
        in_git(home, "payment", "[报销]", "[报销, 专票]")
        await page.goto(entry(url))
        await expect(page.locator("#answer")).to_have_value("在订单详情里申请发票。")
        await page.get_by_role("button", name="接着改").click()
        await expect(page.locator("#answer")).to_have_value("写到一半的答案")
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator("#saved")).to_contain_text("同时保留了别人刚改的关键词")
        await page.reload()
        await expect(page.locator("#draft")).to_be_hidden()
        await page.locator("#answer").fill("又写到一半")
        await page.goto(f"{url}/knowledge")
        await page.get_by_role("button", name="退出").click()
        await expect(page).to_have_url(f"{url}/sign-in")
        assert await page.evaluate("localStorage.length") == 0
    content = says(home, INVOICE)
    assert (content.answer, content.similar[-1]) == ("写到一半的答案", "开张票")
    assert content.keywords == ("报销", "专票")


async def test_a_new_entry_in_a_new_category_with_a_suggested_button(
    browser: Browser, url: str, home: Path
) -> None:
    async with sitting(browser, url, operator()) as page:
        await page.goto(f"{url}/knowledge/categories")
        await page.get_by_role("link", name="新建分类").click()
        await page.get_by_label("新分类的名称").fill("预约")
        await page.get_by_label("标准问题").fill("怎么预约")
        await expect(page.locator("#verdict")).to_contain_text("还没有写完")
        await page.locator("#answer").fill("点首页的预约。")
        await page.get_by_label("按钮 1").press_sequentially("发票")
        await expect(page.locator("#questions option[value='怎么开发票']")).to_have_count(1)
        await page.get_by_label("按钮 1").fill("怎么开发票")
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator("#saved")).to_contain_text("已保存")
        await page.get_by_role("link", name="删除").click()
        await expect(page.locator("main")).to_contain_text("分类也会一起去掉")
        await page.get_by_role("button", name="删除").click()
        await expect(page.get_by_role("status").first).to_contain_text("已删除")
    assert not (home / "data/knowledge/yu_yue.yml").exists()


async def test_on_a_phone_no_page_is_wider_than_the_screen(
    browser: Browser, url: str, home: Path
) -> None:
    long = "很长的网址https://example.com/" + "a" * 70
    in_git(home, "payment", "answer: 支持微信支付和银行卡。", f"answer: '{long}'")
    async with sitting(browser, url, operator(), PHONE) as page:
        await page.goto(entry(url, METHODS))
        await page.get_by_label("添加问法").fill(says(home, INVOICE).similar[0])
        await page.get_by_role("button", name="添加").click()
        await expect(page.locator("#similar .problem")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") == 390
        await page.locator("#answer").fill("支持银行卡。")
        await page.locator("#similar > li").last.get_by_label("从那边移过来").check()
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator("#saved")).to_contain_text("已保存")
        for path in ("", "/history", "/categories", "/new", "/try", f"/entries/{METHODS}/delete"):
            await page.goto(f"{url}/knowledge{path}")
            assert await page.evaluate("document.documentElement.scrollWidth") == 390, path
