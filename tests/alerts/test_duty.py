"""The console watches while it runs: one at a time, and never for the last time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from kefu.alerts import duty
from kefu.alerts.signals import Rule, Signal
from kefu.alerts.watch import Watch
from kefu.storage.leases import Lease
from tests.alerts.conftest import Robot


async def reaches(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "did not happen in time"
        await asyncio.sleep(0.02)


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_two_consoles_tell_once_and_a_failed_look_is_not_the_last(
    robot: Robot, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float] = []

    def look(now: float) -> list[Signal]:
        looks.append(now)
        if len(looks) == 1:
            raise RuntimeError("nobody thought of this")
        return [Signal("storm", "风暴", True, "9 级")]

    monkeypatch.setattr(duty, "Watch", lambda: Watch([Rule("storm", look)]))
    first = asyncio.create_task(duty.keep_watching(pause=0))
    second = asyncio.create_task(duty.keep_watching(pause=0))
    await reaches(lambda: len(looks) > 6)
    await ended(first)
    seen = len(looks)
    await reaches(lambda: len(looks) > seen + 2)
    await ended(second)
    assert len(robot.texts()) == 1
    assert Lease(duty.LEASE).hold(time.time())
