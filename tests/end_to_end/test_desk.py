"""The whole way in real browsers: the customer's phone, two agents, all the real processes."""

from __future__ import annotations

import asyncio
import io
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Browser, Page, expect

from tests.end_to_end.installation import Installation, a_customer, running
from tests.end_to_end.phone_page import phone_of, reads, says

pytest_plugins = ["tests.browser"]
pytestmark = [pytest.mark.end_to_end, pytest.mark.asyncio(loop_scope="session")]

PASSWORD = "三只猫坐在窗台上-42"
# A picture may come through as another file, shrunk and without what the camera wrote.
SHOWN = "img => img.complete && img.naturalWidth > 0"


@dataclass
class Agent:
    """Somebody at the desk; the first password is that of the terminal."""

    login: str
    nickname: str
    password: str


@pytest.fixture(scope="module")
def kefu(tmp_path_factory: pytest.TempPathFactory, trained_model: Path) -> Iterator[Installation]:
    """Give an installation where nobody else waits: who is at the desk gets every customer."""
    with running(tmp_path_factory.mktemp("desk"), trained_model, ["00:00-24:00"]) as kefu:
        yield kefu


@pytest.fixture(scope="module")
def agents(kefu: Installation) -> list[Agent]:
    """Give two agents, as the administrator makes them on the terminal."""
    return [_hired(kefu, "wang", "小王"), _hired(kefu, "li", "小李")]


def _hired(kefu: Installation, login: str, nickname: str) -> Agent:
    printed = kefu.kefu("staff", "add", login, "--nickname", nickname, "--role", "agent")
    password = re.search(r"一次性密码.*：(\S+)", printed)
    assert password is not None, printed
    kefu.secrets.add(password.group(1))
    return Agent(login, nickname, password.group(1))


async def test_customer_asks_for_a_person_and_is_served_by_two_of_them(
    kefu: Installation, agents: list[Agent], browser: Browser
) -> None:
    wang, li = agents
    question = "怎么开发票"
    async with (
        phone_of(kefu, browser, a_customer()) as phone,
        at_the_desk(kefu, browser, wang) as first,
        at_the_desk(kefu, browser, li) as second,
    ):
        await says(phone, question)
        await reads(phone, "申请发票")
        await says(phone, "转人工")
        await reads(phone, "正在为你转接人工客服")

        first, second = await served_first(first, second, question)
        other = li if await nickname(first) == wang.nickname else wang
        transcript = first.locator("#transcript")
        await expect(transcript).to_contain_text(question)
        await expect(transcript).to_contain_text("申请发票")
        await reads(phone, "已接入，为你服务")

        await says(phone, "我要开公司抬头的")
        await expect(transcript).to_contain_text("我要开公司抬头的")
        await writes(first, "好的，请把税号发给我")
        await reads(phone, "好的，请把税号发给我")

        await phone.locator("#image-file").set_input_files(a_picture("税号.png"))
        await shown(first.locator(".line.customer img").last)
        await first.locator("#picture").set_input_files(a_picture("样例.png"))
        await shown(phone.locator("#log .picture img").last)
        await expect(first.locator(".line.agent .delivery").last).to_have_text("已送达")

        await hand_over(first, other, "税号已给")
        await second.locator("[data-tab=mine]").click()
        await second.locator("#list-mine .row-link").first.click()
        await expect(second.locator("#transcript")).to_contain_text("税号已给")
        await writes(second, "我接着办理")
        await reads(phone, "我接着办理")
        assert "税号已给" not in await phone.locator("#log").inner_text()

        await finish(second)
        await reads(phone, "人工客服已结束服务")
        await reads(phone, "1. 满意")
        await says(phone, "1")
        await reads(phone, "感谢你的评价")
        await expect(second.locator("#transcript")).to_contain_text("满意")
        await says(phone, "下单后多久发货")
        await reads(phone, "发货")


async def test_dissatisfied_customer_is_asked_why_and_the_agent_reads_it(
    kefu: Installation, agents: list[Agent], browser: Browser
) -> None:
    async with (
        phone_of(kefu, browser, a_customer()) as phone,
        at_the_desk(kefu, browser, agents[0]) as desk,
    ):
        await says(phone, "转人工")
        await opens_own(desk)
        await writes(desk, "你好")
        await reads(phone, "你好")
        await finish(desk)
        await reads(phone, "不满意")
        await says(phone, "不满意")
        await reads(phone, "哪里不好")
        await says(phone, "回复太慢")
        await reads(phone, "感谢你的评价")
        await expect(desk.locator("#transcript")).to_contain_text("回复太慢")


async def test_script_of_a_customer_is_text_on_the_agents_screen(
    kefu: Installation, agents: list[Agent], browser: Browser
) -> None:
    evil = "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script>"
    async with (
        phone_of(kefu, browser, a_customer()) as phone,
        at_the_desk(kefu, browser, agents[0]) as desk,
    ):
        await says(phone, "转人工")
        await opens_own(desk)
        await says(phone, evil)
        await expect(desk.locator("#transcript")).to_contain_text(evil)
        assert await desk.evaluate("window.hacked") is None
        await finish(desk)


