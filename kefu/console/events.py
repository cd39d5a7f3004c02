"""The stream of news that every open page of the desk reads (server-sent events)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from kefu.console.guard import person_of, signed_in
from kefu.console.live import Hub
from kefu.console.rights import may_open
from kefu.console.streams import Shown, Stream
from kefu.handoff import holder
from kefu.handoff.holder import HandoffError
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
    person, hub = person_of(request), request.app.state.hub
    shown = await _shown(request.query_params.get("handoff", ""), person)
    # A page that only goes on to another conversation has them.
    with_lists = request.query_params.get("lists") != "0"
    session: str = request.state.session.token_hash
    stream = await hub.join(person, session, shown, with_lists)
    return StreamingResponse(_told(hub, stream), headers=_HEADERS)


async def _shown(number: str, person: Person) -> Shown | None:
    """Return what the page shows, None where it shows nothing that the person may read."""
    if not number.isdecimal() or len(number) > 18:
        return None
    try:
        handoff = await asyncio.to_thread(holder.get, int(number))
    except HandoffError:
        return None
    return Shown(handoff.id, handoff.conversation) if may_open(person, handoff) else None


async def _told(hub: Hub, stream: Stream) -> AsyncIterator[bytes]:
    try:
        yield _BEGIN
        while not stream.is_over:
            yield await stream.take(HEARTBEAT_SECONDS) or _HEARTBEAT
    finally:
        hub.leave(stream)
