"""Every place that the header leads to, in a real browser: whole, quiet, and in sight."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, expect
from starlette.applications import Starlette

from kefu.console.guard import COOKIE
from kefu.console.pages import places
from kefu.staff import people, sessions
from tests.console.loop_scene import app, shop
from tests.console.visitors import PASSWORD

__all__ = ["app", "shop"]
pytest_plugins = ["tests.browser"]
pytestmark = pytest.mark.asyncio(loop_scope="session")

_SIDEWAYS = "document.documentElement.scrollWidth > window.innerWidth"


@pytest.mark.parametrize("width, scheme", [(1280, "light"), (390, "dark")])
async def test_every_place_fits_says_where_one_is_and_complains_of_nothing(
    browser: Browser, app: Starlette, serve: Callable[[Starlette], str], width: int, scheme: str
) -> None:
    url, now = serve(app), time.time()
    person = people.add("lin", "林悦", "administrator", PASSWORD, now)
    context = await browser.new_context(
        locale="zh-CN",
        viewport={"width": width, "height": 860},
        color_scheme=scheme,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )
    token = sessions.open_session(person.id, now).token
    await context.add_cookies([{"name": COOKIE, "value": token, "url": url}])
    page = await context.new_page()
    said = _complaints(page)
    for address, name in places(person):
        await page.goto(f"{url}{address}")
        here = page.locator(".bar nav [aria-current=page]")
        await expect(here).to_have_text(name)
        await expect(here).to_be_in_viewport(ratio=0.9)
        await expect(page.locator("[aria-busy=true]")).to_have_count(0)
        assert not await page.evaluate(_SIDEWAYS), address
        assert said == [], address
    await context.close()


def _complaints(page: Page) -> list[str]:
    """Return what the browser complains of from now on: scripts, and the rules for content."""
    said: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            said.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said
