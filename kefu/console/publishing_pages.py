"""Publishing in the browser: what would change, how good the new model is, going back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kefu.console import publishing_views as views
from kefu.console import responses
from kefu.console.forms import fields
from kefu.console.guard import operators_only, person_of
from kefu.console.pages import render
from kefu.console.publishing_chart import chart
from kefu.console.publishing_words import age_text, entry_url, left_text
from kefu.publishing import decisions, jobs, launching
from kefu.publishing.entries import KINDS as CHANGES
from kefu.publishing.errors import Busy, NoSuchJob, Refused
from kefu.publishing.floor import percent
from kefu.publishing.history import KINDS
from kefu.publishing.jobs import STATES, Job
from kefu.settings import settings

_PAGE = "/publishing"
_WORDS: dict[str, Any] = {
    "percent": percent,
    "age_text": age_text,
    "left_text": left_text,
    "entry_url": entry_url,
    "job_states": STATES,
    "kinds": KINDS,
    "changes": CHANGES,
    "most_shown": views.MOST_SHOWN,
    "most_cases": views.MOST_CASES,
    "longest_reason": decisions.LONGEST_REASON,
}


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [
        Route(_PAGE, _page, methods=["GET"]),
        Route(f"{_PAGE}/start", _start, methods=["POST"]),
        Route(f"{_PAGE}/use", _use, methods=["POST"]),
        Route(f"{_PAGE}/check", _check, methods=["POST"]),
        Route(f"{_PAGE}/{{job}}", _job, methods=["GET"]),
        Route(f"{_PAGE}/{{job}}/progress", _progress, methods=["GET"]),
        Route(f"{_PAGE}/{{job}}/stop", _stop, methods=["POST"]),
    ]


@operators_only
async def _page(request: Request) -> Response:
    return await _shown(request, already="already" in request.query_params)


@operators_only
async def _start(request: Request) -> Response:
    given, by = await fields(request), person_of(request).login
    auto = given.get("auto") == "yes"
    return await _started(request, lambda: decisions.publish(by, time.time(), auto))


@operators_only
async def _check(request: Request) -> Response:
    given, by = await fields(request), person_of(request).login
    model = given.get("model", "")
    return await _started(request, lambda: decisions.check(model, by, time.time()))


@operators_only
async def _use(request: Request) -> Response:
    given, person = await fields(request), person_of(request)
    model, reason = given.get("model", ""), given.get("reason", "")

    def use() -> Job:
        force = person.is_administrator
        return decisions.use(model, person.login, time.time(), force, reason)

    return await _started(request, use, given.get("from", ""), reason)


@operators_only
async def _job(request: Request) -> Response:
    return await _shown_job(request, request.path_params["job"])


@operators_only
async def _progress(request: Request) -> Response:
    """Answer with how far a job is; when it has ended, the page is to be loaded anew."""
    job = await _asked_for(request)
    response = render(request, "_publishing_progress.html", job=job, **_WORDS)
    if job.ended:
        response.headers["HX-Refresh"] = "true"
    return response


@operators_only
async def _stop(request: Request) -> Response:
    job, by = await _asked_for(request), person_of(request).login
    if not job.ended:
        await asyncio.to_thread(jobs.ask_to_stop, job.id, by)
    return responses.redirect(request, _PAGE)


async def _asked_for(request: Request) -> Job:
    """Return the job of the path. Raises HTTPException."""
    try:
        return await asyncio.to_thread(launching.current, request.path_params["job"])
    except NoSuchJob:
        raise HTTPException(404) from None


async def _started(
    request: Request, start: Callable[[], Job], shown_on: str = "", reason: str = ""
) -> Response:
    """Start a job and lead back to the page, or say why it was not started."""
    try:
        await asyncio.to_thread(start)
    except (Busy, Refused) as error:
        status = 409 if isinstance(error, Busy) else 422
        if shown_on:
            return await _shown_job(request, shown_on, status, error=str(error), reason=reason)
        if isinstance(error, Busy):
            # An address that may be loaded again: the page does so when the job has ended.
            return responses.redirect(request, f"{_PAGE}?already")
        return await _shown(request, status, error=str(error))
    return responses.redirect(request, _PAGE)


async def _shown(request: Request, status: int = 200, **given: Any) -> Response:
    seen = await asyncio.to_thread(views.overview)
    floor = settings().publishing
    drawn = chart(seen.publications, floor.min_accuracy)
    context = {"error": "", "already": False, "own_page": False, **_WORDS, **given}
    return render(
        request, "publishing.html", status, seen=seen, now=time.time(), names=seen.names,
        job=seen.job, tried=seen.tried, chart=drawn, floor=floor, **context,
    )  # fmt: skip


async def _shown_job(request: Request, job: str, status: int = 200, **given: Any) -> Response:
    try:
        seen = await asyncio.to_thread(views.job_view, job)
    except NoSuchJob:
        raise HTTPException(404) from None
    context = {"error": "", "reason": "", "own_page": True, **_WORDS, **given}
    return render(
        request, "publishing_result.html", status, seen=seen, now=time.time(),
        names=seen.names, job=seen.job, tried=seen.tried, floor=settings().publishing, **context,
    )  # fmt: skip
