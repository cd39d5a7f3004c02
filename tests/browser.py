"""A real browser for tests of pages, the distribution's Chromium, and servers to point it at.

A test module asks for the fixtures with `pytest_plugins = ["tests.browser"]`, and runs in
the fixtures' event loop with `pytestmark = pytest.mark.asyncio(loop_scope="session")`.
"""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import pytest_asyncio
import uvicorn
from playwright.async_api import Browser, Page, async_playwright, expect
from starlette.applications import Starlette

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_PATIENCE = 15_000  # milliseconds; the machine may be busy

expect.set_options(timeout=_PATIENCE)


class _Served:
    """An application on a free port, in a thread of its own."""

    def __init__(self, app: Starlette) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(64)  # from here on, who calls early waits instead of failing
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        # Rasa pins a websockets that uvicorn cannot import. Long polls are cut off at the end.
        config = uvicorn.Config(app, ws="none", log_level="critical", timeout_graceful_shutdown=0)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],))
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()


def _chromium() -> str:
    """Return the browser's executable; skip the test where there is none, except in CI."""
    found = [path for name in _NAMES if (path := shutil.which(name))]
    chosen = os.environ.get("KEFU_CHROMIUM") or (found[0] if found else "")
    if chosen:
        return chosen
    reason = f"no browser: set KEFU_CHROMIUM or install one of {', '.join(_NAMES)}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def serve() -> Iterator[Callable[[Starlette], str]]:
    """Give a function that serves an application until the test ends and returns its address."""
    running: list[_Served] = []

    def start(app: Starlette) -> str:
        running.append(_Served(app))
        return running[-1].url

    yield start
    for served in reversed(running):
        served.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Give one browser for all tests."""
    executable = _chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable, args=_ARGUMENTS, timeout=60_000
        )
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """Give a page with nothing stored; an error in its scripts fails the test."""
    context = await browser.new_context(
        locale="zh-CN", viewport={"width": 1280, "height": 860}, reduced_motion="reduce"
    )
    context.set_default_timeout(_PATIENCE)
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    await context.close()
    assert errors == []
