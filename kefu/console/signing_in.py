"""Signing in and out, and changing one's password.

A stranger's form has no session whose token it could carry: it carries the one of a cookie
that only the sign-in page sets.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kefu.console import responses
from kefu.console.forms import fields
from kefu.console.guard import COOKIE, address_of, is_https, person_of, signed_in
from kefu.console.pages import render
from kefu.staff import access, passwords, people, sessions
from kefu.staff.person import Person, StaffError
from kefu.staff.signing_in import SignInRefused, confirm, sign_in

_FORM_COOKIE = "kefu_sign_in"
_FORM_SECONDS = 3600
# Strangers who try passwords wait for each other, not those at work for them; and of many
# tries at once all but the first find that there were too many.
_passwords = ThreadPoolExecutor(2, "passwords")


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [
        Route("/sign-in", _form, methods=["GET"]),
        Route("/sign-in", _sign_in, methods=["POST"]),
        Route("/sign-out", _sign_out, methods=["POST"]),
        Route("/password", _password_form, methods=["GET"]),
        Route("/password", _change_password, methods=["POST"]),
    ]


async def _form(request: Request) -> Response:
    then = responses.local(request.query_params.get("next", ""))
    if request.state.session is not None:
        return responses.redirect(request, then or "/")
    expired = responses.EXPIRED if COOKIE in request.cookies else ""
    return _shown(request, then, error=expired)


async def _sign_in(request: Request) -> Response:
    given = await fields(request)
    then = responses.local(given.get("next", ""))
    expected = request.cookies.get(_FORM_COOKIE, "")
    if not expected or not hmac.compare_digest(given.get("csrf", "").encode(), expected.encode()):
        return _shown(request, then, given.get("login", ""), responses.FORGED, 403)
    try:
        token = await _with_password(_open, request, given)
    except SignInRefused as refusal:
        return _shown(request, then, given.get("login", ""), str(refusal), 401)
    response = responses.redirect(request, then or "/")
    _set_session(request, response, token)
    response.delete_cookie(_FORM_COOKIE, path="/sign-in")
    return response


@signed_in
async def _sign_out(request: Request) -> Response:
    await run_in_threadpool(_end, request)
    response = responses.redirect(request, "/sign-in")
    response.delete_cookie(COOKIE)
    return response


@signed_in
async def _password_form(request: Request) -> Response:
    return _password_page(request)


@signed_in
async def _change_password(request: Request) -> Response:
    given = await fields(request)
    try:
        token = await _with_password(_change, request, given)
    except (StaffError, SignInRefused) as error:
        return _password_page(request, str(error), 422)
    response = responses.redirect(request, "/me?done=password")
    _set_session(request, response, token)
    return response


async def _with_password(
    act: Callable[[Request, dict[str, str]], str], request: Request, given: dict[str, str]
) -> str:
    return await asyncio.get_running_loop().run_in_executor(_passwords, act, request, given)


def _open(request: Request, given: dict[str, str]) -> str:
    now = time.time()
    login, password = given.get("login", ""), given.get("password", "")
    person = sign_in(login, password, now, address_of(request))
    if COOKIE in request.cookies:
        sessions.end(request.cookies[COOKIE])
    return sessions.open_session(person.id, now).token


def _end(request: Request) -> None:
    person = person_of(request)
    sessions.end(request.cookies[COOKIE])
    people.gone(person.id)
    _note(person, "sign_out", address_of(request))


def _change(request: Request, given: dict[str, str]) -> str:
    """Change the password, end all sessions, and return the token of a new one."""
    person, now = person_of(request), time.time()
    old, new = given.get("old", ""), given.get("new", "")
    if new != given.get("again", ""):
        raise StaffError("两次输入的新密码不一样")
    if new == old:
        raise StaffError("新密码不能和原来的一样")
    passwords.check(new, person.login)
    # Whoever finds an open page must not try passwords here either.
    confirm(person, old, now, address_of(request))
    people.set_password(person.id, new)
    _note(person, "password", address_of(request))
    return sessions.open_session(person.id, now).token


def _note(person: Person, action: str, address: str) -> None:
    access.note(person.login, action, staff=person.id, address=address)


def _shown(
    request: Request, then: str, login: str = "", error: str = "", status: int = 200
) -> Response:
    token = request.cookies.get(_FORM_COOKIE) or secrets.token_urlsafe(32)
    response = render(
        request, "sign_in.html", status, token=token, then=then, login=login[:40], error=error
    )
    response.set_cookie(
        _FORM_COOKIE, token, max_age=_FORM_SECONDS, path="/sign-in",
        secure=is_https(request), httponly=True, samesite="strict",
    )  # fmt: skip
    return response


def _password_page(request: Request, error: str = "", status: int = 200) -> Response:
    return render(request, "password.html", status, error=error, shortest=passwords.SHORTEST)


def _set_session(request: Request, response: Response, token: str) -> None:
    response.set_cookie(
        COOKIE, token, max_age=int(sessions.LONGEST_SECONDS), path="/",
        secure=is_https(request), httponly=True, samesite="lax",
    )  # fmt: skip
