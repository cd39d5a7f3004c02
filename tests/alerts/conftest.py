"""A robot that takes alerts, on an installation whose database is empty."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from kefu.environment import ALERT_WEBHOOK
from kefu.settings import settings
from tests.alerts.robot import KEY


@dataclass
class Robot:
    """The robot's process; `url` is what is configured as the webhook."""

    base: str

    @property
    def url(self) -> str:
        return f"{self.base}/cgi-bin/webhook/send?key={KEY}"

    def plays(self, **how: Any) -> None:
        """Let it answer so from now on; without anything, as a robot that is well."""
        requests.post(f"{self.base}/play", json=how, timeout=5).raise_for_status()

    def messages(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = requests.get(f"{self.base}/messages", timeout=5).json()
        return found

    def texts(self) -> list[str]:
        return [message["markdown"]["content"] for message in self.messages()]


@pytest.fixture
def robot(fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Robot]:
    """Give a robot that is configured as the webhook."""
    program = Path(__file__).with_name("robot.py")
    with subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        made = Robot(f"http://127.0.0.1:{port}")
        monkeypatch.setenv(ALERT_WEBHOOK, made.url)
        yield made
        process.kill()


@pytest.fixture
def limits(fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Give a function that sets limits of the settings for this test."""

    def change(**values: Any) -> None:
        chosen = settings()
        alerts = type(chosen.alerts)(**{**chosen.alerts.dict(), **values})
        monkeypatch.setitem(chosen.__dict__, "alerts", alerts)

    yield change
    settings.cache_clear()
