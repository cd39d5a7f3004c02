"""All looks together: at the same time, each no more often than it is worth."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from kefu.doctoring.finding import Finding, Look

_THREADS = 8
# What is being mended is looked at again soon, however rarely otherwise.
_KEEP_BAD_SECONDS = 10.0
_NOT_YET = "正在检查，稍后显示结果"


@dataclass(frozen=True)
class _Kept:
    findings: list[Finding]
    until: float
    state: object


class Checkup:
    """Looks, and remembers what was found; safe to use from several threads."""

    def __init__(self, looks: Sequence[Look], patience: float | None = None) -> None:
        """Take the looks in the order in which to mend, and how long to wait for slow ones.

        Args:
            looks: What is looked at.
            patience: Seconds after which a look that is not done is told of as such.
        """
        self._looks = looks
        self._patience = patience
        self._threads = ThreadPoolExecutor(_THREADS, "checkup")
        self._kept: dict[str, _Kept] = {}
        self._running: dict[str, Future[None]] = {}
        self._lock = threading.Lock()

    def findings(self) -> list[Finding]:
        """Return what is found now or was just before; who asks meanwhile waits for the same."""
        with self._lock:
            for look in self._looks:
                if look.name not in self._running and not self._is_fresh(look):
                    self._running[look.name] = self._threads.submit(self._look, look)
            running = list(self._running.values())
        for done in wait(running, self._patience).done:
            done.result()
        with self._lock:
            return [found for look in self._looks for found in self._found(look)]

    def _look(self, look: Look) -> None:
        state = look.state()
        try:
            found = look.findings()
            until = time.monotonic() + _keep(look, found)
            with self._lock:
                self._kept[look.name] = _Kept(found, until, state)
        finally:
            with self._lock:
                del self._running[look.name]

    def _is_fresh(self, look: Look) -> bool:
        kept = self._kept.get(look.name)
        return kept is not None and kept.until > time.monotonic() and kept.state == look.state()

    def _found(self, look: Look) -> list[Finding]:
        kept = self._kept.get(look.name)
        if kept is None:
            return [Finding(look.name, True, _NOT_YET, known=False)]
        return kept.findings


def worst_first(findings: Sequence[Finding]) -> list[Finding]:
    """Return them with what is to be mended first."""
    return sorted(findings, key=lambda found: found.ok)


def _keep(look: Look, found: Sequence[Finding]) -> float:
    """Return for how many seconds a finding is good enough."""
    well = all(one.ok for one in found)
    return look.keep if well or look.follows else min(look.keep, _KEEP_BAD_SECONDS)
