"""The rounds of the desk: made by one console at a time, and never for the last time."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import pytest

from kefu.console import duties
from kefu.storage.leases import Lease

pytestmark = pytest.mark.usefixtures("database")


class Looks:
    """Counts the looks; the first ones fail."""

    def __init__(self, failures: int = 0) -> None:
        self.count = 0
        self._failures = failures

    def __call__(self, now: float) -> None:
        self.count += 1
        if self.count <= self._failures:
            raise RuntimeError("the database was gone for a moment")


async def reaches(looks: Looks, count: int) -> None:
    deadline = time.monotonic() + 20
    while looks.count < count:
        assert time.monotonic() < deadline, f"only {looks.count} looks"
        await asyncio.sleep(0.01)


async def cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_look_that_fails_is_logged_and_not_the_last(
    caplog: pytest.LogCaptureFixture,
) -> None:
    looks = Looks(failures=2)
    task = asyncio.create_task(duties.keep_looking(looks, pause=0))
    await reaches(looks, 4)
    await cancelled(task)
    assert caplog.text.count("a look at the desk failed") == 2


async def test_one_console_looks_and_another_takes_over_when_it_stops() -> None:
    one, two = Looks(), Looks()
    first = asyncio.create_task(duties.keep_looking(one, pause=0))
    await reaches(one, 1)
    second = asyncio.create_task(duties.keep_looking(two, pause=0))
    await reaches(one, 5)
    assert two.count == 0
    await cancelled(first)
    await reaches(two, 1)
    await cancelled(second)
    assert Lease(duties.LEASE).hold(time.time())
