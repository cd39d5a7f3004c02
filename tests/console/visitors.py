"""A browser in front of the console: it keeps cookies and sends the token of its session."""

from __future__ import annotations

import re
import time
from typing import Any

from httpx import Response
from starlette.applications import Starlette
from starlette.testclient import TestClient

from kefu.console.guard import COOKIE
from kefu.staff import people, sessions
from kefu.staff.people import Person

PASSWORD = "wolken ohne regen"
_FIELD = re.compile(r'name="csrf" value="([^"]+)"')


class Visitor(TestClient):
    """A client that reads pages as a browser does; `csrf` is the token of its session."""

    def __init__(self, app: Starlette, **options: Any) -> None:
        super().__init__(app, headers={"Accept": "text/html"}, **options)
        self.csrf = ""

    def becomes(self, login: str, nickname: str, role: str) -> Person:
        """Add a person and sign them in here, without the form."""
        person = people.add(login, nickname, role, PASSWORD, time.time())
        self.enters(person)
        return person

    def enters(self, person: Person) -> None:
        """Sign a person in here, without the form."""
        new = sessions.open_session(person.id, time.time())
        self.cookies.set(COOKIE, new.token)
        self.csrf = new.csrf

    def signs_in(self, login: str, password: str = PASSWORD, then: str = "/me") -> Response:
        """Fill in the form and send it."""
        token = form_token(self.get("/sign-in"))
        given = {"csrf": token, "login": login, "password": password, "next": then}
        response = self.post("/sign-in", data=given)
        self.csrf = form_token(response)
        return response

    def submits(self, path: str, **given: Any) -> Response:
        """Send a form of a page of ours."""
        return self.post(path, data={"csrf": self.csrf, **given})


def form_token(response: Response) -> str:
    """Return the token in the first form of a page; "" when there is none."""
    found = _FIELD.search(response.text)
    return found[1] if found else ""
