"""Calls of a helpdesk that signs them."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import httpx
from starlette.testclient import TestClient

from kefu.helpdesk import signing


def event(kind: str, handoff: int, agent: str | None = "小李", **more: Any) -> dict[str, Any]:
    """Return an event as docs/helpdesk.md describes it."""
    named = {} if agent is None else {"agent": {"name": agent}}
    return {"id": str(uuid.uuid4()), "type": kind, "handoff": handoff, **named, **more}


def post(
    client: TestClient, given: dict[str, Any] | bytes, now: float | None = None, **headers: str
) -> httpx.Response:
    """Send an event, signed now unless it is told otherwise."""
    body = given if isinstance(given, bytes) else json.dumps(given, ensure_ascii=False).encode()
    signed = signing.signed_headers("x", body, time.time() if now is None else now)
    return client.post("/helpdesk/events", content=body, headers={**signed, **headers})


def fetch(client: TestClient, message: int, signed_path: str = "") -> httpx.Response:
    """Fetch the file of a message."""
    path = f"/helpdesk/media/{message}"
    headers = signing.signed_headers("x", (signed_path or path).encode(), time.time())
    return client.get(path, headers=headers)
