"""Who may do what: sessions, forged requests, roles, and how much is read of a request.

Everything is closed to strangers but a few paths. Handlers are marked with `signed_in`,
`operators_only` or `administrators_only`, which also check the token of a form.
"""

from __future__ import annotations

import asyncio
import functools
import hmac
import re
import time
from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kefu.console import responses
from kefu.console.callers import address_of, is_https
from kefu.staff import sessions
from kefu.staff.person import Person
from kefu.staff.sessions import Session

__all__ = [
    "COOKIE",
    "Guard",
    "address_of",
    "administrators_only",
    "is_https",
    "max_body",
    "operators_only",
    "person_of",
    "signed_in",
]

COOKIE = "kefu_session"
MAX_BODY = 64 * 1024
# What is too large is still read up to here, so that the browser reads the answer.
_DRAINED = 48 * 1024 * 1024
_OPEN_PATHS = ("/sign-in", "/health", "/metrics", "/terms", "/assistant/picture")
# What is below needs no session: files, and the helpdesk's requests, which are signed.
_OPEN_FOLDERS = ("/static/", "/helpdesk/")
# What may be done before a one-time password has been changed.
_FIRST_PATHS = ("/password", "/sign-out")
_SAFE = ("GET", "HEAD", "OPTIONS")
_LONGEST_PATH = 1000
# More digits than any number of ours has; the database's whole numbers end there.
_LONG_NUMBER = re.compile(r"[0-9]{11}")
# A form in another charset than UTF-8 is no browser's, and may hold what is no text at all.
_CHARSET = re.compile(r"charset\s*=\s*\"?([^\s\";]*)", re.IGNORECASE)

Handler = Callable[[Request], Awaitable[Response]]


class Guard:
    """Puts the session into `request.state.session`, and lets no stranger through."""

    def __init__(self, app: ASGIApp) -> None:
        """Take the application that is guarded."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        if not _is_plain(scope["path"]):
            await responses.refused(request, 404)(scope, receive, send)
            return
        if scope["path"].startswith(_OPEN_FOLDERS):
            await self._app(scope, receive, send)
            return
        request.state.body_limit = MAX_BODY
        request.state.session = await _session(request)
        answer = _stopped(request)
        if answer is not None:
            await answer(scope, receive, send)
            return
        await self._app(scope, _Measured(request, receive), send)


class _Measured:
    """Reads a request's body up to `request.state.body_limit`, which a handler may raise."""

    def __init__(self, request: Request, receive: Receive) -> None:
        self._request = request
        self._receive = receive
        self._read = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._read += len(message.get("body", b""))
        if max(self._read, self._announced()) > self._request.state.body_limit:
            await self._drain(message)
            raise HTTPException(413, headers={"Connection": "close"})
        return message

    def _announced(self) -> int:
        length = self._request.headers.get("Content-Length", "")
        return int(length) if length.isdecimal() and len(length) < 16 else 0

    async def _drain(self, message: Message) -> None:
        if self._request.state.session is None or self._announced() > _DRAINED:
            return
        while message.get("more_body") and self._read < _DRAINED:
            message = await self._receive()
            self._read += len(message.get("body", b""))


def signed_in(handler: Handler) -> Handler:
    """Let only people who are signed in through, and no form that another site made."""
    return _guarded(handler, lambda person: True)


def operators_only(handler: Handler) -> Handler:
    """Let only operators and administrators through; as `signed_in` otherwise."""
    return _guarded(handler, lambda person: person.is_operator)


def administrators_only(handler: Handler) -> Handler:
    """Let only administrators through; as `signed_in` otherwise."""
    return _guarded(handler, lambda person: person.is_administrator)


def max_body(size: int) -> Callable[[Handler], Handler]:
    """Let a handler read a body of so many bytes; stands below `signed_in` and its like."""

    def mark(handler: Handler) -> Handler:
        handler.max_body = size  # type: ignore[attr-defined]
        return handler

    return mark


def person_of(request: Request) -> Person:
    """Return who is signed in, in a handler that is marked for people who are."""
    session: Session = request.state.session
    return session.person


def _guarded(handler: Handler, may: Callable[[Person], bool]) -> Handler:
    limit: int = getattr(handler, "max_body", MAX_BODY)

    @functools.wraps(handler)
    async def guarded(request: Request) -> Response:
        session: Session | None = request.state.session
        if session is None:
            return responses.session_ended(request)
        if not may(session.person):
            return responses.refused(request, 403, responses.NO_RIGHT)
        request.state.body_limit = limit
        if request.method not in _SAFE and not await _has_token(request, session):
            return responses.refused(request, 403, responses.FORGED)
        return await handler(request)

    return guarded


def _stopped(request: Request) -> Response | None:
    """Return the answer to a request that goes no further."""
    # Not `request.url`: it is made of the Host header, which may hold a path too.
    path, session = request.scope["path"], request.state.session
    if request.method not in _SAFE and not is_from_here(request):
        return responses.refused(request, 403, responses.FORGED)
    if not _is_utf8(request):
        return responses.refused(request, 400)
    if path in _OPEN_PATHS:
        return None
    if session is None:
        return responses.session_ended(request)
    if session.person.must_change and path not in _FIRST_PATHS:
        return _to_change_password(request)
    return None


def _to_change_password(request: Request) -> Response:
    if responses.wants_page(request) or request.headers.get("HX-Request"):
        return responses.redirect(request, "/password")
    return responses.refused(request, 403, responses.CHANGE_FIRST)


def is_from_here(request: Request) -> bool:
    """Tell whether a page of ours made a request; who sends neither header is no browser."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin")
    return origin is None or origin.partition("://")[2] == request.headers.get("Host")


def _is_plain(path: str) -> bool:
    """Tell whether an address can be one of ours: short, and nothing that logs or files mind."""
    fine = len(path) <= _LONGEST_PATH and path.isprintable()
    return fine and not _LONG_NUMBER.search(path)


def _is_utf8(request: Request) -> bool:
    found = _CHARSET.search(request.headers.get("Content-Type", ""))
    return found is None or found[1].lower() in ("utf-8", "utf8")


async def _session(request: Request) -> Session | None:
    token = request.cookies.get(COOKIE)
    if not token or request.scope["path"] == "/health":
        return None
    return await asyncio.to_thread(sessions.find, token, time.time())


async def _has_token(request: Request, session: Session) -> bool:
    given = request.headers.get("X-CSRF-Token")
    if given is None:
        given = str((await request.form()).get("csrf") or "")
    return hmac.compare_digest(given.encode(), session.csrf.encode())
