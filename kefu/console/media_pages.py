"""Pictures and recordings of conversations, for the people who may read them."""

from __future__ import annotations

import asyncio

from sqlalchemy import select
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kefu.console import picture_acts
from kefu.console.file_types import ENDINGS, SHOWN
from kefu.console.guard import address_of, person_of, signed_in
from kefu.console.opened import MOST
from kefu.console.rights import may_open, readable_until
from kefu.handoff import earlier
from kefu.staff import access
from kefu.staff.person import Person
from kefu.storage.engine import reading
from kefu.storage.media import StoredFile, stored
from kefu.storage.tables import messages

_UNKNOWN = "application/octet-stream"
# A customer wrote it: whatever it turns out to be, it runs nothing and loads nothing.
_POLICY = "default-src 'none'; sandbox"


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [
        Route("/media/{message:int}", _media, methods=["GET"]),
        *picture_acts.routes(),
    ]


@signed_in
async def _media(request: Request) -> Response:
    message: int = request.path_params["message"]
    if message > MOST:
        raise HTTPException(404)
    person, address = person_of(request), address_of(request)
    found = await asyncio.to_thread(_readable, person, message, address)
    if found is None:
        # Nobody learns of a file that is not theirs to see.
        raise HTTPException(404)
    known = found.content_type if found.content_type in ENDINGS else _UNKNOWN
    way = "inline" if known in SHOWN else "attachment"
    return Response(
        found.content,
        media_type=known,
        headers={
            "Content-Disposition": f'{way}; filename="{message}.{ENDINGS.get(known, "bin")}"',
            "Content-Security-Policy": _POLICY,
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, max-age=3600",
            "Vary": "Cookie",
        },
    )


def _readable(person: Person, message: int, address: str) -> StoredFile | None:
    """Return the file of a message if the person may see it, after noting that they do."""
    query = select(messages.c.conversation, messages.c.created_at).where(messages.c.id == message)
    with reading() as connection:
        row = connection.execute(query).first()
    if row is None or not _may_see(person, row.conversation, row.created_at):
        return None
    found = stored(message)
    if found is not None:
        access.note(
            person.login,
            "view_media",
            staff=person.id,
            conversation=row.conversation,
            detail=f"消息 {message}",
            address=address,
        )
    return found


def _may_see(person: Person, conversation: str, said_at: float) -> bool:
    """Tell whether one of the conversation's handoffs opens what was said at that time."""
    for handoff in earlier.handoffs_of(conversation):
        until = readable_until(person, handoff)
        if may_open(person, handoff) and (until is None or said_at <= until):
            return True
    return False
