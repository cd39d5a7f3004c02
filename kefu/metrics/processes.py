"""The processes of this installation: whether they answer, since when, and what they take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psutil

from kefu.environment import environment
from kefu.metrics.supervised import Supervised, ended, supervised
from kefu.running.health import probe
from kefu.running.programs import Program, programs

DAY = 86400.0


@dataclass(frozen=True)
class Used:
    """What a process and its children take: resident bytes, seconds of CPU; UTC seconds."""

    memory: int
    cpu: float
    since: float


@dataclass(frozen=True)
class Process:
    """One program of the installation.

    Attributes:
        program: What it is.
        health: Seconds that its health check took, None when it did not answer.
        pids: Its processes; none where it is not known (it was started by other means).
        used: What they take together, None where that is not known.
        restarts: How often it has ended by itself lately.
    """

    program: Program
    health: float | None
    pids: tuple[int, ...] = ()
    used: Used | None = None
    restarts: int = 0

    @property
    def up(self) -> bool:
        """Tell whether it answers."""
        return self.health is not None


def processes(now: float, lately: float = DAY) -> list[Process]:
    """Look at every program of this installation.

    Args:
        now: UTC seconds.
        lately: For how many seconds back its ends are counted.

    Raises:
        AccountProblem: An account of WeChat is half configured.
    """
    place = environment()
    chosen = programs(place)
    names = [program.name for program in chosen]
    running: dict[str, list[int]] = {name: [] for name in names}
    for one in supervised(place.var):
        name = _program_of(one, names)
        if name is not None and one.pid:
            running[name].append(one.pid)
    crashes = dict.fromkeys(names, 0)
    for process, times in ended(place.var, now - lately).items():
        name = _program_of(Supervised(process, process, "", 0), names)
        if name is not None:
            crashes[name] += times
    return [
        Process(p, health, tuple(running[p.name]), used(running[p.name]), crashes[p.name])
        for p, health in zip(chosen, _probed(chosen), strict=True)
    ]


def used(pids: Iterable[int]) -> Used | None:
    """Return what processes and their children take together, None when none is there."""
    taken = [one for pid in pids for one in _family(pid)]
    if not taken:
        return None
    return Used(
        sum(one.memory for one in taken),
        sum(one.cpu for one in taken),
        min(one.since for one in taken),
    )


def _family(pid: int) -> list[Used]:
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return []
    return [found for one in family if (found := _used(one)) is not None]


def _used(process: psutil.Process) -> Used | None:
    try:
        with process.oneshot():
            times = process.cpu_times()
            since = process.create_time()
            return Used(process.memory_info().rss, times.user + times.system, since)
    except psutil.Error:
        return None


def _program_of(one: Supervised, names: Sequence[str]) -> str | None:
    """Return the program that a process belongs to; a program may have several instances."""
    for known in (one.name, one.group):
        if known in names:
            return known
    within = [name for name in names if one.name.startswith(name)]
    return max(within, key=len, default=None)


def _probed(chosen: Sequence[Program]) -> list[float | None]:
    # One that hangs must not hold up the others.
    with ThreadPoolExecutor(max(1, len(chosen))) as threads:
        return list(threads.map(lambda program: probe(program.health_url), chosen))
