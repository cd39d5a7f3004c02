"""An agent sends the customer a picture."""

from __future__ import annotations

import asyncio
import time

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from kefu.console import desk_transcript
from kefu.console.desk_lines import DESK_KEY
from kefu.console.desk_views import refuses
from kefu.console.guard import max_body, person_of, signed_in
from kefu.console.newsroom import rendered
from kefu.console.opened import opened
from kefu.console.pictures import Picture, PictureRefused, prepared_soon
from kefu.console.uploads import MOST_READ, uploaded
from kefu.handoff import desk
from kefu.handoff.records import Handoff, HandoffError
from kefu.handoff.room import SHUT
from kefu.staff.person import Person
from kefu.storage import messages
from kefu.storage.windows_view import window_of

_LONGEST_KEY = 64


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [Route("/desk/{number:int}/picture", _picture, methods=["POST"])]


@signed_in
@max_body(MOST_READ)
async def _picture(request: Request) -> Response:
    handoff = await opened(request)
    key = request.headers.get("X-Message-Key") or request.query_params.get("key")
    if not key or len(key) > _LONGEST_KEY or not key.isascii() or not key.isprintable():
        return JSONResponse({"error": "缺少 key，请刷新页面后再发"}, 400)
    try:
        picture = await prepared_soon(await uploaded(request))
        told = await asyncio.to_thread(_said, handoff, person_of(request), picture, key)
    except PictureRefused as refused:
        return JSONResponse({"error": str(refused)}, refused.status)
    except HandoffError as error:
        return JSONResponse({"error": str(error)}, 409)
    return JSONResponse(told)


def _said(handoff: Handoff, person: Person, picture: Picture, key: str) -> dict[str, object]:
    now = time.time()
    known = messages.of_key(handoff.conversation, DESK_KEY + key)
    # What was said before was said, whatever the channel takes now.
    if known is None and refuses(window_of(handoff.conversation, now)):
        raise HandoffError(SHUT)
    number = desk.say_picture(
        handoff.id, person.login, picture.content, picture.content_type, now, key
    )
    ((_, line),) = desk_transcript.lines_of_messages([number])
    return {"key": line.key, "message": number, "html": rendered(line)}
