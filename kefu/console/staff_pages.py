"""Who works at the desk: added, changed, dismissed, let in again. For administrators."""

from __future__ import annotations

import time
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kefu.console import hours_form, responses
from kefu.console.forms import all_of, fields
from kefu.console.guard import address_of, administrators_only, person_of
from kefu.console.pages import render
from kefu.environment import environment
from kefu.errors import FileProblems
from kefu.handoff.dismissal import free_customers
from kefu.handoff.hours import schedule
from kefu.knowledge.library import library
from kefu.staff import access, passwords, people
from kefu.staff.person import ROLES, Person, StaffError

# What can be changed, as the access log names it.
_TITLES = {
    "nickname": "昵称",
    "role": "角色",
    "skills": "技能",
    "hours": "工作时间",
    "max_chats": "同时接待的人数",
    "active": "可以登录",
}
_OWN_HOURS = "own"
_OWN_PASSWORD = "自己的密码请在「我」里修改"
_DONE = {"saved": "已保存", "unlocked": "已解除锁定"}


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [
        Route("/staff", _list, methods=["GET"]),
        Route("/staff", _add, methods=["POST"]),
        Route("/staff/{id:int}", _edit, methods=["GET"]),
        Route("/staff/{id:int}", _change, methods=["POST"]),
        Route("/staff/{id:int}/password", _reset_password, methods=["POST"]),
        Route("/staff/{id:int}/unlock", _unlock, methods=["POST"]),
    ]


@administrators_only
async def _list(request: Request) -> Response:
    return await run_in_threadpool(_shown_list, request)


@administrators_only
async def _add(request: Request) -> Response:
    given = await fields(request)
    return await run_in_threadpool(_added, request, given)


@administrators_only
async def _edit(request: Request) -> Response:
    return await run_in_threadpool(_shown, request)


@administrators_only
async def _change(request: Request) -> Response:
    given = await fields(request)
    skills = await all_of(request, "skills")
    return await run_in_threadpool(_changed, request, _changes(given, list(skills)), given)


@administrators_only
async def _reset_password(request: Request) -> Response:
    return await run_in_threadpool(_password_was_reset, request)


@administrators_only
async def _unlock(request: Request) -> Response:
    return await run_in_threadpool(_unlocked, request)


def _added(request: Request, given: dict[str, str]) -> Response:
    password = passwords.one_time()
    login, nickname, role = (given.get(name, "") for name in ("login", "nickname", "role"))
    try:
        person = people.add(login, nickname, role, password, time.time(), must_change=True)
    except StaffError as error:
        return _shown_list(request, str(error), given, 422)
    _note(request, "staff_add", f"{person.login}：{ROLES[person.role]}")
    return _shown_list(request, new=person, password=password)


def _shown_list(
    request: Request,
    error: str = "",
    given: dict[str, str] | None = None,
    status: int = 200,
    new: Person | None = None,
    password: str = "",
) -> Response:
    now = time.time()
    everybody = people.everybody()
    return render(
        request, "staff.html", status, error=error, given=given or {}, new=new,
        password=password, everybody=everybody, now=now, titles=_category_titles(),
        present={p.id for p in everybody if people.is_present(p, now)},
    )  # fmt: skip


def _shown(
    request: Request,
    error: str = "",
    given: dict[str, str] | None = None,
    status: int = 200,
    password: str = "",
) -> Response:
    person = _asked_for(request)
    done = "" if error or password else _DONE.get(request.query_params.get("done", ""), "")
    lines = hours_form.typed(person.hours)
    if given is not None:
        lines = {day: given.get(day, "") for day in lines}
    return render(
        request, "staff_edit.html", status, shown=person, error=error, done=done,
        password=password, titles=_titles_for(person), days=hours_form.DAYS, lines=lines,
        own_hours=_wants_own_hours(given) if given is not None else person.hours is not None,
        service_hours=schedule().describe(), now=time.time(),
    )  # fmt: skip


def _changed(request: Request, changes: dict[str, Any], given: dict[str, str]) -> Response:
    person = _asked_for(request)
    try:
        after = people.change(person.id, **changes)
    except StaffError as error:
        return _shown(request, str(error), given, 422)
    if person.active and not after.active:
        free_customers(person.login, person_of(request).login, time.time())
    changed = [name for name in changes if getattr(person, name) != getattr(after, name)]
    named = "、".join(_TITLES[name] for name in changed)
    _note(request, "staff_change", f"{person.login}：{named or '无改动'}")
    return responses.redirect(request, f"/staff/{person.id}?done=saved")


def _password_was_reset(request: Request) -> Response:
    person, password = _asked_for(request), passwords.one_time()
    if person.id == person_of(request).id:
        return _shown(request, _OWN_PASSWORD, status=422)
    people.set_password(person.id, password, must_change=True)
    _note(request, "password", f"重设 {person.login}")
    return _shown(request, password=password)


def _unlocked(request: Request) -> Response:
    person = _asked_for(request)
    people.unlock(person.id)
    _note(request, "staff_change", f"{person.login}：解除锁定")
    return responses.redirect(request, f"/staff/{person.id}?done=unlocked")


def _changes(given: dict[str, str], skills: list[str]) -> dict[str, Any]:
    return {
        "nickname": given.get("nickname", ""),
        "role": given.get("role", ""),
        "skills": skills,
        "hours": hours_form.read(given) if _wants_own_hours(given) else None,
        "max_chats": given.get("max_chats", ""),
        "active": given.get("active") == "yes",
    }


def _wants_own_hours(given: dict[str, str]) -> bool:
    return given.get("hours") == _OWN_HOURS


def _asked_for(request: Request) -> Person:
    person = people.get(request.path_params["id"])
    if person is None:
        raise HTTPException(404)
    return person


def _category_titles() -> dict[str, str]:
    """Return the titles of the knowledge base's categories; none while it is being mended."""
    try:
        shelves = library(environment().home).shelves
        return {shelf.category.id: shelf.category.title for shelf in shelves}
    except FileProblems:
        return {}


def _titles_for(person: Person) -> dict[str, str]:
    """Return the categories to choose from; none of the person's own gets lost."""
    return {**{skill: skill for skill in person.skills}, **_category_titles()}


def _note(request: Request, action: str, detail: str) -> None:
    mine = person_of(request)
    access.note(mine.login, action, staff=mine.id, detail=detail, address=address_of(request))
