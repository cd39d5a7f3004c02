"""The demo shop as a real process, and small HTTP servers of other shapes."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests

from kefu.environment import child_environment, environment
from kefu.settings import Gateway
from kefu.shop.http import HttpMembers, HttpOrders

PROJECT = Path(__file__).resolve().parents[2]
ZONE = ZoneInfo("Asia/Shanghai")
KEYS = {"KEFU_SHOP_API_KEY": "test-key", "KEFU_SHOP_API_SECRET": "test-secret"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Demo:
    """A running demo shop."""

    url: str
    var: Path

    def faults(self, mode: str, seconds: float = 2, rate: float = 1) -> None:
        body = {"mode": mode, "seconds": seconds, "rate": rate}
        requests.post(f"{self.url}/_control/faults", json=body, timeout=5).raise_for_status()

    def orders(self, **changes: Any) -> HttpOrders:
        return HttpOrders(Gateway(**changes), self.url, ZONE)

    def members(self, **changes: Any) -> HttpMembers:
        return HttpMembers(Gateway(**changes), self.url, ZONE)


@pytest.fixture(scope="session")
def demo_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    var, port = tmp_path_factory.mktemp("demo_shop"), free_port()
    changes = {**KEYS, "KEFU_VAR": str(var), "KEFU_SHOP_PORT": str(port), "KEFU_HOST": "127.0.0.1"}
    command = [sys.executable, "-m", "kefu.shop.demo"]
    process = subprocess.Popen(
        command, env=child_environment(**changes), cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    # The line is printed once the port accepts connections.
    assert "演示商城" in process.stdout.readline()
    yield Demo(f"http://127.0.0.1:{port}", var)
    process.terminate()
    process.wait(10)


@pytest.fixture
def demo(demo_process: Demo, monkeypatch: pytest.MonkeyPatch) -> Iterator[Demo]:
    """The demo shop without faults, with the keys that it expects."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    environment.cache_clear()
    demo_process.faults("none")
    yield demo_process
    demo_process.faults("none")
    environment.cache_clear()


@dataclass
class Seen:
    """One request as it reached a server."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Stub:
    """A small server that answers as told and remembers what it was asked."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    answer: Callable[[Seen], tuple[int, Any]] = lambda seen: (200, {"orders": []})
    headers: dict[str, str] = field(default_factory=dict)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stub: Stub

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        seen = Seen(self.command, self.path, dict(self.headers), body)
        self.stub.seen.append(seen)
        status, data = self.stub.answer(seen)
        content = data if isinstance(data, bytes) else json.dumps(data).encode()
        self.send_response(status)
        for name, value in self.stub.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _serve  # noqa: N815

    def log_message(self, *args: Any) -> None:
        """Keep the test's output free of requests."""


@contextmanager
def serving(stub: Stub) -> Iterator[Stub]:
    handler = type("Handler", (_Handler,), {"stub": stub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    stub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with serving(Stub()) as running:
        yield running
