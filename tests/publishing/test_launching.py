"""One job at a time in a process of its own, whatever becomes of who started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kefu.environment import child_environment
from kefu.publishing import decisions, jobs, launching, places
from kefu.publishing.errors import Busy, NoSuchJob, Refused
from kefu.publishing.jobs import Job
from tests.end_to_end.processes import eventually
from tests.publishing.shops import trains_with_stand_in

# Trains until a file appears, and fails then.
_UNTIL = """
import time
while not pathlib.Path({flag!r}).exists():
    time.sleep(0.02)
raise ValueError("let go")
"""


@pytest.fixture
def let_go(home: Path, tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Let training last until the function that this gives is called."""
    flag = tmp_path / "flag"
    trains_with_stand_in(home, _UNTIL.format(flag=str(flag)))
    yield flag.touch
    flag.touch()
    eventually(lambda: not _processes(), 60, "all processes have ended")


def reaches(job: Job, *states: str) -> Job:
    """Wait until a job is in one of the states, and return it."""

    def seen() -> Job | None:
        now = launching.current(job.id)
        return now if now.state in states else None

    found: Job = eventually(seen, 90, f"the job is {states}")
    return found


def test_second_job_is_told_who_has_the_first(let_go: Callable[[], None]) -> None:
    job = decisions.publish("chen", time.time(), auto=True)
    assert launching.running() == launching.current(job.id)
    reaches(job, "training")
    with pytest.raises(Busy, match="训练，由 chen 开始"):
        decisions.publish("lin", time.time(), auto=True)
    let_go()
    assert "ValueError: let go" in reaches(job, "failed").text
    assert launching.running() is None
    again = decisions.publish("lin", time.time(), auto=True)
    assert reaches(again, "failed").by == "lin"


def test_killed_job_is_broken_off_and_leaves_nothing_running(let_go: Callable[[], None]) -> None:
    job = decisions.publish("chen", time.time(), auto=True)
    reaches(job, "training")
    eventually(lambda: len(_processes()) == 2, 30, "job and training run")
    os.kill(next(pid for pid, line in _processes().items() if job.id in line), signal.SIGKILL)
    broken = reaches(job, "broken")
    assert "可以重新开始" in broken.text
    assert launching.latest() == broken
    eventually(lambda: not _processes(), 30, "the training has ended too")
    let_go()
    again = decisions.publish("chen", time.time(), auto=True)
    assert reaches(again, "failed")
    eventually(lambda: not places.work().exists(), 30, "what it worked on is gone")


def test_job_outlives_who_started_it(home: Path, let_go: Callable[[], None]) -> None:
    program = (
        "import time; from kefu.publishing import decisions;"
        "decisions.publish('chen', time.time(), True); print('started', flush=True);"
        "time.sleep(600)"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=home.parent,
        env=child_environment(),
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert starter.stdout is not None
    assert starter.stdout.readline() == b"started\n"
    (job,) = jobs.all_jobs()
    reaches(job, "training")
    os.killpg(starter.pid, signal.SIGKILL)
    starter.communicate()
    assert launching.running() is not None
    let_go()
    assert "let go" in reaches(job, "failed").text


def test_job_stops_when_it_is_asked_to(let_go: Callable[[], None]) -> None:
    job = decisions.publish("chen", time.time(), auto=True)
    reaches(job, "training")
    jobs.ask_to_stop(job.id, "lin")
    assert reaches(job, "cancelled").text == "已取消，什么都没有改变"
    eventually(lambda: not _processes(), 30, "the training has ended too")


def test_models_that_are_not_there_are_not_used(home: Path) -> None:
    for name in ("gone.tar.gz", "../models/a.tar.gz", "", ".tar.gz"):
        with pytest.raises(Refused, match="已经不在"):
            decisions.use(name, "lin", time.time(), may_force=True)
    assert jobs.all_jobs() == []


@pytest.mark.parametrize("name", ["unknown", "../lock", ""])
def test_unknown_job(home: Path, name: str) -> None:
    with pytest.raises(NoSuchJob):
        launching.current(name)


def _processes() -> dict[int, str]:
    """Return the command lines of the processes of this shop's jobs."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            line = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            here = f"KEFU_VAR={places.folder().parent}".encode() in (place / "environ").read_bytes()
        except (OSError, ValueError):
            continue
        if here and ("kefu.publishing " in line or "-m rasa train" in line):
            found[int(place.name)] = line
    return found
