"""Work that takes longer than a request."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from starlette.applications import Starlette

from kefu.backup.progress import Tell
from kefu.console import jobs
from kefu.console.jobs import Job, JobRunning
from kefu.errors import KefuError
from tests.console.at_work import finished
from tests.console.visitors import Visitor


@dataclass
class Gate:
    """Work that says how far it is, and goes on when it is let through."""

    reached: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)

    def work(self, tell: Tell) -> str:
        tell("读取表格", 30, 40)
        self.reached.set()
        assert self.opened.wait(20)
        return "好了"


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    yield
    finished()
    jobs._jobs.clear()


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.opened.set()


def begun(gate: Gate, by: str = "lin") -> Job:
    job = jobs.start("sheet", "检查「问答.xlsx」", by, gate.work)
    assert gate.reached.wait(20)
    return job


def failing(error: Exception) -> Job:
    def work(tell: Tell) -> None:
        raise error

    job = jobs.start("sheet", "导入", "lin", work)
    finished()
    return job


def test_how_far_a_job_is_can_be_seen_and_what_came_of_it(gate: Gate) -> None:
    job = begun(gate)
    assert (job.is_running, job.what, job.percent) == (True, "读取表格", 75)
    gate.opened.set()
    finished()
    assert (job.state, job.result) == ("done", "好了")


def test_of_one_kind_only_one_runs_and_the_second_is_told_whose_it_waits_for(gate: Gate) -> None:
    begun(gate)
    with pytest.raises(JobRunning, match="lin 的「检查「问答"):
        jobs.start("sheet", "另一个", "mei", lambda tell: None)
    other = jobs.start("backup", "立即备份", "mei", lambda tell: None)
    gate.opened.set()
    finished()
    assert other.state == "done"
    assert jobs.start("sheet", "另一个", "mei", lambda tell: None) is not None


def test_an_error_with_a_remedy_is_shown_and_any_other_is_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert failing(KefuError("磁盘满了，请清理")).error == "磁盘满了，请清理"
    shown = failing(RuntimeError("secret detail"))
    assert shown.state == "failed"
    assert "出错了" in shown.error and "secret" not in shown.error
    assert "secret detail" in caplog.text


def test_old_jobs_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    first = jobs.start("sheet", "导入", "lin", lambda tell: None)
    finished()
    for _ in range(jobs.MOST_KEPT):
        jobs.start("sheet", "导入", "lin", lambda tell: None)
        finished()
    assert jobs.get(first.id) is None
    assert len(jobs._jobs) == jobs.MOST_KEPT
    monkeypatch.setattr(jobs, "KEPT_SECONDS", -1.0)
    last = jobs.start("sheet", "导入", "lin", lambda tell: None)
    assert list(jobs._jobs) == [last.id]


def test_the_page_asks_again_while_it_runs_and_is_loaded_anew_at_the_end(
    administrator: Visitor, gate: Gate
) -> None:
    job = begun(gate)
    shown = administrator.get(f"/jobs/{job.id}")
    assert 'hx-trigger="every 1s"' in shown.text and 'value="75"' in shown.text
    assert "读取表格 75 %" in shown.text
    gate.opened.set()
    finished()
    ended = administrator.get(f"/jobs/{job.id}")
    assert ended.headers["HX-Refresh"] == "true" and "hx-get" not in ended.text


def test_a_job_that_went_with_the_process_is_said_to_be_broken_off(administrator: Visitor) -> None:
    shown = administrator.get("/jobs/abcdefghijklmnop")
    assert shown.status_code == 200
    assert "已中断，请重做" in shown.text and "hx-get" not in shown.text


def test_an_agent_does_not_see_the_job_of_another(
    console: Starlette, agent: Visitor, gate: Gate
) -> None:
    job = begun(gate)
    assert "读取表格" not in agent.get(f"/jobs/{job.id}").text
    with Visitor(console) as owner:
        owner.becomes("mei", "小美", "agent")
        job.by = "mei"
        assert "读取表格" in owner.get(f"/jobs/{job.id}").text
