"""A small set of processes under the real supervisor, in the place of the installation's."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kefu.environment import environment
from tests.alerts.conftest import limits
from tests.conftest import PROJECT
from tests.databases import database, empty_database

__all__ = ["database", "empty_database", "limits"]

DRIVER = PROJECT / "tests" / "running" / "supervised.py"
_PROGRAMS = ("RASA", "ACTIONS", "SHOP", "CONSOLE", "WECHAT", "WECHAT_DOUBLE")


def eventually(condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.05)


@pytest.fixture
def running(fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Run stand-ins of the action server and the shop, and nothing else; give `var`."""
    ports = dict(zip(_PROGRAMS, _free_ports(len(_PROGRAMS)), strict=True))
    for name, port in ports.items():
        monkeypatch.setenv(f"KEFU_{name}_PORT", str(port))
    environment.cache_clear()
    described = [f"{name.lower()}:{ports[name]}" for name in ("ACTIONS", "SHOP")]
    output = fresh_home / "output.txt"
    with open(output, "wb") as sink:
        process = subprocess.Popen(
            [sys.executable, str(DRIVER), *described],
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )
    try:
        eventually(lambda: "已全部就绪" in output.read_text() or process.poll() is not None)
        assert process.poll() is None, output.read_text()
        yield fresh_home
    finally:
        process.terminate()
        process.wait(20)


def _free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports
