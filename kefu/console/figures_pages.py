"""The figures in the browser: tiles, charts and their files."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from functools import wraps
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kefu.console import responses
from kefu.console.figures_choice import (
    STEPS,
    Choice,
    ChoiceProblem,
    chosen,
    usual_spans,
)
from kefu.console.figures_views import GROUPS, drawn_targets, leads, tiles
from kefu.console.figures_work import Workshop
from kefu.console.guard import operators_only
from kefu.console.pages import render
from kefu.insight.charts import CHARTS
from kefu.insight.csv_files import as_csv
from kefu.insight.names import category_titles
from kefu.insight.period import PeriodProblem
from kefu.insight.report import as_html, as_part, narrowed, styles, title_of
from kefu.insight.tables import Table
from kefu.settings import settings

_PAGE = "/figures"
_REPORT = f"{_PAGE}/report"
_Shown = Callable[[Request, Choice], Awaitable[Response]]


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [
        Route(_PAGE, _page, methods=["GET"]),
        Route(f"{_PAGE}/tiles/{{group}}", _tiles, methods=["GET"]),
        Route(f"{_PAGE}/charts/{{name}}.csv", _csv, methods=["GET"]),
        Route(f"{_PAGE}/charts/{{name}}", _chart, methods=["GET"]),
        Route(_REPORT, _report, methods=["GET"]),
        Route(f"{_REPORT}.html", _report_file, methods=["GET"]),
        Route(f"{_REPORT}.css", _report_styles, methods=["GET"]),
        Route(f"{_REPORT}/body", _report_body, methods=["GET"]),
    ]


def _choosing(shown: _Shown) -> Callable[[Request], Awaitable[Response]]:
    """Give a part of a page what its address asks for; refuse in words what is none."""

    @wraps(shown)
    async def handler(request: Request) -> Response:
        try:
            choice = await _choice(request)
        except (ChoiceProblem, PeriodProblem) as problem:
            return responses.refused(request, 422, str(problem))
        return await shown(request, choice)

    return handler


@operators_only
async def _page(request: Request) -> Response:
    return await _with_filters(request, "figures.html", groups=GROUPS, charts=list(CHARTS))


@operators_only
async def _report(request: Request) -> Response:
    return await _with_filters(request, "figures_report.html")


@operators_only
@_choosing
async def _tiles(request: Request, choice: Choice) -> Response:
    work, group = _work(request), request.path_params["group"]
    if group not in GROUPS:
        raise HTTPException(404)
    now, before = work.figures(choice), work.before(choice)
    # What is now is shown before what was then has been computed.
    compares = "compared" in request.query_params or work.has_rows(before, group)
    rows = await work.rows(request, now, group)
    earlier = await work.rows(request, before, group) if compares else None
    shown = tiles(group, rows, earlier)
    return render(
        request, "_figures_tiles.html", choice=choice, group=group, tiles=shown, compared=compares
    )


@operators_only
@_choosing
async def _chart(request: Request, choice: Choice) -> Response:
    table = await _table(request, choice)
    lead = await asyncio.to_thread(leads, table, choice)
    return render(
        request, "_figures_chart.html", choice=choice, table=table,
        targets=drawn_targets(table), leads=lead,
    )  # fmt: skip


@operators_only
@_choosing
async def _csv(request: Request, choice: Choice) -> Response:
    if request.path_params["name"] == "figures":
        table = await _work(request).overview(request, choice)
    else:
        table = await _table(request, choice)
    # With its mark Excel reads the file as UTF-8.
    content = as_csv(table).encode("utf-8-sig")
    return _file(content, "text/csv; charset=utf-8", f"{table.title}_{_days(choice)}.csv")


@operators_only
@_choosing
async def _report_body(request: Request, choice: Choice) -> Response:
    found = await _work(request).report(request, choice)
    return Response(as_part(found), media_type="text/html")


@operators_only
@_choosing
async def _report_file(request: Request, choice: Choice) -> Response:
    content = as_html(await _work(request).report(request, choice)).encode()
    name = f"{title_of(choice.period)}_{_days(choice)}.html"
    return _file(content, "text/html; charset=utf-8", name)


@operators_only
async def _report_styles(request: Request) -> Response:
    return Response(styles(), media_type="text/css")


async def _with_filters(request: Request, template: str, **more: Any) -> Response:
    """Answer with a page over which one chooses what it is about."""
    given, channels = request.query_params, await _work(request).channels(request)
    categories = await asyncio.to_thread(category_titles)
    choice, problem = None, ""
    try:
        choice = await _choice(request)
    except (ChoiceProblem, PeriodProblem) as caught:
        problem = str(caught)
    if choice is not None and choice.params() != dict(given):
        # So that what is bookmarked says no more than what was chosen.
        return responses.redirect(request, f"{request.url.path}{choice.query}")
    context = {
        "choice": choice, "problem": problem, "given": given, "channels": channels,
        "categories": categories, "steps": STEPS,
        "spans": choice.spans() if choice else usual_spans(),
        "narrowed": narrowed(choice.filters) if choice else "",
        "unfinished": choice is not None and choice.period.end > time.time(), **more,
    }  # fmt: skip
    return render(request, template, 200 if choice else 422, **context)


async def _choice(request: Request) -> Choice:
    """Return what an address asks for. Raises ChoiceProblem, PeriodProblem."""
    channels = await _work(request).channels(request)
    # The titles of the categories may have to be read.
    return await asyncio.to_thread(chosen, request.query_params, _today(), channels)


async def _table(request: Request, choice: Choice) -> Table:
    name = request.path_params["name"]
    if name not in CHARTS:
        raise HTTPException(404)
    return await _work(request).chart(request, choice, name)


def _work(request: Request) -> Workshop:
    state = request.app.state
    if not hasattr(state, "figures"):
        state.figures = Workshop()
    found: Workshop = state.figures
    return found


def _today() -> date:
    return datetime.now(settings().assistant.zone).date()


def _days(choice: Choice) -> str:
    first, last = str(choice.period.first), str(choice.period.last)
    return first if first == last else f"{first}_{last}"


def _file(content: bytes, kind: str, name: str) -> Response:
    """Answer with a file to keep."""
    disposition = f"attachment; filename*=UTF-8''{quote(name)}"
    return Response(content, headers={"Content-Disposition": disposition}, media_type=kind)
