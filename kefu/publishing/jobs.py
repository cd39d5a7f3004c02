"""One publication from its start to its end, as a file that its process writes and all read."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from kefu.publishing import kept, places
from kefu.publishing.errors import NoSuchJob

Kind = Literal["publish", "check", "use"]
State = Literal[
    "queued", "checking", "training", "testing", "comparing", "swapping",
    "waiting", "done", "refused", "failed", "cancelled", "broken",
]  # fmt: skip
STATES: dict[State, str] = {
    "queued": "准备中",
    "checking": "检查知识库",
    "training": "训练",
    "testing": "测试",
    "comparing": "比较",
    "swapping": "启用",
    "waiting": "等待启用",
    "done": "完成",
    "refused": "没有通过",
    "failed": "没有成功",
    "cancelled": "已取消",
    "broken": "中断",
}
ENDS = frozenset({"waiting", "done", "refused", "failed", "cancelled", "broken"})
# What of earlier publications can still be looked at.
_KEPT = 40
_ID = re.compile(r"[A-Za-z0-9-]{1,60}")


@dataclass(frozen=True)
class FoundProblem:
    """A mistake in the knowledge base: file in the project, 1-based line, text, the entry."""

    file: str
    line: int
    text: str
    label: str = ""


@dataclass(frozen=True)
class Job:
    """A publication, a trial of a model, or a change to a model that is there already.

    Attributes:
        id: Its name in addresses.
        kind: publish (train, try, bring into service), check (try), use (bring into service).
        by: Who started it: a login.
        started_at, finished_at: UTC seconds; the second is None while it runs.
        auto: Whether a model that passes comes into service without being asked for.
        model: File name of the model, None until it is made.
        former: File name of the model that was in service before.
        reason: Why an administrator lets a refused model through.
        tried_in: The job in which the model of a `use` was tried, or "".
        state: How far it is.
        percent: 0 to 100.
        step: What it is doing (Chinese).
        remaining: Seconds that are left as far as is known.
        text: How it ended (Chinese).
        problems: Mistakes of the knowledge base that stopped it.
    """

    id: str
    kind: Kind
    by: str
    started_at: float
    auto: bool = True
    model: str | None = None
    former: str | None = None
    reason: str = ""
    tried_in: str = ""
    state: State = "queued"
    percent: float = 0.0
    step: str = "准备中"
    remaining: float | None = None
    text: str = ""
    problems: tuple[FoundProblem, ...] = ()
    finished_at: float | None = None

    @property
    def ended(self) -> bool:
        """Tell whether nothing more will come of it."""
        return self.state in ENDS


def new_job(kind: Kind, by: str, now: float, **given: Any) -> Job:
    """Return a job with an id of its own; nothing is written."""
    # No run of eleven digits: an address with one is refused as somebody's number.
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(now))
    return Job(f"{stamp}-{secrets.token_hex(2)}", kind, by, now, **given)


def save(job: Job) -> Job:
    """Write a job down; a reader sees the old state or the new one."""
    kept.write(_file(job.id), asdict(job))
    return job


def get(job_id: str) -> Job:
    """Return a job as its process left it. Raises NoSuchJob."""
    found = _read(_file(job_id)) if _is_id(job_id) else None
    if found is None:
        raise NoSuchJob("这次发布的记录已经不在，请返回「发布」页面")
    return found


def all_jobs() -> list[Job]:
    """Return the jobs that are kept, the newest first."""
    found = (_read(file) for file in places.below("jobs").glob("*.json"))
    return sorted((job for job in found if job), key=lambda job: job.started_at, reverse=True)


def ask_to_stop(job_id: str, by: str) -> None:
    """Have a job stop at its next step; one that has begun to change the model does not."""
    if _is_id(job_id):
        kept.write(_stop_file(job_id), {"by": by})


def stopped_by(job_id: str) -> str | None:
    """Return who asked a job to stop, None where nobody did."""
    asked = kept.read(_stop_file(job_id))
    return None if asked is None else str(asked["by"])


def result_file(job_id: str) -> Path:
    """Return the file with what a trial showed."""
    return places.below("results") / f"{job_id}.json"


def clear_old() -> None:
    """Remove what is kept of jobs that nobody asks for any more."""
    for job in all_jobs()[_KEPT:]:
        for file in (_file(job.id), _stop_file(job.id), result_file(job.id)):
            file.unlink(missing_ok=True)


def as_broken(job: Job) -> Job:
    """Return an unfinished job as that of a process that died."""
    text = "发布的进程中途结束了，没有留下做了一半的东西，可以重新开始"
    return replace(job, state="broken", text=text, finished_at=job.started_at)


def _read(file: Path) -> Job | None:
    given = kept.read(file)
    if given is None:
        return None
    problems = tuple(FoundProblem(**problem) for problem in given["problems"])
    return Job(**{**given, "problems": problems})


def _is_id(job_id: str) -> bool:
    return _ID.fullmatch(job_id) is not None


def _file(job_id: str) -> Path:
    return places.below("jobs") / f"{job_id}.json"


def _stop_file(job_id: str) -> Path:
    return places.below("jobs") / f"{job_id}.stop"