async def test_stranger_and_agent_without_the_right_see_nothing(
    kefu: Installation, agents: list[Agent], browser: Browser
) -> None:
    async with (
        phone_of(kefu, browser, a_customer()) as phone,
        at_the_desk(kefu, browser, agents[0]) as first,
    ):
        await says(phone, "转人工")
        await opens_own(first)
        number = first.url.rsplit("/", 1)[1]
        async with at_the_desk(kefu, browser, agents[1], state="away") as second:
            answer = await second.goto(f"{console(kefu)}/desk/{number}")
            assert answer is not None and answer.status == 403
            await expect(second.locator("#transcript")).to_have_count(0)
        stranger = await browser.new_context()
        page = await stranger.new_page()
        await page.goto(f"{console(kefu)}/desk/{number}")
        await expect(page).to_have_url(re.compile("/sign-in"))
        await stranger.close()
        await finish(first)


def console(kefu: Installation) -> str:
    return f"http://127.0.0.1:{kefu.console_port}"


@asynccontextmanager
async def at_the_desk(
    kefu: Installation, browser: Browser, agent: Agent, state: str = "online"
) -> AsyncIterator[Page]:
    """Give the desk of an agent who signs in, and leaves at the end."""
    context = await browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 860})
    page = await context.new_page()
    await page.goto(f"{console(kefu)}/sign-in")
    await sign_in(page, agent)
    await page.goto(f"{console(kefu)}/desk")
    await page.locator("#my-state").select_option(state)
    await expect(page.locator(f"form.state-{state}")).to_be_visible()
    yield page
    await page.goto(f"{console(kefu)}/desk")
    await page.locator("#my-state").select_option("away")
    await expect(page.locator("form.state-away")).to_be_visible()
    await context.close()


async def sign_in(page: Page, agent: Agent) -> None:
    """Sign in; the first time the password of the terminal has to be changed."""
    await _enter(page, agent.login, agent.password)
    if agent.password != PASSWORD:
        await page.get_by_label("现在的密码").fill(agent.password)
        await page.get_by_label("新密码", exact=True).fill(PASSWORD)
        await page.get_by_label("再输入一次新密码").fill(PASSWORD)
        await page.get_by_role("button", name="修改密码").click()
        agent.password = PASSWORD
    await expect(page.locator("#my-state")).to_be_visible()


async def _enter(page: Page, login: str, password: str) -> None:
    await page.get_by_label("登录名").fill(login)
    await page.get_by_label("密码").fill(password)
    await page.get_by_role("button", name="登录").click()


async def writes(desk: Page, text: str) -> None:
    await desk.locator("#words").fill(text)
    await desk.locator("#words").press("Enter")
    await expect(desk.locator(".line.agent[data-message]").last).to_contain_text(text)


async def served_first(one: Page, other: Page, question: str) -> tuple[Page, Page]:
    """Open the customer who was assigned to one of two agents; return the pages, theirs first."""
    mine = [desk.locator("#list-mine .row-link") for desk in (one, other)]
    await _until(lambda: _any(mine))
    first, second = (one, other) if await mine[0].count() else (other, one)
    await opens_own(first)
    await expect(first.locator("#transcript")).to_contain_text(question)
    return first, second


async def opens_own(desk: Page) -> None:
    """Open the customer who was assigned to the agent."""
    row = desk.locator("#list-mine .row-link")
    await expect(row).to_have_count(1)
    await desk.locator("[data-tab=mine]").click()
    await row.click()
    await expect(desk.locator("#head")).to_contain_text("由你接待")


async def nickname(desk: Page) -> str:
    title = await desk.get_by_role("button", name="退出").get_attribute("title")
    return (title or "").removeprefix("退出 ")


async def hand_over(desk: Page, to: Agent, remark: str) -> None:
    await desk.get_by_role("button", name="转接…").click()
    dialog = desk.get_by_role("dialog")
    await dialog.get_by_text(to.nickname).click()
    await dialog.get_by_label("说明").fill(remark)
    await dialog.get_by_role("button", name="转接").click()
    await expect(dialog).to_be_hidden()


async def finish(desk: Page) -> None:
    desk.once("dialog", lambda dialog: dialog.accept())
    await desk.locator("#head").get_by_role("button", name="完成").click()
    await expect(desk.locator("#head")).to_contain_text("已完成")


async def shown(image: object) -> None:
    await expect(image).to_be_visible()  # type: ignore[arg-type]
    await _until(lambda: image.evaluate(SHOWN))  # type: ignore[attr-defined]


async def _any(found: list[object]) -> bool:
    return any([await one.count() for one in found])  # type: ignore[attr-defined]


async def _until(holds: Callable[[], Awaitable[bool]], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < deadline, "it did not come true"
        await asyncio.sleep(0.05)


def a_picture(name: str) -> dict[str, object]:
    content = io.BytesIO()
    Image.new("RGB", (60, 40), (20, 120, 90)).save(content, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": content.getvalue()}
