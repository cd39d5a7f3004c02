"""What supervisord knows of the processes of `kefu run`, asked from another process."""

from __future__ import annotations

import re
import time
import xmlrpc.client
from collections import Counter
from collections.abc import Iterator
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

# What ends as it should, such as a model's process that has handed over, is no crash.
_EXITED = re.compile(
    r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d+ \w+ exited: (\S+) \((?!.*; expected\))"
)
_CLOCK = "%Y-%m-%d %H:%M:%S"
# The newest part of the log is enough for a day, unless a program ends again and again.
_LOG_TAIL = 2_000_000


@dataclass(frozen=True)
class Supervised:
    """One process: its name and group, supervisord's word for its state, pid (0: none)."""

    name: str
    group: str
    state: str
    pid: int


def supervised(var: Path) -> list[Supervised]:
    """Return the processes that supervisord keeps; none where it does not run."""
    socket = _socket(var / "run" / "supervisord.conf")
    if socket is None:
        return []
    transport = SupervisorTransport(None, None, f"unix://{socket}")
    proxy = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
    try:
        rows: Any = proxy.supervisor.getAllProcessInfo()
    except (OSError, xmlrpc.client.Error):
        return []
    return [Supervised(r["name"], r["group"], r["statename"], r["pid"]) for r in rows]


def ended(var: Path, since: float) -> Counter[str]:
    """Return how often each process has ended by itself since then, by its name."""
    found: Counter[str] = Counter()
    for line in _lines(var / "log" / "supervisord.log"):
        match = _EXITED.match(line)
        if match and time.mktime(time.strptime(match[1], _CLOCK)) >= since:
            found[match[2]] += 1
    return found


def _socket(config: Path) -> str | None:
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read(config, encoding="utf-8")
    except (ConfigError, OSError, UnicodeDecodeError):
        return None
    file = parser.get("unix_http_server", "file", fallback="").replace("%%", "%")
    return file if file and Path(file).exists() else None


def _lines(log: Path) -> Iterator[str]:
    try:
        with open(log, "rb") as file:
            file.seek(max(0, log.stat().st_size - _LOG_TAIL))
            yield from file.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return
