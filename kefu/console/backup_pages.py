"""Backups in the browser: which there are, making one, what restoring would change."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from kefu.backup import duty, parts, restoring, rotation, shelf
from kefu.backup.differences_text import COUNTED
from kefu.backup.manifest import REASONS
from kefu.backup.rotation import Listed
from kefu.console import backup_work, jobs, responses
from kefu.console.backup_archive import archived
from kefu.console.backup_work import BroughtBack, Compared
from kefu.console.forms import fields
from kefu.console.guard import address_of, administrators_only, operators_only, person_of
from kefu.console.pages import render
from kefu.handoff.reports import open_reports
from kefu.settings import settings
from kefu.staff import access

_PAGE = "/backups"
_HOUR = 3600.0
# Of a list that somebody reads before pressing a button.
MOST_SHOWN = 200


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [
        Route(_PAGE, _list, methods=["GET"]),
        Route(_PAGE, _make, methods=["POST"]),
        Route(f"{_PAGE}/{{name}}", _one, methods=["GET"]),
        Route(f"{_PAGE}/{{name}}/compare", _compare, methods=["POST"]),
        Route(f"{_PAGE}/{{name}}/restore", _restore, methods=["POST"]),
        Route(f"{_PAGE}/{{name}}/download", _download, methods=["POST"]),
    ]


@operators_only
async def _list(request: Request) -> Response:
    return await asyncio.to_thread(_shown_list, request)


@operators_only
async def _make(request: Request) -> Response:
    try:
        backup_work.make(person_of(request))
    except jobs.JobRunning as running:
        return await asyncio.to_thread(_shown_list, request, 409, problem=str(running))
    return responses.redirect(request, _PAGE)


@operators_only
async def _one(request: Request) -> Response:
    return await asyncio.to_thread(_shown, request)


@operators_only
async def _compare(request: Request) -> Response:
    name = (await asyncio.to_thread(_asked_for, request)).name
    try:
        backup_work.compare(name, person_of(request))
    except jobs.JobRunning as running:
        return await asyncio.to_thread(_shown, request, 409, problem=str(running))
    return responses.redirect(request, f"{_PAGE}/{name}")


@administrators_only
async def _restore(request: Request) -> Response:
    given, name = await fields(request), request.path_params["name"]
    shown = jobs.latest(backup_work.KIND, name)
    # Only what was looked at is restored, and once.
    if shown is None or shown.id != given.get("compared") or not isinstance(shown.result, Compared):
        return responses.redirect(request, f"{_PAGE}/{name}")
    if given.get("sure") != "yes":
        problem = "请先勾选「我看过差别」"
        return await asyncio.to_thread(_shown, request, 422, problem=problem)
    try:
        backup_work.bring_back(shown.result, person_of(request))
    except jobs.JobRunning as running:
        return await asyncio.to_thread(_shown, request, 409, problem=str(running))
    await asyncio.to_thread(_note, request, "restore_backup", name)
    return responses.redirect(request, f"{_PAGE}/{name}")


@administrators_only
async def _download(request: Request) -> Response:
    listed = await asyncio.to_thread(_asked_for, request)
    if listed.backup is None:
        raise HTTPException(404)
    await asyncio.to_thread(_note, request, "download_backup", listed.name)
    name = f'attachment; filename="kefu-{listed.name}.tar"'
    return StreamingResponse(
        archived(listed.backup), media_type="application/x-tar",
        headers={"Content-Disposition": name},
    )  # fmt: skip


def _shown_list(request: Request, status: int = 200, problem: str = "") -> Response:
    found = rotation.listed()
    job = backup_work.last_made()
    return render(
        request, "backups.html", status, found=found[::-1], job=job, problem=problem,
        schedule=_schedule(found, time.time()), folder=shelf.default_folder(),
        unfinished=restoring.unfinished(), titles=parts.TITLES, reasons=REASONS, size=_size,
        failed=next((r for r in open_reports() if r.kind == duty.REPORT), None),
    )  # fmt: skip


def _shown(request: Request, status: int = 200, problem: str = "") -> Response:
    listed = _asked_for(request)
    job = jobs.latest(backup_work.KIND, listed.name)
    result = job.result if job is not None else None
    return render(
        request, "backups_one.html", status, listed=listed, job=job, problem=problem,
        compared=result if isinstance(result, Compared) else None,
        restored=result if isinstance(result, BroughtBack) else None,
        titles=parts.TITLES, reasons=REASONS, size=_size, counted=COUNTED, most=MOST_SHOWN,
    )  # fmt: skip


def _asked_for(request: Request) -> Listed:
    wanted = request.path_params["name"]
    for name in shelf.names(shelf.default_folder()):
        if name == wanted:
            return rotation.look(name)
    raise HTTPException(404)


def _schedule(found: list[Listed], now: float) -> dict[str, Any]:
    """Return how often backups are made, when the last was, and when the next will be."""
    chosen = settings().backup
    times = [one.backup.manifest.created_at for one in found if one.backup and one.is_whole]
    last = max(times, default=None)
    due = now if last is None else last + chosen.every_hours * _HOUR
    return {"chosen": chosen, "last": last, "next": due if due > now else None}


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count < 1e9 else f"{count / 1e9:.2f} GB"


def _note(request: Request, action: str, detail: str) -> None:
    mine = person_of(request)
    access.note(mine.login, action, staff=mine.id, detail=detail, address=address_of(request))
