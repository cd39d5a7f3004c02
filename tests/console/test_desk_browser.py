"""The desk in a real browser: live, safe, and lossless."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page, expect
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from kefu import rings
from kefu.console.app import create_app
from kefu.console.guard import COOKIE
from kefu.handoff import desk, holder
from kefu.staff import people, sessions
from kefu.storage import media, messages
from kefu.storage.engine import writing
from tests.console import scene
from tests.console.visitors import PASSWORD

pytest_plugins = ["tests.browser"]
pytestmark = pytest.mark.asyncio(loop_scope="session")

WIDE, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 800}


@pytest.fixture
def url(fresh_home: Path, serve: Callable[[Starlette], str]) -> str:
    """Give the address of a console on an empty database."""
    return serve(create_app(with_duties=False))


def hire(login: str = "wang", nickname: str = "小王", role: str = "agent") -> people.Person:
    person = people.add(login, nickname, role, PASSWORD, time.time())  # type: ignore[arg-type]
    people.set_state(person.id, "online", time.time())
    return person


@asynccontextmanager
async def sitting(
    browser: Browser, url: str, person: people.Person, size: dict[str, int] = WIDE
) -> AsyncIterator[Page]:
    """Give a page in which a person is signed in; an error in its scripts fails the test."""
    context = await browser.new_context(
        locale="zh-CN",
        viewport=size,
        reduced_motion="reduce",  # type: ignore[arg-type]
    )
    context.set_default_timeout(15_000)
    await sign_in(context, url, person)
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console",
        lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None,
    )
    yield page
    await context.close()
    assert errors == []


async def sign_in(context: BrowserContext, url: str, person: people.Person) -> None:
    token = sessions.open_session(person.id, time.time()).token
    await context.add_cookies([{"name": COOKIE, "value": token, "url": url}])


async def until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come true"
        await asyncio.sleep(0.05)


def said_by_agents(conversation: str) -> list[str]:
    return [line.text for line in messages.transcript(conversation) if line.author == "agent"]


async def test_an_agent_takes_a_customer_and_both_write_without_a_reload(
    browser: Browser, url: str
) -> None:
    conversation = scene.arrives()
    async with sitting(browser, url, hire()) as page:
        await page.goto(f"{url}/desk")
        await expect(page.locator("#list-waiting .empty")).to_be_visible()
        handoff = scene.waits(conversation)
        row = page.locator(f"#list-waiting .row-item[data-number='{handoff.id}']")
        await expect(row).to_contain_text("怎么还没发货")
        await expect(row).to_contain_text("顾客要求")
        await expect(page).to_have_title(re.compile(r"^\(1\) 工作台"))
        await row.get_by_role("button", name="接入").click()
        await expect(page).to_have_url(f"{url}/desk/{handoff.id}")
        await expect(page.locator("#head")).to_contain_text("由你接待")

        scene.says(conversation, "在吗，帮我查一下")
        await expect(page.locator(".line.customer").last).to_contain_text("在吗，帮我查一下")
        await page.locator("#words").fill("您好，马上查")
        await page.keyboard.press("Enter")
        line = page.locator(".line.agent[data-message]")
        await expect(line).to_contain_text("您好，马上查")
        await expect(line).to_contain_text("人工客服 小王")
        await expect(page.locator("#words")).to_have_value("")
        assert said_by_agents(conversation) == ["您好，马上查"]
        await until(lambda: holder.get(handoff.id).seen_message > 0)


async def test_html_in_messages_and_nicknames_stays_text(browser: Browser, url: str) -> None:
    conversation = scene.arrives()
    evil = "<script>window.hit=1</script><img src=x onerror='window.hit=1'>"
    handoff = scene.waits(conversation, evil)
    person = hire(nickname="<b>小王</b>")
    async with sitting(browser, url, person) as page:
        await page.goto(f"{url}/desk/{handoff.id}")
        scene.says(conversation, evil + "又来")
        await expect(page.locator(".line.customer").last).to_contain_text(evil + "又来")
        await page.locator("#words").fill(evil)
        await page.keyboard.press("Enter")
        line = page.locator(".line.agent[data-message]")
        await expect(line.locator(".bubble")).to_have_text(evil)
        await expect(line).to_contain_text("<b>小王</b>")
        assert await page.evaluate("window.hit") is None


async def test_a_draft_survives_a_reload_and_goes_with_the_message(
    browser: Browser, url: str
) -> None:
    handoff = scene.waits(scene.arrives())
    async with sitting(browser, url, hire()) as page:
        await page.goto(f"{url}/desk/{handoff.id}")
        await page.locator("#words").fill("写到一半")
        await page.reload()
        await expect(page.locator("#words")).to_have_value("写到一半")
        await page.keyboard.press("Enter")
        await expect(page.locator(".line.agent[data-message]")).to_contain_text("写到一半")
        await page.reload()
        await expect(page.locator("#words")).to_have_value("")


async def test_of_two_agents_one_gets_the_customer_and_the_other_reads_who(
    browser: Browser, url: str
) -> None:
    handoff = scene.waits(scene.arrives())
    wang, li = hire(), hire("li", "小李")
    async with sitting(browser, url, wang) as one, sitting(browser, url, li) as other:
        # Neither page can know of the other's click.
        for page in (one, other):
            await page.route("**/desk/events*", lambda route: route.abort())
            await page.goto(f"{url}/desk")
        take = f"#list-waiting .row-item[data-number='{handoff.id}'] button"
        await asyncio.gather(one.locator(take).click(), other.locator(take).click())
        await until(lambda: holder.get(handoff.id).state == "agent")
        won, lost = (one, other) if holder.get(handoff.id).agent == "wang" else (other, one)
        name = "小王" if won is one else "小李"
        await expect(won.locator("#head")).to_contain_text("由你接待")
        await expect(lost.locator("#notices")).to_contain_text(f"已由 {name} 接入")
        await lost.unroute("**/desk/events*")
        await expect(lost.locator(take)).to_have_count(0)


async def test_what_is_sent_without_a_connection_arrives_once_when_it_is_back(
    browser: Browser, url: str
) -> None:
    conversation = scene.arrives()
    handoff = scene.waits(conversation)
    async with sitting(browser, url, hire()) as page:
        await page.goto(f"{url}/desk/{handoff.id}")
        await expect(page.locator("#connection")).to_be_hidden()
        await page.context.set_offline(True)
        await page.locator("#words").fill("断线时写的")
        await page.keyboard.press("Enter")
        await expect(page.locator(".line.pending")).to_contain_text("发送中")
        await page.context.set_offline(False)
        await expect(page.locator(".line.agent[data-message]")).to_have_text(
            re.compile("断线时写的"), timeout=30_000
        )
        await expect(page.locator(".line.pending")).to_have_count(0)
        assert said_by_agents(conversation) == ["断线时写的"]


async def test_an_answer_that_gets_lost_does_not_say_it_twice(browser: Browser, url: str) -> None:
    conversation = scene.arrives()
    handoff = scene.waits(conversation)
    async with sitting(browser, url, hire()) as page:
        await page.goto(f"{url}/desk/{handoff.id}")
        lost: list[str] = []

        async def lose(route: object) -> None:
            await route.fetch()  # type: ignore[attr-defined]
            lost.append("answer")
            await route.abort()  # type: ignore[attr-defined]

        await page.route(f"**/desk/{handoff.id}/say", lose, times=1)
        await page.locator("#words").fill("只说一次")
        await page.keyboard.press("Enter")
        await until(lambda: lost == ["answer"])
        await expect(page.locator(".line.agent[data-message]")).to_have_count(1)
        await expect(page.locator(".line.pending")).to_have_count(0)
        await page.reload()
        await expect(page.locator(".line.agent")).to_have_count(1)
        assert said_by_agents(conversation) == ["只说一次"]


async def test_an_expired_session_leads_to_the_sign_in_and_what_was_written_is_kept(
    browser: Browser, url: str
) -> None:
    conversation = scene.arrives()
    handoff = scene.waits(conversation)
    person = hire()
    async with sitting(browser, url, person) as page:
        await page.goto(f"{url}/desk/{handoff.id}")
        await page.locator("#words").fill("先说这句")
        await page.keyboard.press("Enter")
        await expect(page.locator(".line.agent[data-message]")).to_have_count(1)
        await page.locator("#words").fill("还没说完")
        sessions.end_all(person.id)
        await expect(page).to_have_url(re.compile("/sign-in"))
        await page.get_by_label("登录名").fill(person.login)
        await page.get_by_label("密码").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(f"{url}/desk/{handoff.id}")
        await expect(page.locator("#words")).to_have_value("还没说完")


@pytest.mark.parametrize("page_of", ["/desk", "/me"])
async def test_signing_out_anywhere_leaves_no_customers_words_in_the_browser(
    browser: Browser, url: str, page_of: str
) -> None:
    handoff = scene.waits(scene.arrives())
    async with sitting(browser, url, hire()) as page:
        await page.goto(f"{url}/desk/{handoff.id}")
        await page.locator("#words").fill("您的地址是人民路 1 号")
        await page.goto(f"{url}{page_of}")
        await page.get_by_role("button", name="退出").click()
        await expect(page).to_have_url(re.compile("/sign-in"))
        assert "人民路" not in await page.evaluate("JSON.stringify(localStorage)")


async def test_a_transfer_moves_the_customer_to_a_colleague_with_the_remark(
    browser: Browser, url: str
) -> None:
    handoff = scene.waits(scene.arrives())
    wang, li = hire(), hire("li", "小李")
    desk.take(handoff.id, "wang", time.time())
    async with sitting(browser, url, wang) as one, sitting(browser, url, li) as other:
        await other.goto(f"{url}/desk")
        await one.goto(f"{url}/desk/{handoff.id}")
        await one.get_by_role("button", name="转接…").click()
        dialog = one.get_by_role("dialog")
        await dialog.get_by_text("小李").click()
        await dialog.get_by_label("说明").fill("要退款，已核实")
        await dialog.get_by_role("button", name="转接").click()
        await expect(one).to_have_url(f"{url}/desk")
        await other.locator("[data-tab=mine]").click()
        await other.locator(f"#list-mine [data-number='{handoff.id}'] a").click()
        await expect(other.locator("#transcript")).to_contain_text("小王 转接给 小李")
        await expect(other.locator("#transcript")).to_contain_text("要退款，已核实")
        await expect(other.locator("#head")).to_contain_text("由你接待")


async def test_an_internal_note_is_seen_by_agents_and_never_sent(
    browser: Browser, url: str
) -> None:
    conversation = scene.arrives()
    handoff = scene.waits(conversation)
    desk.take(handoff.id, hire().login, time.time())
    async with sitting(browser, url, people.by_login("wang")) as page:  # type: ignore[arg-type]
        await page.goto(f"{url}/desk/{handoff.id}")
        await page.get_by_label("内部备注").check()
        await page.locator("#words").fill("顾客情绪不好")
        await page.keyboard.press("Enter")
        await expect(page.locator(".line.note")).to_contain_text("顾客情绪不好")
        await expect(page.locator(".line.note")).to_contain_text("顾客看不到")
        await expect(page.locator(".line.note")).to_have_count(1)
        assert said_by_agents(conversation) == []


async def test_a_closed_window_of_wechat_is_explained_and_nothing_is_sent(
    browser: Browser, url: str
) -> None:
    conversation = scene.arrives(channel="wechat:miniprogram")
    handoff = scene.waits(conversation)
    desk.take(handoff.id, hire().login, time.time())
    scene.window(conversation, 3, time.time() + 47.5 * 3600)
    async with sitting(browser, url, people.by_login("wang")) as page:  # type: ignore[arg-type]
        await page.goto(f"{url}/desk/{handoff.id}")
        await expect(page.locator("#window")).to_have_text("还可发 3 条，剩 47 小时")
        scene.window(conversation, 3, time.time() - 1)
        await expect(page.locator("#window")).to_contain_text("顾客再来消息后可以回复")
        await page.locator("#words").fill("来晚了")
        await page.keyboard.press("Enter")
        await expect(page.locator("#refused")).to_contain_text("微信不再允许发送")
        await expect(page.locator("#words")).to_have_value("来晚了")
        assert said_by_agents(conversation) == []


async def test_a_failed_send_shows_its_reason_at_the_line(browser: Browser, url: str) -> None:
    conversation = scene.arrives(channel="wechat:miniprogram")
    handoff = scene.waits(conversation)
    desk.take(handoff.id, hire().login, time.time())
    async with sitting(browser, url, people.by_login("wang")) as page:  # type: ignore[arg-type]
        await page.goto(f"{url}/desk/{handoff.id}")
        await page.locator("#words").fill("在的")
        await page.keyboard.press("Enter")
        line = page.locator(".line.agent[data-message]")
        await expect(line).to_contain_text("发送中")
        number = int(await line.get_attribute("data-message") or 0)
        scene.send_row(conversation, number, "dead", "微信：下行条数超过限制")
        await expect(line).to_contain_text("未送达：微信：下行条数超过限制")


async def test_a_ticket_is_answered_and_ended_in_one_go(browser: Browser, url: str) -> None:
    conversation = scene.arrives()
    handoff = scene.leaves_ticket(conversation)
    async with sitting(browser, url, hire()) as page:
        await page.goto(f"{url}/desk")
        await page.locator("[data-tab=left]").click()
        await page.locator(f"#list-left [data-number='{handoff.id}'] a").click()
        await page.locator("#words").fill("周末也发货")
        await page.get_by_role("button", name="回复并完成").click()
        await expect(page.locator("#head")).to_contain_text("已结束")
        await until(lambda: holder.get(handoff.id).state == "closed")
        assert said_by_agents(conversation) == ["周末也发货"]


async def test_the_desk_is_used_with_the_keyboard_alone(browser: Browser, url: str) -> None:
    first = scene.waits(scene.arrives("o_1"), "第一位")
    second = scene.waits(scene.arrives("o_2"), "第二位")
    for handoff in (first, second):
        desk.take(handoff.id, "wang", time.time())
    async with sitting(browser, url, hire()) as page:
        await page.goto(f"{url}/desk")
        await page.locator("[data-tab=mine]").focus()
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await expect(page.locator("#head")).to_be_visible()
        await expect(page.locator("#words")).to_be_focused()
        await page.keyboard.type("键盘写的")
        await page.keyboard.press("Enter")
        await expect(page.locator(".line.agent[data-message]")).to_contain_text("键盘写的")
        await page.keyboard.press("Escape")
        await expect(page.locator(".row-link[aria-current=true]")).to_be_focused()


async def test_a_phone_shows_one_part_at_a_time_and_nothing_beyond_its_edge(
    browser: Browser, url: str
) -> None:
    conversation = scene.arrives()
    handoff = scene.waits(conversation)
    async with sitting(browser, url, hire(), PHONE) as page:
        await page.goto(f"{url}/desk")
        await page.locator("#list-waiting").get_by_role("button", name="接入").click()
        await expect(page.locator("#words")).to_be_visible()
        await expect(page.locator(".lists")).to_be_hidden()
        await page.locator("#words").fill("手机上回复")
        await page.get_by_role("button", name="发送", exact=True).click()
        await expect(page.locator(".line.agent[data-message]")).to_contain_text("手机上回复")
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"]
        await page.get_by_role("button", name="顾客资料").click()
        await expect(page.locator(".panel")).to_be_visible()
        await page.get_by_role("button", name="返回会话").click()
        await page.get_by_role("link", name="返回").click()
        await expect(page.locator(".lists")).to_be_visible()
        assert holder.get(handoff.id).agent == "wang"


async def test_a_picture_passes_and_one_that_is_none_is_refused(browser: Browser, url: str) -> None:
    conversation = scene.arrives()
    handoff = scene.waits(conversation)
    picture = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(picture, "PNG")
    async with sitting(browser, url, hire()) as page:
        await page.goto(f"{url}/desk/{handoff.id}")
        await page.locator("#picture").set_input_files(
            {"name": "a.png", "mimeType": "image/png", "buffer": picture.getvalue()}
        )
        shown = page.locator(".line.agent .picture img")
        await expect(shown).to_be_visible()
        await page.wait_for_function(
            "document.querySelector('.line.agent .picture img').naturalWidth > 0"
        )
        await page.locator("#picture").set_input_files(
            {"name": "b.png", "mimeType": "image/png", "buffer": b"no picture at all"}
        )
        await expect(page.locator("#notices")).to_contain_text("图片没有发出")
        await expect(shown).to_have_count(1)


async def test_a_quick_reply_goes_into_the_composer_and_shift_enter_breaks_the_line(
    browser: Browser, url: str
) -> None:
    conversation = scene.arrives()
    handoff = scene.waits(conversation)
    async with sitting(browser, url, hire()) as page:
        await page.goto(f"{url}/desk/{handoff.id}")
        await page.locator("[data-quick='1']").wait_for(state="attached")
        await page.locator("#words").focus()
        await page.keyboard.press("Alt+Digit1")
        await expect(page.locator("#words")).to_have_value(re.compile("小王"))
        await page.keyboard.press("Shift+Enter")
        await page.keyboard.type("第二行")
        await page.keyboard.press("Enter")
        await expect(page.locator(".line.agent .bubble")).to_have_text(
            re.compile(r"小王[\s\S]*\n第二行")
        )


async def test_enter_that_chooses_a_syllable_sends_nothing(browser: Browser, url: str) -> None:
    conversation = scene.arrives()
    handoff = scene.waits(conversation)
    async with sitting(browser, url, hire()) as page:
        await page.goto(f"{url}/desk/{handoff.id}")
        await page.locator("#words").fill("ni hao")
        await page.evaluate(
            "document.getElementById('words').dispatchEvent(new KeyboardEvent('keydown',"
            " {key: 'Enter', isComposing: true, bubbles: true, cancelable: true}))"
        )
        await expect(page.locator("#words")).to_have_value("ni hao")
        await page.keyboard.press("Enter")
        await expect(page.locator(".line.agent[data-message]")).to_have_count(1)
        assert said_by_agents(conversation) == ["ni hao"]


async def test_two_tabs_of_one_agent_show_the_same(browser: Browser, url: str) -> None:
    handoff = scene.waits(scene.arrives())
    async with sitting(browser, url, hire()) as page:
        await page.goto(f"{url}/desk/{handoff.id}")
        other = await page.context.new_page()
        await other.goto(f"{url}/desk/{handoff.id}")
        await page.locator("#words").fill("从一个标签页")
        await page.keyboard.press("Enter")
        await expect(other.locator(".line.agent[data-message]")).to_contain_text("从一个标签页")
        await expect(other.locator("#head")).to_contain_text("由你接待")
        await other.locator("#words").fill("从另一个")
        await other.keyboard.press("Enter")
        await expect(page.locator(".line.agent[data-message]")).to_have_count(2)


async def test_a_long_conversation_opens_at_its_end_and_earlier_lines_are_read_on_demand(
    browser: Browser, url: str
) -> None:
    conversation = scene.arrives()
    for number in range(150):
        messages.record(conversation, "customer", "text", f"第{number}句", None, time.time())
    handoff = scene.waits(conversation, "最后一句")
    async with sitting(browser, url, hire()) as page:
        await page.goto(f"{url}/desk/{handoff.id}")
        await expect(page.get_by_text("最后一句", exact=True).last).to_be_in_viewport()
        await expect(page.get_by_text("第0句", exact=True)).to_have_count(0)
        await page.get_by_role("button", name="更早的消息").click()
        await expect(page.get_by_text("第0句", exact=True)).to_have_count(1)
        await expect(page.locator(".line.customer")).to_have_count(151)
        await expect(page.get_by_role("button", name="更早的消息")).to_be_hidden()
        # Whoever reads earlier lines is not torn away by a new one.
        scene.says(conversation, "新的一句")
        await expect(page.locator("#to-end")).to_be_visible()
        await page.locator("#to-end").click()
        await expect(page.get_by_text("新的一句", exact=True).last).to_be_in_viewport()


async def test_a_customer_who_writes_elsewhere_is_counted_and_called_out(
    browser: Browser, url: str
) -> None:
    one, other = scene.waits(scene.arrives("o_1")), scene.waits(scene.arrives("o_2"))
    person = hire()
    for handoff in (one, other):
        desk.take(handoff.id, person.login, time.time())
    async with sitting(browser, url, person) as page:
        await page.goto(f"{url}/desk/{one.id}")
        scene.says(other.conversation, "还在吗？")
        row = page.locator(f"#list-mine .row-item[data-number='{other.id}']")
        await expect(row).to_contain_text("还在吗？")
        await expect(row.locator(".count")).to_be_visible()
        await expect(page.locator("#announce")).to_have_text("顾客有新消息")
        await row.get_by_role("link").click()
        await expect(page.locator(".line.customer").last).to_contain_text("还在吗？")
        await expect(row.locator(".count")).to_have_count(0)


async def test_what_was_on_its_way_when_the_page_closed_is_sent_when_it_opens_again(
    browser: Browser, url: str
) -> None:
    conversation = scene.arrives()
    handoff = scene.waits(conversation)
    async with sitting(browser, url, hire()) as page:
        await page.goto(f"{url}/desk/{handoff.id}")
        say = f"**/desk/{handoff.id}/say"
        await page.route(say, lambda route: route.abort())
        await page.locator("#words").fill("关掉之前写的")
        await page.keyboard.press("Enter")
        await expect(page.locator(".line.pending")).to_contain_text("发送中")
        await page.unroute(say)
        await page.goto("about:blank")
        await page.goto(f"{url}/desk")
        await until(lambda: said_by_agents(conversation) == ["关掉之前写的"])
        await page.goto(f"{url}/desk/{handoff.id}")
        await expect(page.locator(".line.agent")).to_have_count(1)


async def test_what_waited_too_long_is_sent_only_when_its_author_says_so(
    browser: Browser, url: str
) -> None:
    conversation = scene.arrives()
    handoff = scene.waits(conversation)
    person = hire()
    async with sitting(browser, url, person) as page:
        await page.goto(f"{url}/me")
        old = {
            "key": "k-old",
            "handoff": handoff.id,
            "kind": "say",
            "text": "一小时前写的",
            "at": (time.time() - 3600) * 1000,
            "tries": 1,
        }
        await page.evaluate(
            "([name, entry]) => localStorage.setItem(name, JSON.stringify(entry))",
            [f"kefu:{person.login}:out:k-old", old],
        )
        await page.goto(f"{url}/desk/{handoff.id}")
        await expect(page.locator(".line.pending")).to_contain_text("太久没有连接")
        assert said_by_agents(conversation) == []
        await page.locator(".line.pending").get_by_role("button", name="重试").click()
        await expect(page.locator(".line.agent[data-message]")).to_contain_text("一小时前写的")
        assert said_by_agents(conversation) == ["一小时前写的"]


async def test_a_customer_who_goes_to_somebody_else_leaves_the_page(
    browser: Browser, url: str
) -> None:
    handoff = scene.waits(scene.arrives())
    person, _ = hire(), hire("li", "小李")
    desk.take(handoff.id, person.login, time.time())
    async with sitting(browser, url, person) as page:
        await page.goto(f"{url}/desk/{handoff.id}")
        await expect(page.locator("#connection")).to_be_hidden()
        desk.transfer(handoff.id, "boss", "li", time.time(), force=True)
        await expect(page).to_have_url(f"{url}/desk")
        await expect(page.locator("#notices")).to_contain_text("由其他人接待")
        await expect(page.locator("#transcript")).to_have_count(0)


async def hide(page: Page, hidden: bool) -> None:
    """Let a tab go behind others, or come back; headless browsers show all of theirs."""
    await page.evaluate(
        "(value) => { Object.defineProperty(document, 'hidden', {value, configurable: true});"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        hidden,
    )


class Streams:
    """A console, and how many streams of news are open there."""

    def __init__(self) -> None:
        self._app = create_app(with_duties=False)
        self.open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        counts = scope.get("path") == "/desk/events"
        self.open += counts
        try:
            await self._app(scope, receive, send)
        finally:
            self.open -= counts


@pytest.fixture
def streams(fresh_home: Path) -> Streams:
    """Give a console on an empty database that counts its streams."""
    return Streams()


@pytest.fixture
def counted(streams: Streams, serve: Callable[[Streams], str]) -> str:
    """Give its address."""
    return serve(streams)


async def test_many_tabs_do_not_take_each_others_connections(
    browser: Browser, counted: str, streams: Streams
) -> None:
    person = hire()
    handoffs = [scene.waits(scene.arrives(f"o_{number}")) for number in range(8)]
    for handoff in handoffs:
        desk.take(handoff.id, person.login, time.time())
    async with sitting(browser, counted, person) as first:
        await first.close()
        pages: list[Page] = []
        for handoff in handoffs:
            if pages:
                await hide(pages[-1], True)
            pages.append(await first.context.new_page())
            await pages[-1].goto(f"{counted}/desk/{handoff.id}", timeout=10_000)
        for handoff in handoffs:
            scene.says(handoff.conversation, f"给第{handoff.id}位的话")
        for page in pages:
            # Hidden tabs count all the same.
            await expect(page).to_have_title(re.compile(r"^\((7|8)\) "))
        for number, (page, handoff) in enumerate(zip(pages, handoffs, strict=True)):
            await hide(pages[number - 1], True)
            await hide(page, False)
            await expect(page.locator(".line.customer").last).to_contain_text(
                f"给第{handoff.id}位的话"
            )
            scene.says(handoff.conversation, "而且当场")
            await expect(page.locator(".line.customer").last).to_contain_text("而且当场")
            await until(lambda: streams.open == 1)


async def test_tabs_that_are_shown_side_by_side_are_all_current(
    browser: Browser, counted: str, streams: Streams
) -> None:
    boss = hire("boss", "老板", "operator")
    handoffs = [scene.waits(scene.arrives(f"o_{number}")) for number in range(3)]
    async with sitting(browser, counted, boss) as first:
        pages = [first, await first.context.new_page(), await first.context.new_page()]
        for page, handoff in zip(pages, handoffs, strict=True):
            await page.goto(f"{counted}/desk/{handoff.id}")
        for _ in range(2):
            for page, handoff in zip(pages, handoffs, strict=True):
                # Nobody's customers: only whoever has them on the screen is told.
                scene.says(handoff.conversation, f"还在等 {time.time()}")
                said = messages.transcript(handoff.conversation)[-1].text
                await expect(page.locator(".line.customer").last).to_contain_text(said)
            # What hears the server for all of them is closed or goes on elsewhere.
            await pages[-1].goto(f"{counted}/desk/{handoffs[-1].id}")
        await pages.pop().close()
        for page, handoff in zip(pages, handoffs, strict=False):
            scene.says(handoff.conversation, "其他标签页关了")
            await expect(page.locator(".line.customer").last).to_contain_text("其他标签页关了")
        await until(lambda: streams.open == 1)


@pytest.mark.parametrize("locks", [True, False])
async def test_the_last_tab_hears_the_server_when_the_others_are_closed(
    browser: Browser, counted: str, streams: Streams, locks: bool
) -> None:
    person = hire()
    handoff = scene.waits(scene.arrives())
    async with sitting(browser, counted, person) as page:
        if not locks:  # as without HTTPS
            await page.context.add_init_script(
                "Object.defineProperty(navigator, 'locks', {value: undefined})"
            )
        await page.goto(f"{counted}/desk")
        await hide(page, True)
        other = await page.context.new_page()
        await other.goto(f"{counted}/desk/{handoff.id}")
        await other.close()
        # Hidden, and the only one: it counts and calls all the same.
        later = scene.waits(scene.arrives("o_2"), "第二位")
        await expect(
            page.locator(f"#list-waiting .row-item[data-number='{later.id}']")
        ).to_have_count(1)
        await expect(page).to_have_title(re.compile(r"^\(2\) "))
        await expect(page.locator("#announce")).to_have_text("有顾客在等")
        await until(lambda: streams.open == 1)


async def keys(page: Page) -> list[str]:
    """Return the lines of the conversation on the screen, in their order."""
    found: list[str] = await page.evaluate(
        "[...document.querySelectorAll('#transcript [data-at]')].map((line) => line.id)"
    )
    return found


async def test_what_happens_in_the_same_moment_has_the_same_order_live_and_after_a_reload(
    browser: Browser, url: str
) -> None:
    handoff = scene.leaves_ticket(scene.arrives())
    async with sitting(browser, url, hire()) as page:
        await page.goto(f"{url}/desk/{handoff.id}")
        await page.locator("#words").fill("周末也发货")
        await page.get_by_role("button", name="回复并完成").click()
        await expect(page.locator("#transcript")).to_contain_text("请为本次人工服务评价")
        await expect(page.locator(".event-done")).to_have_count(1)
        live = await keys(page)
        await page.reload()
        assert live == await keys(page)
        words = await page.locator("#transcript").inner_text()
        order = ["小王 接入", "已接入", "周末也发货", "小王 结束了服务", "请为本次人工服务评价"]
        places = [words.index(part) for part in order]
        assert places == sorted(places)


async def test_who_is_given_a_customer_is_called_and_who_takes_one_is_not(
    browser: Browser, url: str
) -> None:
    mine, given = scene.waits(scene.arrives("o_1")), scene.waits(scene.arrives("o_2"))
    async with sitting(browser, url, hire()) as page:
        await page.goto(f"{url}/desk")
        await page.evaluate(
            "window.told = []; new MutationObserver(() => told.push(announce.textContent))"
            ".observe(announce, {childList: true})"
        )
        await page.locator(f"#list-waiting [data-number='{mine.id}'] button").click()
        await expect(page.locator(f"#list-mine .row-item[data-number='{mine.id}']")).to_have_count(
            1
        )
        assert desk.assign(given.id, "wang", time.time())
        await expect(page.locator("#announce")).to_have_text("有新的顾客分配给你")
        assert (await page.evaluate("told")).count("有新的顾客分配给你") == 1
        row = page.locator(f"#list-mine .row-item[data-number='{given.id}']")
        await expect(row.locator(".count")).to_have_text("1")
        await expect(page).to_have_title(re.compile(r"^\(1\) "))


async def test_after_a_note_words_go_to_the_customer_again_and_a_note_stays_one(
    browser: Browser, url: str
) -> None:
    conversation = scene.arrives()
    handoff = scene.waits(conversation)
    async with sitting(browser, url, hire()) as page:
        await page.goto(f"{url}/desk/{handoff.id}")
        await page.get_by_label("内部备注").check()
        await page.locator("#words").fill("先写一半")
        await page.reload()
        # What was begun as a note must not be sent to the customer.
        await expect(page.get_by_label("内部备注")).to_be_checked()
        await page.get_by_role("button", name="保存备注").click()
        await expect(page.locator(".line.note")).to_contain_text("先写一半")
        await expect(page.get_by_label("内部备注")).not_to_be_checked()
        await page.locator("#words").fill("您好")
        await page.get_by_role("button", name="发送", exact=True).click()
        await expect(page.locator(".line.agent[data-message]")).to_contain_text("您好")
        await page.get_by_label("内部备注").check()
        await page.reload()
        await expect(page.get_by_label("内部备注")).not_to_be_checked()
        assert said_by_agents(conversation) == ["您好"]


async def test_a_picture_that_the_browser_cannot_show_is_offered_as_a_file(
    browser: Browser, url: str
) -> None:
    conversation = scene.arrives()
    handoff = scene.waits(conversation)
    async with sitting(browser, url, hire()) as page:
        await page.goto(f"{url}/desk/{handoff.id}")
        for _ in ("live", "there when the page is opened"):
            number = scene.says(conversation, "", "image")
            with writing() as connection:
                broken = (conversation, "rest", b"\x89PNG\r\n\x1a\nno more", "image/png")
                media.keep(connection, number, *broken, time.time())
            rings.changed(conversation)
            line = page.locator(f"#m-{number}")
            await expect(line.get_by_role("link", name="下载图片")).to_be_visible()
            await expect(line.locator("img")).to_have_count(0)
            await page.reload()
            await expect(line.get_by_role("link", name="下载图片")).to_be_visible()
