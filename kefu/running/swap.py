"""Bringing the chosen model to the customers: a second Rasa process takes over from the first.

`kefu run` looks here from time to time. It alone decides which of the two answers, so that
a crash of any process at any moment leaves one of them answering, and never two for good.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kefu.environment import environment
from kefu.running import log_files, serving
from kefu.running.daemon import Daemon, State
from kefu.running.instances import Orders, give_orders, report_of
from kefu.running.programs import Program
from kefu.running.serving import SwapState, Wish
from kefu.training import MODELS

# On a busy machine; nobody waits for it.
READY_SECONDS = 240.0
# Longer than the longest request of a customer who is still connected.
LEAVING_SECONDS = 60.0
_LOADING = "正在装入新模型，顾客仍由现在的模型应答"
_ENDED = ("BACKOFF", "EXITED", "FATAL", "STOPPED", "UNKNOWN")


@dataclass(frozen=True)
class _Attempt:
    """An instance on its way to take over."""

    name: str
    wish: Wish
    began: float
    log_sizes: tuple[int, int]


@dataclass(frozen=True)
class _Leaver:
    """An instance that has handed over, or whose attempt to take over was given up."""

    name: str
    since: float
    given_up: _Attempt | None = None


class Swap:
    """Fulfils what was chosen, one model after the other."""

    def __init__(
        self,
        daemon: Daemon,
        program: Program,
        model: Path,
        tell: Callable[[str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take who runs the instances, and which model the first of them loads.

        Args:
            daemon: Runs them.
            program: The first of them, with its standby.
            model: Its model.
            tell: Shows a line to whoever started all.
            clock: UTC seconds.
        """
        standby = program.standby or program
        self._others = {program.name: standby.name, standby.name: program.name}
        self._daemon = daemon
        self._log = daemon.log_file(program.name)
        self._tell = tell
        self._clock = clock
        self.serving = program.name
        self._models = {program.name: str(model)}
        self._attempt: _Attempt | None = None
        self._leaver: _Leaver | None = None
        self._wish = serving.wish()
        self._order(None)

    @property
    def is_busy(self) -> bool:
        """Tell whether two instances are there."""
        return self._attempt is not None or self._leaver is not None

    def handles(self, name: str) -> bool:
        """Tell whether a program comes and goes here, so that nobody need be told of it."""
        return name in self._others and name != self.serving

    def started(self) -> None:
        """Note that the first instance answers."""
        self._note(failed=self._failed_before())

    def look(self, states: list[State]) -> None:
        """Do what is to be done next; `states` are those of all programs, now."""
        known = {state.name: state for state in states}
        if not known:
            return
        if self._leaver is not None:
            self._see_off(self._leaver, known)
        elif self._attempt is not None:
            self._watch(self._attempt, known)
        else:
            wanted = serving.wish()
            if wanted is not None and wanted != self._wish:
                self._begin(wanted)

    def _begin(self, wanted: Wish) -> None:
        self._wish = wanted
        model = environment().home / MODELS / wanted.model
        if not model.is_file():
            self._fail(f"模型文件 {wanted.model} 已经不在 models 目录里")
            return
        if Path(self._models[self.serving]).name == wanted.model:
            self._note()
            return
        other = self._others[self.serving]
        self._models[other] = str(model)
        sizes = log_files.size(self._log), log_files.size(self._daemon.own_log())
        self._attempt = _Attempt(other, wanted, self._clock(), sizes)
        self._order(other)
        self._note(switching_to=wanted.model, step=_LOADING)
        self._tell(f"正在换上模型 {wanted.model}（{wanted.by}）")
        self._daemon.start_program(other)

    def _watch(self, attempt: _Attempt, known: dict[str, State]) -> None:
        if self._has_taken_over(attempt):
            self._adopt(attempt)
        elif known[attempt.name].state in _ENDED or self._end_of(attempt):
            self._give_up(attempt, self._why(attempt))
        elif self._clock() > attempt.began + READY_SECONDS:
            self._give_up(attempt, f"{READY_SECONDS:.0f} 秒内没有装入")

    def _adopt(self, attempt: _Attempt) -> None:
        self._attempt = None
        self._leaver = _Leaver(self.serving, self._clock())
        self.serving = attempt.name
        self._order(None)
        # In case that it was stopped at the same moment.
        self._daemon.start_program(attempt.name)
        self._note()
        self._tell(f"已换上模型 {attempt.wish.model}")

    def _give_up(self, attempt: _Attempt, reason: str) -> None:
        self._order(None)
        self._daemon.stop_program(attempt.name)
        self._attempt = None
        # It is to be gone before another may be tried.
        self._leaver = _Leaver(attempt.name, 0.0, attempt)
        self._fail(reason)

    def _see_off(self, leaver: _Leaver, known: dict[str, State]) -> None:
        state = known[leaver.name]
        if state.state in ("STOPPED", "EXITED", "FATAL"):
            self._leaver = None
            if leaver.given_up is not None and self._has_taken_over(leaver.given_up):
                self._adopt(leaver.given_up)
        elif state.state != "STOPPING":
            said = report_of(leaver.name)
            stays = said is not None and said.pid == state.pid and not said.left
            if not stays or self._clock() > leaver.since + LEAVING_SECONDS:
                self._daemon.stop_program(leaver.name)

    def _has_taken_over(self, attempt: _Attempt) -> bool:
        # Also when it has died since: the one before it does not answer any more.
        said = report_of(attempt.name)
        return said is not None and said.since >= attempt.began

    def _end_of(self, attempt: _Attempt) -> str | None:
        """Return what supervisord says of its end, though it may have been started again."""
        lines = log_files.tail(self._daemon.own_log(), attempt.log_sizes[1])
        return next((line for line in lines if f"exited: {attempt.name} " in line), None)

    def _why(self, attempt: _Attempt) -> str:
        if "terminated by" in (self._end_of(attempt) or ""):
            return "新模型的进程被强行结束了，可能是内存不够"
        return log_files.last_reason(self._log, attempt.log_sizes[0]) or "新模型的进程自己结束了"

    def _order(self, heir: str | None) -> None:
        give_orders(Orders(self.serving, heir, self._models))

    def _fail(self, reason: str) -> None:
        self._tell(f"没有换成新模型：{reason}。顾客仍由原来的模型应答")
        self._note(failed=reason)

    def _failed_before(self) -> str | None:
        before = serving.swap_state()
        return before.failed if self._wish and before.wish == self._wish.at else None

    def _note(
        self,
        switching_to: str | None = None,
        step: str | None = None,
        failed: str | None = None,
    ) -> None:
        said = report_of(self.serving)
        state = SwapState(
            model=Path(self._models[self.serving]).name,
            since=said.since if said else None,
            switching_to=switching_to,
            step=step,
            failed=failed,
            wish=self._wish.at if self._wish else None,
        )
        serving.write_swap_state(state)
