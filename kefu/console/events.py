"""The stream of news that every open page of the desk reads (server-sent events)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from kefu.console import viewing
from kefu.console.guard import address_of, person_of, signed_in
from kefu.console.live import Hub
from kefu.console.opened import MOST
from kefu.console.rights import may_open
from kefu.console.streams import MOST_SHOWN, Shown, Stream
from kefu.console.viewing import View
from kefu.handoff import holder
from kefu.handoff.records import Handoff, HandoffError
from kefu.staff.people import Person

HEARTBEAT_SECONDS = 15.0
_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "X-Accel-Buffering": "no",  # nginx would keep events back
}
# How soon the browser comes back after a broken connection.
_BEGIN = b"retry: 1000\n\n"
_HEARTBEAT = b": here\n\n"


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [Route("/desk/events", _events)]


@signed_in
async def _events(request: Request) -> Response:
    person, address, hub = person_of(request), address_of(request), request.app.state.hub
    asked = request.query_params.getlist("handoff")
    shown = await asyncio.to_thread(_shown, asked[:MOST_SHOWN], person, address)
    # A page that only goes on to another conversation has them.
    with_lists = request.query_params.get("lists") != "0"
    session: str = request.state.session.token_hash
    stream = await hub.join(Stream(person, session, shown, address), with_lists)
    return StreamingResponse(_told(hub, stream), headers=_HEADERS)


def _shown(asked: Iterable[str], person: Person, address: str) -> tuple[Shown, ...]:
    """Return what is on the screen and the person may read, after noting that they do."""
    found = [handoff for number in asked if (handoff := _readable(number, person))]
    for handoff in found:
        viewing.read_on(View(person, handoff.id, handoff.conversation, address), time.time())
    return tuple(Shown(handoff.id, handoff.conversation) for handoff in found)


def _readable(number: str, person: Person) -> Handoff | None:
    if not number.isdecimal() or len(number) > 10 or int(number) > MOST:
        return None
    try:
        handoff = holder.get(int(number))
    except HandoffError:
        return None
    return handoff if may_open(person, handoff) else None


async def _told(hub: Hub, stream: Stream) -> AsyncIterator[bytes]:
    try:
        yield _BEGIN
        while not stream.is_over:
            yield await stream.take(HEARTBEAT_SECONDS) or _HEARTBEAT
    finally:
        hub.leave(stream)
