"""People who are signed in to the console, for tests of its pages."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.testclient import TestClient

from kefu.console.app import create_app
from kefu.console.guard import COOKIE
from kefu.handoff import holder
from kefu.handoff.records import Handoff
from kefu.staff import people, sessions
from kefu.staff.person import Person
from kefu.storage import messages
from kefu.storage.conversations import remember

CUSTOMER = "o_demo_0001"


@dataclass
class Seat:
    """A browser of one person."""

    person: Person
    client: TestClient
    csrf: str

    def get(self, path: str, **more: Any) -> httpx.Response:
        answer: httpx.Response = self.client.get(path, follow_redirects=False, **more)
        return answer

    def post(self, path: str, csrf: str | None = None, **more: Any) -> httpx.Response:
        headers = {
            "X-CSRF-Token": self.csrf if csrf is None else csrf,
            "Accept": "application/json",
            **more.pop("headers", {}),
        }
        answer: httpx.Response = self.client.post(
            path, headers=headers, follow_redirects=False, **more
        )
        return answer


def seat(login: str, role: str = "agent", nickname: str | None = None) -> Seat:
    """Add a person and sign them in."""
    now = time.time()
    secret = f"{uuid.uuid4()}"
    person = people.add(login, nickname or login.title(), role, secret, now)
    opened = sessions.open_session(person.id, now)
    client = TestClient(create_app(with_duties=False), base_url="http://testserver")
    client.cookies.set(COOKIE, opened.token)
    return Seat(person, client, opened.csrf)


def customer(name: str = CUSTOMER, **visit: str) -> str:
    """Let a customer be here; return the conversation id."""
    return remember("rest", name, time.time(), **visit)


def asks(conversation: str, question: str = "怎么开发票") -> Handoff:
    """Let a customer say something and ask for a person, who is not there yet."""
    now = time.time()
    messages.record(conversation, "customer", "text", question, None, now)
    return holder.request(conversation, "keyword", question, "payment", now)
