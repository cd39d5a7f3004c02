"""Waking another process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kefu.bell import Bell, Listener
from kefu.environment import environment
from tests.model import PROJECT

# Far longer than any test takes: whoever was not woken fails by the clock.
LONG = 30.0
RING = "from kefu.bell import Bell; Bell('work').ring()"
LISTEN = """
import asyncio
from kefu.bell import Listener

async def main():
    listener = Listener("work")
    await listener.open()
    print("listening", flush=True)
    await listener.wait(60)
    print("woken", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def bell(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bell]:
    """Give a bell for those who work, in a data directory whose path is short."""
    with tempfile.TemporaryDirectory(prefix="k") as var:
        monkeypatch.setenv("KEFU_HOME", str(PROJECT))
        monkeypatch.setenv("KEFU_VAR", var)
        environment.cache_clear()
        bell = Bell("work")
        yield bell
        bell.close()
    environment.cache_clear()


async def heard(listener: Listener, seconds: float = LONG) -> bool:
    return bool(await listener.wait(seconds))


def sockets() -> list[Path]:
    return sorted((environment().var / "run" / "bells").glob("*.sock"))


async def test_a_ring_wakes_who_listens(bell: Bell) -> None:
    listener = Listener("work")
    await listener.open()
    bell.ring()
    assert await heard(listener)
    listener.close()


async def test_a_ring_before_the_wait_is_not_lost_and_counts_once(bell: Bell) -> None:
    listener = Listener("work")
    await listener.open()
    bell.ring()
    bell.ring()
    assert await heard(listener)
    assert not await heard(listener, 0.02)
    listener.close()


async def test_all_who_listen_are_woken(bell: Bell) -> None:
    listeners = [Listener("work") for _ in range(3)]
    for listener in listeners:
        await listener.open()
    waits = [asyncio.ensure_future(heard(listener)) for listener in listeners]
    bell.ring()
    assert await asyncio.gather(*waits) == [True] * 3
    for listener in listeners:
        listener.close()


async def test_bells_of_another_name_wake_nobody(bell: Bell) -> None:
    listener = Listener("other")
    await listener.open()
    bell.ring()
    assert not await heard(listener, 0.02)
    listener.close()


async def test_without_a_ring_the_wait_ends_by_itself(bell: Bell) -> None:
    listener = Listener("work")
    await listener.open()
    assert not await heard(listener, 0.01)
    listener.close()


def test_ringing_where_nobody_ever_listened_does_no_harm(bell: Bell) -> None:
    bell.ring()


async def test_who_has_stopped_listening_leaves_nothing_behind(bell: Bell) -> None:
    listener = Listener("work")
    await listener.open()
    assert len(sockets()) == 1
    listener.close()
    assert sockets() == []
    bell.ring()


async def test_more_rings_than_anyone_takes_do_not_hold_up_who_rings(bell: Bell) -> None:
    listener = Listener("work")
    await listener.open()
    for _ in range(2000):
        bell.ring()
    assert await heard(listener)
    listener.close()


async def test_a_file_that_is_no_socket_does_no_harm(bell: Bell) -> None:
    listener = Listener("work")
    await listener.open()
    folder = sockets()[0].parent
    (folder / "work-0.sock").write_text("")
    (folder / "work-1.sock").mkdir()
    bell.ring()
    assert await heard(listener)
    listener.close()


async def test_another_process_wakes_us(bell: Bell) -> None:
    listener = Listener("work")
    await listener.open()
    ring = await asyncio.create_subprocess_exec(sys.executable, "-c", RING)
    assert await heard(listener)
    assert await ring.wait() == 0
    listener.close()


def test_another_process_is_woken_and_forgotten_once_it_is_killed(bell: Bell) -> None:
    listening = subprocess.Popen([sys.executable, "-c", LISTEN], stdout=subprocess.PIPE, text=True)
    assert listening.stdout is not None
    assert listening.stdout.readline() == "listening\n"
    bell.ring()
    assert listening.stdout.readline() == "woken\n"
    listening.kill()
    listening.wait()
    listening.stdout.close()
    assert len(sockets()) == 1
    bell.ring()
    assert sockets() == []


@pytest.mark.usefixtures("bell")
async def test_a_data_directory_with_a_long_path_works(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(environment().var))
    listeners = []
    for name in ("长" * 60, "b" * 120):
        monkeypatch.setenv("KEFU_VAR", str(tmp_path / name / "var"))
        environment.cache_clear()
        listener = Listener("work")
        await listener.open()
        listeners.append(listener)
    Bell("work").ring()
    assert await heard(listeners[1])
    assert not await heard(listeners[0], 0.02)
    for listener in listeners:
        listener.close()
