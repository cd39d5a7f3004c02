"""Work that takes longer than a request: done in a thread of its own, looked at meanwhile.

Jobs are kept in memory. What a job changes must survive that the process ends in the middle
of it; the page then says that it was broken off.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Literal

from kefu.backup.progress import Tell
from kefu.errors import KefuError
from kefu.staff.person import Person

logger = logging.getLogger(__name__)

Work = Callable[[Tell], Any]
State = Literal["running", "done", "failed"]

KEPT_SECONDS = 6 * 3600.0
MOST_KEPT = 40
FAILED = "出错了，原因已记录，请稍后再试；一直这样时请联系管理员"
# A rate over less than this says nothing.
_RATED_AFTER_SECONDS = 1.0


class JobRunning(KefuError):
    """Raised when another job of the same kind is not over yet.

    Attributes:
        job: The one that runs.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        super().__init__(f"{job.name or job.by} 的「{job.title}」正在进行，请等它完成后再试")


@dataclass(eq=False)
class Job:
    """One piece of work and how far it is.

    Attributes:
        id: In addresses.
        kind: Of one kind only one runs at a time.
        title: What it does, for people.
        by: Login of who started it.
        name: What people call them.
        about: What it is done to, such as a file.
        started_at: UTC seconds.
        state: running, done or failed.
        what: What is being done at present.
        done: How much of that is done, of `total`; 0: nobody knows.
        result: What came of it.
        error: Why it failed, for people.
        ended_at: UTC seconds, None while it runs.
    """

    id: str
    kind: str
    title: str
    by: str
    about: str
    started_at: float
    name: str = ""
    state: State = "running"
    what: str = "准备"
    done: int = 0
    total: int = 0
    result: Any = None
    error: str = ""
    ended_at: float | None = None
    _step_began: float = field(default_factory=time.monotonic)

    @property
    def is_running(self) -> bool:
        """Return whether it is not over."""
        return self.state == "running"

    @property
    def percent(self) -> int | None:
        """Return how much of the present step is done; None when nobody knows."""
        return min(100, 100 * self.done // self.total) if self.total > 0 else None

    def seconds_left(self) -> int | None:
        """Return about how long the present step will take; None when that cannot be told."""
        took = time.monotonic() - self._step_began
        if took < _RATED_AFTER_SECONDS or not 0 < self.done < self.total:
            return None
        return max(1, round(took * (self.total - self.done) / self.done))

    def tell(self, what: str, done: int, total: int) -> None:
        """Take note of how far it is."""
        if what != self.what:
            self._step_began = time.monotonic()
        self.what, self.done, self.total = what, done, total

    def may_be_seen_by(self, person: Person) -> bool:
        """Tell whether a person may see how far it is."""
        return person.is_operator or person.login == self.by


_jobs: dict[str, Job] = {}
_lock = threading.Lock()


def start(kind: str, title: str, by: str | Person, work: Work, about: str = "") -> Job:
    """Start a piece of work in a thread and return at once.

    Args:
        kind: Of one kind only one runs at a time.
        title: What it does, for people.
        by: Who wants it, or their login.
        work: Is given whom to tell how far it is; what it returns becomes the result. The
            text of a KefuError is shown, anything else that it raises is logged.
        about: What it is done to, for `latest`.

    Raises:
        JobRunning: One of this kind is not over yet.
    """
    login, name = (by, "") if isinstance(by, str) else (by.login, by.nickname)
    job = Job(secrets.token_urlsafe(12), kind, title, login, about, time.time(), name)
    with _lock:
        running = latest(kind, running_only=True)
        if running is not None:
            raise JobRunning(running)
        _forget_old(job.started_at)
        _jobs[job.id] = job
    # It ends with the process: what jobs write is whole at any moment.
    threading.Thread(target=_run, args=(job, work), name=f"job-{kind}", daemon=True).start()
    return job


def get(number: str) -> Job | None:
    """Return a job as it is at the moment; None when there is none, or none any more."""
    found = _jobs.get(number)
    return None if found is None else copy(found)


def latest(kind: str, about: str | None = None, running_only: bool = False) -> Job | None:
    """Return the job of a kind, and about something, that was started last, as it is now."""
    for job in reversed(tuple(_jobs.values())):
        wanted = job.kind == kind and (about is None or job.about == about)
        if wanted and (job.is_running or not running_only):
            return copy(job)
    return None


def ended(kind: str) -> list[Job]:
    """Return the jobs of a kind that are over, the newest first."""
    return [job for job in reversed(tuple(_jobs.values())) if job.kind == kind and job.ended_at]


def forget(job: Job) -> None:
    """Let go of a job that is over, and of what it holds."""
    with _lock:
        if not job.is_running:
            _jobs.pop(job.id, None)


def _run(job: Job, work: Work) -> None:
    try:
        job.result = work(job.tell)
        # Last: whoever reads that it is done finds what came of it.
        job.state = "done"
    except KefuError as error:
        job.error = str(error)
        job.state = "failed"
    except Exception:
        # The edge of a thread: whoever waits for the job must learn that it is over.
        logger.exception("job %s of %s failed", job.kind, job.by)
        job.error = FAILED
        job.state = "failed"
    finally:
        job.ended_at = time.time()


def _forget_old(now: float) -> None:
    ended = [job for job in _jobs.values() if job.ended_at is not None]
    surplus = len(_jobs) - MOST_KEPT + 1
    for number, job in enumerate(ended):
        assert job.ended_at is not None
        if number < surplus or now - job.ended_at > KEPT_SECONDS:
            del _jobs[job.id]
