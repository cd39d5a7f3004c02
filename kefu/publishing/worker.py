"""A job while it is being done: it tells how far it is, and notices when it is to stop."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from kefu.publishing import jobs
from kefu.publishing.errors import Cancelled
from kefu.publishing.jobs import Job, Kind, State
from kefu.publishing.progress import TRAINING, TRYING, Steps

_EVERY_SECONDS = 0.4
_STATES: dict[str, State] = {
    "check": "checking",
    **dict.fromkeys(TRAINING, "training"),
    **dict.fromkeys(TRYING, "testing"),
    "compare": "comparing",
    "swap": "swapping",
}


class Worker:
    """Writes down how far a job is; a step may raise Cancelled until the model is changed."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.steps = Steps(_steps(job.kind, job.auto))
        self._saved_at = 0.0

    def tell(self, step: str, fraction: float | None = None, words: str = "") -> None:
        """Tell what is being done, how much of it where it is known, and in which words.

        Raises:
            Cancelled: Somebody asked to stop, and it is not too late.
        """
        self.steps.begin(step)
        if fraction is not None:
            self.steps.reached(fraction)
        state = _STATES[step]
        if state != "swapping":
            self._stop_if_asked()
        if state != self.job.state or time.monotonic() - self._saved_at > _EVERY_SECONDS:
            self._save(state, words)

    def knows(self, **given: Any) -> None:
        """Write down something about the job."""
        self.job = jobs.save(replace(self.job, **given))

    def end(self, state: State, text: str, **given: Any) -> None:
        """Write down how the job ended."""
        if state in ("done", "waiting", "refused") and not given.get("problems"):
            self.steps.end()
        done = {"percent": 100.0} if state in ("done", "waiting") else {}
        self.knows(
            state=state, text=text, step="", remaining=None, finished_at=time.time(),
            **{**done, **given},
        )  # fmt: skip

    def _save(self, state: State, words: str) -> None:
        now = self.steps.now()
        step = f"{now.step}：{words}" if words else now.step
        self._saved_at = time.monotonic()
        self.knows(state=state, percent=now.percent, step=step, remaining=now.remaining)

    def _stop_if_asked(self) -> None:
        if jobs.stopped_by(self.job.id) is not None:
            raise Cancelled("已取消，什么都没有改变")


def _steps(kind: Kind, auto: bool) -> tuple[str, ...]:
    last = ("swap",) if auto else ()
    return {
        "publish": ("check", *TRAINING, *TRYING, *last),
        "check": TRYING,
        "use": ("swap",),
    }[kind]
