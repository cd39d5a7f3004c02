"""The way through publishing in a real browser; the job's files are written by the test."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect
from starlette.applications import Starlette

from kefu.console.app import create_app
from kefu.console.guard import COOKIE
from kefu.publishing import history, jobs, places, trying
from kefu.publishing.jobs import Job
from kefu.publishing.work import run
from kefu.running.serving import wish
from kefu.staff import people, sessions
from kefu.storage import migrate
from tests.publishing.shops import answers, edit, served, shop, trains_with_stand_in

pytest_plugins = ["tests.browser"]
pytestmark = pytest.mark.asyncio(loop_scope="session")

NEW = "new.tar.gz"


@pytest.fixture
def home(fresh_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a project with one change that is not published."""
    with shop(tmp_path, monkeypatch) as made:
        migrate.upgrade()
        served(made)
        edit(made)
        yield made


@pytest.fixture
def address(home: Path, serve: Callable[[Starlette], str]) -> str:
    return serve(create_app(with_duties=False))


async def enters(page: Page, address: str, role: str = "operator") -> None:
    """Sign 小陈 in, and let her open the page."""
    person = people.add("chen", "小陈", role, "wolken ohne regen", time.time())
    new = sessions.open_session(person.id, time.time())
    await page.context.add_cookies([{"name": COOKIE, "value": new.token, "url": address}])
    await page.goto(f"{address}/publishing")


@contextmanager
def going_on(job: Job) -> Iterator[None]:
    """Be the process of a job, as far as others can tell."""
    with (places.folder() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        jobs.save(job)
        yield


def job_at(state: jobs.State, percent: float, **more: Any) -> Job:
    job = jobs.new_job("publish", "lin", time.time(), auto=False)
    return replace(job, state=state, percent=percent, step=jobs.STATES[state], **more)


def finish(job: Job, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Let a job that is going on come to its end, with a stand-in for Rasa."""
    trains_with_stand_in(home)
    monkeypatch.setattr(trying, "try_model", answers())
    run(job)


async def test_progress_result_and_service(
    home: Path, address: str, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_at("training", 31, remaining=65)
    with going_on(job):
        await enters(page, address)
        bar = page.locator("progress")
        await expect(bar).to_have_js_property("value", 31)
        await expect(page.get_by_text("大约还要 65 秒")).to_be_visible()
        await expect(page.get_by_role("button", name="发布", exact=True)).to_be_disabled()
        jobs.save(replace(job, state="testing", percent=72, step="用测试问题试新模型"))
        await expect(bar).to_have_js_property("value", 72)
        await page.reload()
        await expect(page.get_by_text("用测试问题试新模型")).to_be_visible()
        finish(job, monkeypatch, home)
    # The page notices by itself that the job has ended.
    await page.get_by_role("link", name="看结果并启用").click()
    await expect(page.get_by_text("3 条中 3 条找对条目")).to_be_visible()
    await page.get_by_role("button", name="启用这个模型").click()
    await expect(page.get_by_text("模型已就绪，重新启动 Rasa 后生效")).to_be_visible()
    await expect(page.get_by_text("没有。顾客得到的回答和知识库一致。")).to_be_visible()
    wanted = wish()
    assert wanted is not None
    assert (wanted.model, wanted.by) == (NEW, "chen")
    assert [p.kind for p in history.publications()] == ["publish"]


async def test_stop_and_what_becomes_of_a_killed_job(home: Path, address: str, page: Page) -> None:
    job = job_at("training", 31)
    page.on("dialog", lambda dialog: dialog.accept())
    with going_on(job):
        await enters(page, address)
        await page.get_by_role("button", name="取消", exact=True).click()
        await expect(page.get_by_text("正在发布")).to_be_visible()
        assert jobs.stopped_by(job.id) == "chen"
    # Its process is gone without a word.
    await expect(page.get_by_role("alert")).to_contain_text("可以重新开始")
    await expect(page.get_by_role("button", name="发布", exact=True)).to_be_enabled()


async def test_pages_fit_a_phone_and_work_with_the_keyboard(
    home: Path, address: str, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trying, "try_model", answers())
    trains_with_stand_in(home)
    job = jobs.save(job_at("queued", 0))
    run(job)
    await page.set_viewport_size({"width": 390, "height": 800})
    await enters(page, address)
    for path in ("/publishing", f"/publishing/{job.id}"):
        await page.goto(address + path)
        assert await page.evaluate("document.documentElement.scrollWidth") == 390
    button = page.get_by_role("button", name="启用这个模型")
    await button.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status").filter(has_text="模型已就绪")).to_be_visible()
