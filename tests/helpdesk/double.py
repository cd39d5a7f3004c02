"""A helpdesk for tests: a server that keeps what it is told, and misbehaves on demand."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from kefu.helpdesk import signing
from kefu.running.listening import listen


class HelpdeskDouble:
    """Takes signed events; `script` says how the next ones are answered instead of 200.

    An item of the script is a status, or a number of seconds (float) to be slow.
    """

    def __init__(self) -> None:
        self.url = ""
        self.script: list[int | float] = []
        self.headers: dict[str, str] = {}
        self.calls: list[dict[str, Any]] = []
        self.taken: list[dict[str, Any]] = []

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self._call, methods=["POST", "GET"])])

    def kinds(self) -> list[str]:
        return [event["type"] for event in self.taken]

    def texts(self) -> list[str]:
        return [e["message"]["text"] for e in self.taken if e["type"] == "message.created"]

    async def _call(self, request: Request) -> Response:
        body = await request.body()
        event = json.loads(body) if body else {}
        self.calls.append({"path": request.url.path, "headers": dict(request.headers), **event})
        signing.check(request.headers, body, time.time())
        answer = self.script.pop(0) if self.script else 200
        if isinstance(answer, float):
            # The client has gone by then: it never learns that the event arrived.
            await asyncio.sleep(answer)
            answer = 200
        # As docs/helpdesk.md asks: the same id again is answered, and nothing else.
        if answer == 200 and event["id"] not in [one["id"] for one in self.taken]:
            self.taken.append(event)
        return Response("{}", answer, headers=self.headers)


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Serve an application on a free port in a thread; give its address."""
    socket = listen("127.0.0.1", 0, "替身", "-")
    config = uvicorn.Config(app, log_level="warning", lifespan="on", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([socket],), daemon=True)
    thread.start()
    until(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        socket.close()


def until(holds: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        threading.Event().wait(0.01)
