"""Figures are computed two at a time, each once, and kept for a minute."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request

from kefu.console.figures_choice import Choice, channel_titles
from kefu.insight.charts import chart
from kefu.insight.figures import Figure, Figures, Group
from kefu.insight.filters import Filters, channels
from kefu.insight.period import Period, Step
from kefu.insight.report import Report, report_of
from kefu.insight.tables import Table
from kefu.insight.tables_by_kind import overview
from kefu.insight.tables_over_time import Course

_AT_ONCE = 2
_KEPT_SECONDS = 60.0
# The sessions of a long period take some memory.
_MOST_KEPT = 16
# The browser that asked is gone; nobody reads this.
_GONE = 503
# What takes longest of the figures, by what is made of it: charts, and tiles by their group.
_MADE_OF = {
    "recognition": ("questions",),
    "endings": ("questions",),
    "tiles understanding": ("questions",),
    "replies": ("replies",),
    "tiles speed": ("replies",),
    "channels": ("sessions", "questions", "replies"),
    "overview": ("sessions", "questions", "replies"),
    "report": ("sessions", "questions", "replies"),
    **dict.fromkeys(
        ("handoff", "unreached", "reasons", "waits", "categories", "tiles people", "tiles volume"),
        ("sessions",),
    ),
}
_Found = TypeVar("_Found")


class Kept:
    """What was computed about something."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.found: dict[str, Any] = {}
        self.locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)


class Workshop:
    """Computes what the pages of one console show."""

    def __init__(self) -> None:
        """Begin with nothing computed."""
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._kept: dict[object, Kept] = {}

    async def channels(self, request: Request) -> dict[str, str]:
        """Return the channels that customers came by, with what operators call them."""
        found = await self._once(request, None, "channels", channels)
        return channel_titles(found)

    async def chart(self, request: Request, choice: Choice, name: str) -> Table:
        """Return the table of a chart. Raises UnknownChart."""
        course = Course(self.figures(choice), choice.step)
        if course.step is not Step.HOUR:
            await self._prepare(request, course.figures, name)
        key = (course.period, course.filters, course.step)
        return await self._once(request, key, name, lambda: chart(name, course))

    async def rows(self, request: Request, of: Figures, group: Group) -> list[Figure]:
        """Return a group of figures."""
        name = _tiles(group)
        await self._prepare(request, of, name)
        return await self._once(request, _key(of), name, lambda: of.rows(group))

    def has_rows(self, of: Figures, group: Group) -> bool:
        """Tell whether a group of figures is there already."""
        kept = self._kept.get(_key(of))
        return kept is not None and _tiles(group) in kept.found

    async def overview(self, request: Request, choice: Choice) -> Table:
        """Return the table of all figures."""
        now, before = self.figures(choice), self.before(choice)
        await self._prepare_both(request, now, before, "overview")
        return await self._once(request, _key(now), "overview", lambda: overview(now, before))

    async def report(self, request: Request, choice: Choice) -> Report:
        """Return the report."""
        now, before = self.figures(choice), self.before(choice)
        await self._prepare_both(request, now, before, "report")
        made = partial(report_of, now, before, time.time())
        return await self._once(request, _key(now), "report", made)

    async def _prepare_both(
        self, request: Request, now: Figures, before: Figures, name: str
    ) -> None:
        await asyncio.gather(*(self._prepare(request, of, name) for of in (now, before)))

    async def _prepare(self, request: Request, of: Figures, name: str) -> None:
        """Compute what something is made of, one beside the other, for all that share it."""
        parts = (
            self._once(request, _key(of), part, partial(getattr, of, part))
            for part in _MADE_OF.get(name, ())
        )
        await asyncio.gather(*parts)

    def figures(self, choice: Choice) -> Figures:
        """Return the figures of the days; each is computed when it is asked for."""
        return self._figures_of(choice.period, choice.filters)

    def before(self, choice: Choice) -> Figures:
        """Return the figures of the days before."""
        return self._figures_of(choice.period.before(), choice.filters)

    def _figures_of(self, period: Period, filters: Filters) -> Figures:
        kept = self._keep(("figures", period, filters))
        if not kept.found:
            kept.found["figures"] = Figures(period, filters)
        found: Figures = kept.found["figures"]
        return found

    def _keep(self, key: object) -> Kept:
        """Return what is known about something, which is forgotten after a while."""
        if key not in self._kept:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.pop(next(iter(self._kept)))
            kept = self._kept[key] = Kept()
            asyncio.get_running_loop().call_later(_KEPT_SECONDS, self._forget, key, kept)
        return self._kept[key]

    def _forget(self, key: object, kept: Kept) -> None:
        if self._kept.get(key) is kept:
            del self._kept[key]

    async def _once(
        self, request: Request, key: object, name: str, make: Callable[[], _Found]
    ) -> _Found:
        kept = self._keep(key)
        async with kept.locks[name]:
            if name not in kept.found:
                async with self._turns:
                    if await request.is_disconnected():
                        raise HTTPException(_GONE)
                    kept.found[name] = await asyncio.to_thread(make)
        found: _Found = kept.found[name]
        return found


def _key(of: Figures) -> object:
    return of.period, of.filters


def _tiles(group: Group) -> str:
    return f"tiles {group}"
