"""The state of the service in a real browser: it comes by itself, and follows what changes."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from playwright.async_api import ConsoleMessage, Page, expect
from starlette.applications import Starlette

from kefu.console.app import create_app
from kefu.console.guard import COOKIE
from kefu.console.state_board import Board
from kefu.doctoring.checkup import Checkup
from kefu.doctoring.finding import Finding, Look
from kefu.staff import people, sessions
from kefu.storage.engine import writing
from kefu.storage.tables import sends

pytest_plugins = ["tests.browser"]
pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.usefixtures("fresh_home"),
]
Serve = Callable[[Starlette], str]

# What htmx does every 15 seconds.
_POLL = "htmx.ajax('GET', '/state/findings', {target: '#findings', swap: 'innerHTML'})"


async def opens(page: Page, serve: Serve, app: Starlette) -> list[str]:
    """Open the page as an operator; return what the browser complains of, as it comes."""
    now = time.time()
    person = people.add("zhou", "周晴", "operator", "wolken ohne regen", now)
    url = serve(app)
    token = sessions.open_session(person.id, now).token
    await page.context.add_cookies([{"name": COOKIE, "value": token, "url": url}])
    said: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            said.append(message.text)

    page.on("console", listen)
    await page.goto(f"{url}/state")
    return said


def dead_letter() -> None:
    now = time.time()
    whose = {"conversation": "c", "channel": "wechat:miniprogram", "message": 1, "author": "bot"}
    with writing() as connection:
        connection.execute(
            sends.insert().values(
                state="dead", attempts=1, error="顾客拒收了消息", next_at=0.0, body="{}",
                created_at=now, done_at=now, **whose,
            )
        )  # fmt: skip


async def test_state_follows_what_happens(page: Page, serve: Serve) -> None:
    full = True

    def disk(name: str) -> Finding:
        text = "剩余 0.2 GB" if full else "剩余 80 GB"
        return Finding(name, not full, text, "清理磁盘" if full else "", "/backups")

    app = create_app(with_duties=False)
    app.state.board = Board(Checkup([Look("磁盘", disk, keep=0)]))
    said = await opens(page, serve, app)
    problem = page.get_by_role("listitem").filter(has_text="磁盘")
    await expect(problem).to_contain_text("剩余 0.2 GB")
    await expect(problem).to_contain_text("清理磁盘")
    await expect(page.get_by_text("有 1 项要处理")).to_be_visible()
    link = problem.get_by_role("link")
    await link.focus()
    await page.evaluate(_POLL)
    await expect(link).to_be_focused()  # whoever uses the keyboard is not thrown back
    full = False
    await page.get_by_role("button", name="重新检查").click()
    await expect(page.get_by_text("一切正常")).to_be_visible()
    await expect(page.get_by_role("heading", name="要处理")).to_have_count(0)
    await expect(page.get_by_role("row", name="磁盘")).to_contain_text("剩余 80 GB")
    assert said == []


async def test_dead_letter_is_sent_again_after_a_question(page: Page, serve: Serve) -> None:
    dead_letter()
    app = create_app(with_duties=False)
    app.state.board = Board(Checkup([]))
    said = await opens(page, serve, app)
    letters = page.get_by_role("region", name="没有送达的微信消息")
    button = letters.get_by_role("button", name="重新发送")
    page.once("dialog", lambda dialog: dialog.dismiss())
    await button.click()
    await expect(letters).to_contain_text("顾客拒收了消息")
    page.once("dialog", lambda dialog: dialog.accept())
    await button.click()
    await expect(page.get_by_text("已放回发件箱")).to_be_visible()
    await expect(letters).not_to_contain_text("顾客拒收了消息")
    assert said == []


async def test_page_fits_a_phone(page: Page, serve: Serve) -> None:
    dead_letter()
    app = create_app(with_duties=False)
    long = "/srv/" + "very-long-folder-name/" * 12
    app.state.board = Board(Checkup([Look("密钥", lambda name: Finding(name, False, long, long))]))
    await page.set_viewport_size({"width": 390, "height": 844})
    await opens(page, serve, app)
    await expect(page.get_by_text("有 1 项要处理")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
