"""Watching over what runs: programs that end come back, and the chosen model comes in."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from kefu.running.daemon import Daemon, State
from kefu.running.programs import Program
from kefu.running.swap import Swap

_SECONDS = 2.0
_SWAP_SECONDS = 0.3

Tell = Callable[[str], None]


def swap_of(daemon: Daemon, chosen: Sequence[Program], tell: Tell) -> Swap | None:
    """Return what changes the model of the program that has one; None where none has."""
    for program in chosen:
        if program.standby is not None and program.model is not None:
            return Swap(daemon, program, program.model, tell)
    return None


def watch(daemon: Daemon, swap: Swap | None, tell: Tell) -> None:
    """Stay as long as supervisord does, and tell what comes and goes."""
    seen = {state.name: state for state in daemon.states()}
    while daemon.alive():
        time.sleep(_SWAP_SECONDS if swap is not None and swap.is_busy else _SECONDS)
        daemon.rotate_shared_logs()
        states = daemon.states()
        if swap is not None:
            swap.look(states)
        for state in states:
            if swap is None or not swap.handles(state.name):
                if state.state == "FATAL":
                    daemon.start_program(state.name)
                _tell_change(seen.get(state.name), state, daemon, tell)
            seen[state.name] = state


def _tell_change(before: State | None, now: State, daemon: Daemon, tell: Tell) -> None:
    if before is None or before.pid == now.pid:
        return
    name = daemon.program_of(now.name)
    if now.pid:
        tell(f"{name} 已重新启动")
    else:
        tell(f"{name} 意外结束，正在重新启动（日志：{daemon.log_file(name)}）")
