"""Entries that are taken for each other: how often, what was asked, and what helps."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kefu.console.forms import all_of, fields
from kefu.console.guard import Handler, operators_only, person_of
from kefu.console.knowledge_files import needs_files, the_library
from kefu.console.loop_cards import Choice, category_title, choice, title_of
from kefu.console.loop_period import NAMES, Days, days_of
from kefu.console.pages import render
from kefu.console.responses import redirect
from kefu.environment import environment
from kefu.errors import KefuError
from kefu.knowledge.checks import MAX_ANSWER
from kefu.knowledge.library import Library, library
from kefu.knowledge.search import search
from kefu.loop import acts, doing, merging
from kefu.loop.acts import Act
from kefu.loop.background import Kept
from kefu.loop.grouping import grouping_key
from kefu.loop.mixups import KINDS, Advice, Mixup, advise, mixups_between
from kefu.masking import Masker
from kefu.normalise import match_key
from kefu.staff.names import name_of

_PAGE = "/unrecognised/mixups"
_SECONDS = 300.0
_found: Kept[list[tuple[Mixup, Advice]]] = Kept(6)


@dataclass(frozen=True)
class Row:
    """Two entries that are mixed up.

    Attributes:
        mixup: Which, how often, and what was asked.
        given, right: The entries.
        advice: What helps.
        category: Title of the category to move to.
        addable: Which of the examples the right entry can be given.
        done: What was done about it already.
        who: Who did that.
    """

    mixup: Mixup
    given: Choice
    right: Choice
    advice: Advice
    category: str
    addable: tuple[str, ...]
    done: Act | None
    who: str


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [
        Route(_PAGE, _page, methods=["GET"]),
        Route(f"{_PAGE}/add", _acting(_add), methods=["POST"]),
        Route(f"{_PAGE}/move", _acting(_move), methods=["POST"]),
        Route(f"{_PAGE}/merge", _merge_form, methods=["GET"]),
        Route(f"{_PAGE}/merge", _merge, methods=["POST"]),
    ]


@operators_only
@needs_files
async def _page(request: Request) -> Response:
    return await _shown(request, days_of(request.query_params, time.time(), "month"))


def _acting(work: Callable[[dict[str, str], Sequence[str], str], Act]) -> Handler:
    """Return a handler that does something about a pair, and shows the page that says what."""

    @operators_only
    @needs_files
    async def handler(request: Request) -> Response:
        given, texts = await fields(request), await all_of(request, "text")
        try:
            act = await asyncio.to_thread(work, given, texts, person_of(request).login)
        except KefuError as error:
            return await _shown(request, _days(given), str(error), 422)
        return redirect(request, f"{_days(given).url(_PAGE)}&done={act.id}")

    return handler


def _add(given: dict[str, str], texts: Sequence[str], by: str) -> Act:
    home = environment().home
    return doing.add_phrasings(home, given.get("right", ""), texts, by, time.time())


def _move(given: dict[str, str], texts: Sequence[str], by: str) -> Act:
    label, category = given.get("right", ""), given.get("category", "")
    return merging.move_to(environment().home, label, category, by, time.time())


@operators_only
@needs_files
async def _merge_form(request: Request) -> Response:
    given = dict(request.query_params)
    return await _shown_merge(request, given)


@operators_only
@needs_files
async def _merge(request: Request) -> Response:
    given = await fields(request)
    by, home = person_of(request).login, environment().home
    kept, gone = given.get("kept", ""), given.get("gone", "")
    answer = given.get("answer", "").strip()
    try:
        act = await asyncio.to_thread(merging.merge, home, kept, gone, answer, by, time.time())
    except KefuError as error:
        return await _shown_merge(request, given, str(error), 422)
    return redirect(request, f"{_days(given).url(_PAGE)}&done={act.id}")


async def _shown(request: Request, days: Days, problem: str = "", status: int = 200) -> Response:
    known = await the_library()
    rows = await asyncio.to_thread(_rows, days, known)
    done = request.query_params.get("done", "")
    act = await asyncio.to_thread(acts.find, done) if done else None
    part = request.headers.get("HX-Request") and status == 200
    name = "_loop_mixups.html" if part else "loop_mixups.html"
    return render(
        request, name, status, days=days, periods=NAMES, rows=rows, kinds=KINDS, act=act,
        problem=problem, undone=act is not None and bool(act.undone_by),
        title=title_of(known, act.label) if act else "",
    )  # fmt: skip


async def _shown_merge(
    request: Request, given: dict[str, str], problem: str = "", status: int = 200
) -> Response:
    known = await the_library()
    kept, gone = (choice(known, given.get(name, "")) for name in ("kept", "gone"))
    if kept is None or gone is None or kept == gone:
        raise HTTPException(404)
    answer = given.get("answer") or kept.entry.answer.text
    return render(
        request, "loop_merge.html", status, days=_days(given), kept=kept, gone=gone,
        answer=answer, problem=problem, most=MAX_ANSWER,
    )  # fmt: skip


def _rows(days: Days, known: Library) -> list[Row] | None:
    """Return the pairs of a time; None while they are looked for."""
    period = days.period
    home = environment().home

    def made() -> list[tuple[Mixup, Advice]]:
        now = library(home)
        pairs = mixups_between(period.start, period.end, now)
        return [(pair, advise(pair, now, search())) for pair in pairs]

    key = (home, environment().var, period.start, period.end)
    stamp = hash(tuple(shelf.content for shelf in known.shelves))
    found = _found.get(key, made, stamp, _SECONDS).value
    if found is None:
        return None
    done = acts.standing_acts()
    rows = (_row(pair, advice, known, done) for pair, advice in found)
    return [row for row in rows if row is not None]


def _row(mixup: Mixup, advice: Advice, known: Library, done: Sequence[Act]) -> Row | None:
    given, right = choice(known, mixup.given), choice(known, mixup.right)
    if given is None or right is None:
        return None
    masker = Masker()
    addable = tuple(
        text
        for text in mixup.examples
        if not masker.found(text) and not known.askers(match_key(text))
    )
    keys = {grouping_key(text) for text in mixup.examples}
    last = next((a for a in done if a.label == mixup.right and not keys.isdisjoint(a.keys)), None)
    title = category_title(known, advice.category) if advice.category else ""
    who = name_of(last.by) if last else ""
    return Row(mixup, given, right, advice, title, addable, last, who)


def _days(given: dict[str, str]) -> Days:
    return days_of(given, time.time(), "month")
