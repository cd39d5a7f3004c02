"""Figures are computed once for all who ask, and for nobody who has gone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from kefu.console.figures_choice import Choice
from kefu.console.figures_work import Workshop
from kefu.insight.filters import EVERYTHING
from kefu.storage.engine import engine, reading
from tests.insight.scene import NOON, WEEK, say

pytestmark = pytest.mark.usefixtures("fresh_home")
CHOICE = Choice("own", WEEK, EVERYTHING)


def waiting() -> Request:
    """Give the request of a browser that waits for its answer."""
    return _request(asyncio.Event())


def gone() -> Request:
    """Give the request of a browser that has gone to another page."""
    left = asyncio.Event()
    left.set()
    return _request(left)


def _request(left: asyncio.Event) -> Request:
    async def receive() -> Message:
        await left.wait()
        return {"type": "http.disconnect"}

    return Request({"type": "http"}, receive)


@contextmanager
def statements() -> Iterator[list[str]]:
    """Note what is asked of the database."""
    with reading() as connection:
        reader = connection.engine
    noted: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        noted.append(statement)

    for each in {reader, engine()}:
        event.listen(each, "before_cursor_execute", note)
    yield noted
    for each in {reader, engine()}:
        event.remove(each, "before_cursor_execute", note)


async def test_several_who_ask_at_once_cost_one_reading() -> None:
    say("a", NOON, "answered", "logistics/ship_time")
    work = Workshop()
    with statements() as alone:
        await Workshop().chart(waiting(), CHOICE, "recognition")
    with statements() as together:
        found = await asyncio.gather(
            *(work.chart(waiting(), CHOICE, "recognition") for _ in range(5))
        )
        again = await work.chart(waiting(), CHOICE, "recognition")
    assert len(together) == len(alone) > 0
    assert all(table == again for table in found)


async def test_charts_about_people_share_what_takes_longest() -> None:
    say("a", NOON, "human", "request_human")
    work = Workshop()
    await work.rows(waiting(), work.figures(CHOICE), "people")
    with statements() as noted:
        table = await work.chart(waiting(), CHOICE, "handoff")
    assert noted == []
    assert [row[3] for row in table.rows] == [1, 0, 0, 0, 0, 0, 0]


async def test_nothing_is_computed_for_who_has_gone() -> None:
    work = Workshop()
    with statements() as noted, pytest.raises(HTTPException):
        await work.chart(gone(), CHOICE, "recognition")
    assert noted == []
    assert (await work.chart(waiting(), CHOICE, "recognition")).name == "recognition"
