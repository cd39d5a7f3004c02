"""Starting a job in a process of its own, one at a time, whoever starts it.

The process inherits a locked file. The lock lasts as long as the process, however that
ends, so that a job that does not say how it ended and is not locked was broken off.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kefu.environment import environment
from kefu.publishing import jobs, places
from kefu.publishing.errors import Busy
from kefu.publishing.jobs import Job, Kind
from kefu.running import children

# Customers come first.
_NICENESS = 10


def start(kind: Kind, by: str, now: float, **given: Any) -> Job:
    """Start a job in the background and return it.

    Args:
        kind: What is to be done.
        by: Who wants it: a login.
        now: UTC seconds.
        given: Further fields of the job.

    Raises:
        Busy: Another job is under way.
    """
    with _gate():
        descriptor = _take_lock()
        try:
            jobs.clear_old()
            job = jobs.save(jobs.new_job(kind, by, now, **given))
            _spawn(job, descriptor)
        finally:
            os.close(descriptor)
    return job


def running() -> Job | None:
    """Return the job that is under way, None while there is none."""
    with _gate():
        newest = _newest()
        return newest if newest and not newest.ended and _is_locked() else None


def current(job_id: str) -> Job:
    """Return a job; one whose process died is broken. Raises NoSuchJob."""
    with _gate():
        job = jobs.get(job_id)
        return job if job.ended or _is_running(job) else jobs.as_broken(job)


def latest() -> Job | None:
    """Return the job that was started last, None when there never was one."""
    with _gate():
        job = _newest()
        return jobs.as_broken(job) if job and not job.ended and not _is_locked() else job


def _is_running(job: Job) -> bool:
    newest = _newest()
    return newest is not None and newest.id == job.id and _is_locked()


def _newest() -> Job | None:
    return next(iter(jobs.all_jobs()), None)


def _take_lock() -> int:
    newest = _newest()
    descriptor = os.open(_lock(), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        # One that has said how it ended is about to be gone.
        wait = 0 if newest and newest.ended else fcntl.LOCK_NB
        fcntl.flock(descriptor, fcntl.LOCK_EX | wait)
    except BlockingIOError:
        os.close(descriptor)
        by = f"，由 {newest.by} 开始" if newest else ""
        raise Busy(f"已经有一次发布在进行（{_what(newest)}{by}），请等它结束或先取消它") from None
    return descriptor


def _what(job: Job | None) -> str:
    return jobs.STATES[job.state] if job else "准备中"


def _is_locked() -> bool:
    descriptor = os.open(_lock(), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _spawn(job: Job, descriptor: int) -> None:
    place = environment()
    module = [sys.executable, "-m", "kefu.publishing", job.id, str(descriptor)]
    with open(places.log(), "ab") as output:
        process = subprocess.Popen(
            ["nice", "-n", str(_NICENESS), *module],
            cwd=place.home,
            env=children.variables(place),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(descriptor,),
            # The console may end, or be ended with its group; the job goes on.
            start_new_session=True,
        )
    threading.Thread(target=process.wait, name="publishing", daemon=True).start()


@contextmanager
def _gate() -> Iterator[None]:
    """Keep who looks at the lock from being taken for one who holds it."""
    descriptor = os.open(places.folder() / "gate", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _lock() -> Path:
    return places.folder() / "lock"
