"""What a newcomer does in the console in the first hour, one step a function."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml
from openpyxl import load_workbook
from playwright.async_api import Page, expect

# Training, trying and two instances side by side, on a machine that may be busy.
PUBLISHED_WITHIN = 900_000  # milliseconds
PASSWORD = "三只猫坐在窗台上-42"
WELCOME = "你好，我是{shop_name}的{name}，买茶、泡茶、售后都可以问我。"
_SHOP = Path(__file__).with_name("tea_shop.yml")


def the_sheet() -> Iterator[tuple[str, str, list[str], str]]:
    """Yield category, question, similar phrasings and answer of the tea shop."""
    for category, entries in yaml.safe_load(_SHOP.read_text("utf-8")).items():
        for question, entry in entries.items():
            yield category, question, entry["similar"], entry["answer"]


def fill_in(form: Path, sheet: Path, mistakes: bool) -> None:
    """Write the tea shop into the form: rows 2 to 21, two of them wrong if asked for."""
    book = load_workbook(form)
    columns = {cell.value: cell.column for cell in book.active[1]}
    for number, (category, question, similar, answer) in enumerate(the_sheet(), start=2):
        if mistakes and number == 4:
            answer *= 4
        if mistakes and number == 9:
            similar = similar[:6]
        values = {"分类": category, "标准问题": question, "相似问法": "\n".join(similar)}
        for title, text in {**values, "答案": answer}.items():
            book.active.cell(number, columns[title], text)
    book.save(sheet)


async def signs_in(page: Page, console: str, login: str, one_time: str) -> None:
    """Sign in with the password of the terminal or of the administrator, and change it."""
    await page.goto(console)
    await page.get_by_label("登录名").fill(login)
    await page.get_by_label("密码").fill(one_time)
    await page.get_by_role("button", name="登录").click()
    await page.get_by_label("现在的密码").fill(one_time)
    await page.get_by_label("新密码", exact=True).fill(PASSWORD)
    await page.get_by_label("再输入一次新密码").fill(PASSWORD)
    await page.get_by_role("button", name="修改密码").click()
    await expect(page.locator("#my-state")).to_be_visible()


async def hires(page: Page, login: str, nickname: str) -> str:
    """Add an operator; return the one-time password."""
    await goes_to(page, "人员")
    await page.get_by_label("登录名").fill(login)
    await page.get_by_label("昵称").fill(nickname)
    await page.get_by_label("角色").select_option("运营")
    await page.get_by_role("button", name="添加", exact=True).click()
    return await page.locator("#one-time").inner_text()


async def leaves(page: Page) -> None:
    """Sign out."""
    await page.get_by_role("button", name="退出").click()


async def goes_to(page: Page, place: str) -> None:
    """Follow a link of the header."""
    await page.get_by_label("主导航").get_by_role("link", name=place, exact=True).click()


async def names_the_shop(page: Page) -> None:
    """Set the names and the welcome."""
    await goes_to(page, "设置")
    await page.get_by_label("助手的名字", exact=True).fill("小茶")
    await page.get_by_label("店名", exact=True).fill("青山茶铺")
    await page.get_by_label("客服电话", exact=True).fill("0571-88880000")
    await saves(page)
    await page.get_by_role("link", name="欢迎语和热门问题").click()
    await page.get_by_label("欢迎语", exact=True).fill(WELCOME)
    await saves(page)


async def offers(page: Page, *questions: str) -> None:
    """Set the hot questions, before those that are there."""
    await goes_to(page, "设置")
    await page.get_by_role("link", name="欢迎语和热门问题").click()
    boxes = page.get_by_label(re.compile(r"^热门问题 \d$"))
    kept = [text for box in await boxes.all() if (text := await box.input_value())]
    for number, question in enumerate((*questions, *kept)):
        await boxes.nth(number).fill(question)
    await saves(page)


async def saves(page: Page) -> None:
    """Press the button and read that it is done."""
    await page.get_by_role("button", name="保存", exact=True).click()
    await expect(page.get_by_role("status").first).to_contain_text("已保存")


async def takes_the_form(page: Page, file: Path) -> None:
    """Download the empty sheet."""
    await goes_to(page, "知识库")
    await page.get_by_role("link", name="导入导出").click()
    async with page.expect_download() as download:
        await page.get_by_role("link", name="下载空表").click()
    await (await download.value).save_as(file)


async def uploads(page: Page, sheet: Path) -> None:
    """Upload a sheet and wait for what is said of it."""
    await page.get_by_label(re.compile("^表格文件")).set_input_files(sheet)
    await page.get_by_role("button", name="上传并检查").click()


async def publishes(page: Page, changed: int) -> None:
    """Publish what was changed, and wait until customers are answered by it."""
    await goes_to(page, "发布")
    await expect(page.get_by_text(f"没有发布的修改 {changed} 条")).to_be_visible()
    await page.get_by_role("button", name="发布", exact=True).click()
    await expect(page.locator("progress")).to_be_visible()
    await served(page)
    await expect(page.get_by_text("没有。顾客得到的回答和知识库一致。")).to_be_visible()


async def served(page: Page) -> None:
    """Wait until the model of a job is the one that answers."""
    done = page.get_by_text("已启用，顾客现在由这个模型回答")
    await expect(done).to_be_visible(timeout=PUBLISHED_WITHIN)
