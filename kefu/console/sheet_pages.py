"""Bringing in and taking out the knowledge base as a spreadsheet."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kefu.console import jobs, responses, sheet_files, sheet_templates, sheet_work, uploaded_sheets
from kefu.console.forms import fields
from kefu.console.guard import max_body, operators_only, person_of
from kefu.console.pages import render
from kefu.console.sheet_files import readable_categories
from kefu.console.sheet_views import MOST_PROBLEMS, change_page, problem_row
from kefu.console.sheet_work import Checked, Imported, Refused
from kefu.console.uploaded_sheets import SheetRefused, Upload
from kefu.knowledge.changes import Kind
from kefu.knowledge.exchange import Mode
from kefu.knowledge.sheets import MAX_FILE

_PAGE = "/knowledge/sheets"
_AROUND = 64 * 1024
_SAID = {
    "gone": "这次导入已经结束或过期（上传的文件只保留两小时），请重新上传",
    "cancelled": "已取消，没有写入",
}


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [
        Route(_PAGE, _start, methods=["GET"]),
        Route(_PAGE, _upload, methods=["POST"]),
        Route(f"{_PAGE}/uploads/{{token}}", _one, methods=["GET"]),
        Route(f"{_PAGE}/uploads/{{token}}/check", _check, methods=["POST"]),
        Route(f"{_PAGE}/uploads/{{token}}/confirm", _confirm, methods=["POST"]),
        Route(f"{_PAGE}/uploads/{{token}}/cancel", _cancel, methods=["POST"]),
        *sheet_files.routes(),
        *sheet_templates.routes(),
    ]


@operators_only
async def _start(request: Request) -> Response:
    said = _SAID.get(request.query_params.get("said", ""), "")
    return await asyncio.to_thread(_shown, request, said=said)


@operators_only
@max_body(MAX_FILE + _AROUND)
async def _upload(request: Request) -> Response:
    form = await request.form()
    sent = form.get("file")
    mode = Mode.REPLACE if form.get("mode") == Mode.REPLACE.value else Mode.APPEND
    name, content = "", b""
    if isinstance(sent, UploadFile):
        name, content = sent.filename or "", await sent.read()
    await form.close()
    return await asyncio.to_thread(_uploaded, request, name, content, mode)


@operators_only
async def _one(request: Request) -> Response:
    return await asyncio.to_thread(_shown_one, request)


@operators_only
async def _check(request: Request) -> Response:
    upload = await asyncio.to_thread(uploaded_sheets.find, request.path_params["token"])
    if upload is None:
        return responses.redirect(request, f"{_PAGE}?said=gone")
    return await asyncio.to_thread(_checking, request, upload)


@operators_only
async def _confirm(request: Request) -> Response:
    given = await fields(request)
    token = request.path_params["token"]
    shown = sheet_work.last(token)
    # Of two clicks, or two pages, only what was looked at last is carried out.
    if shown is not None and shown.id == given.get("plan") and isinstance(shown.result, Checked):
        try:
            sheet_work.bring(shown.result, person_of(request))
        except jobs.JobRunning as running:
            return await asyncio.to_thread(_shown_one, request, str(running))
    return responses.redirect(request, f"{_PAGE}/uploads/{token}")


@operators_only
async def _cancel(request: Request) -> Response:
    token = request.path_params["token"]
    upload = await asyncio.to_thread(uploaded_sheets.find, token)
    job = sheet_work.last(token)
    if job is not None and job.is_running:
        return responses.redirect(request, f"{_PAGE}/uploads/{token}")
    if job is not None:
        jobs.forget(job)
    if upload is not None:
        await asyncio.to_thread(uploaded_sheets.discard, upload)
    return responses.redirect(request, f"{_PAGE}?said=cancelled")


def _shown(request: Request, status: int = 200, **given: Any) -> Response:
    categories, broken = readable_categories()
    context: dict[str, Any] = {"said": "", "problem": "", "mode": Mode.APPEND.value, **given}
    return render(
        request, "sheets.html", status, categories=categories, broken=broken,
        count=sum(len(category.entries) for category in categories),
        largest=MAX_FILE, templates=sheet_templates.described(), **context,
    )  # fmt: skip


def _uploaded(request: Request, name: str, content: bytes, mode: Mode) -> Response:
    try:
        if len(content) > MAX_FILE:
            raise SheetRefused(f"文件至多 {MAX_FILE // 1024 // 1024} MB，请分成几个文件导入")
        upload = uploaded_sheets.keep(name, content, mode, person_of(request).login, time.time())
    except SheetRefused as refused:
        return _shown(request, 422, problem=str(refused), mode=mode.value)
    return _checking(request, upload)


def _checking(request: Request, upload: Upload) -> Response:
    try:
        sheet_work.check(upload, person_of(request))
    except jobs.JobRunning as running:
        return render(
            request, "sheets_one.html", 409, upload=upload, job=None, problem=str(running)
        )
    return responses.redirect(request, f"{_PAGE}/uploads/{upload.token}")


def _shown_one(request: Request, problem: str = "") -> Response:
    token = request.path_params["token"]
    upload, job = uploaded_sheets.find(token), sheet_work.last(token)
    result = job.result if job is not None else None
    if upload is None and job is None:
        return responses.redirect(request, f"{_PAGE}?said=gone")
    status = 409 if problem else 200
    if isinstance(result, Refused):
        return _shown_refused(request, result)
    if isinstance(result, Imported):
        return render(request, "sheets_imported.html", imported=result)
    if isinstance(result, Checked) and upload is not None:
        assert job is not None
        return _shown_plan(request, result, job.id, problem, status)
    return render(request, "sheets_one.html", status, upload=upload, job=job, problem=problem)


def _shown_refused(request: Request, refused: Refused) -> Response:
    file = refused.upload.file
    rows = [problem_row(problem, file) for problem in refused.problems[:MOST_PROBLEMS]]
    return render(
        request, "sheets_refused.html", 422, refused=refused, rows=rows,
        count=len(refused.problems), largest=MAX_FILE, mode=refused.upload.mode.value, problem="",
    )  # fmt: skip


def _shown_plan(
    request: Request, checked: Checked, number: str, problem: str, status: int
) -> Response:
    asked, plan = request.query_params, checked.plan
    page = asked.get("page", "1")
    changes = change_page(
        plan, asked.get("show", ""), int(page) if page.isdecimal() and len(page) < 6 else 1
    )
    counts = {kind.name.lower(): plan.count(kind) for kind in Kind}
    return render(
        request, "sheets_plan.html", status, upload=checked.upload, again=checked.again, plan=plan,
        number=number, changes=changes, counts=counts, problem=problem,
        replacing=checked.upload.mode is Mode.REPLACE,
    )  # fmt: skip
