"""What an agent does in a conversation: take it, write, note, hand it on, end it.

Every answer is JSON; what cannot be done is told in {"error": …} with status 409.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from kefu import rings
from kefu.console import desk_transcript
from kefu.console.desk_lines import DESK_KEY, Line
from kefu.console.desk_views import refuses
from kefu.console.desk_words import person_name
from kefu.console.forms import plain
from kefu.console.guard import Handler, person_of, signed_in
from kefu.console.newsroom import rendered
from kefu.console.opened import MOST, opened
from kefu.console.rights import holds, may_open, readable_until
from kefu.handoff import desk, holder
from kefu.handoff.records import Handoff, HandoffError
from kefu.handoff.room import SHUT
from kefu.staff.people import Person
from kefu.storage import internal_notes, messages
from kefu.storage.windows_view import window_of

_LONGEST_KEY = 64
_LONGEST_REMARK = 500
# A note that is sent again after a lost answer is the same one for so long.
_SAME_NOTE_SECONDS = 600.0


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    acts: dict[str, Handler] = {
        "say": _say,
        "note": _note,
        "take": _take,
        "take-over": _take_over,
        "transfer": _transfer,
        "put-back": _put_back,
        "finish": _finish,
        "seen": _seen,
        "typing": _typing,
    }
    return [
        Route(f"/desk/{{number:int}}/{name}", signed_in(act), methods=["POST"])
        for name, act in acts.items()
    ]


async def _say(request: Request) -> Response:
    handoff, person = await opened(request), person_of(request)
    text, key = await _field(request, "text"), await _key(request)
    return await _answered(handoff, person, lambda: _said(handoff, person, text, key))


def _said(handoff: Handoff, person: Person, text: str, key: str) -> dict[str, object]:
    now = time.time()
    known = messages.of_key(handoff.conversation, DESK_KEY + key)
    # What was said before was said, whatever the channel takes now.
    if known is None and refuses(window_of(handoff.conversation, now)):
        raise HandoffError(SHUT)
    number = desk.say(handoff.id, person.login, text, now, key)
    return _as_told(desk_transcript.lines_of_messages([number]))


async def _note(request: Request) -> Response:
    handoff, person = await opened(request), person_of(request)
    text, again = await _field(request, "text"), bool(await _field(request, "again"))
    return await _answered(handoff, person, lambda: _noted(handoff, person, text, again))


def _noted(handoff: Handoff, person: Person, text: str, again: bool) -> dict[str, object]:
    until = readable_until(person, handoff)
    if until is not None and time.time() > until:
        # Somebody else may have the customer now, and would read it as of today.
        raise HandoffError("服务已经结束，不能再写备注")
    number = _same_note(handoff, person, text) if again else None
    if number is None:
        number = desk.note(handoff.id, person.login, text, time.time())
    return _as_told(desk_transcript.lines_of_notes([number]))


def _same_note(handoff: Handoff, person: Person, text: str) -> int | None:
    since = time.time() - _SAME_NOTE_SECONDS
    for note in internal_notes.of(handoff.conversation):
        same = note.handoff == handoff.id and note.author == person.login and note.body == text
        if same and note.created_at >= since:
            return note.id
    return None


async def _take(request: Request) -> Response:
    handoff, person = await _found(request), person_of(request)
    if not may_open(person, handoff):
        return JSONResponse({"error": _taken_by(handoff)}, 409)
    return await _answered(
        handoff, person, lambda: desk.take(handoff.id, person.login, time.time())
    )


async def _found(request: Request) -> Handoff:
    """Return the handoff of the path, also one that somebody else has taken meanwhile."""
    number: int = request.path_params["number"]
    try:
        return await asyncio.to_thread(holder.get, min(number, MOST))
    except HandoffError:
        raise HTTPException(404) from None


async def _take_over(request: Request) -> Response:
    handoff, person = await opened(request), person_of(request)
    if not person.is_operator:
        raise HTTPException(403)
    return await _answered(
        handoff,
        person,
        lambda: desk.transfer(handoff.id, person.login, person.login, time.time(), force=True),
    )


async def _transfer(request: Request) -> Response:
    handoff, person = await opened(request), person_of(request)
    to, remark = await _field(request, "to"), (await _field(request, "note")).strip()
    force = person.is_operator and not holds(person, handoff)
    if len(remark) > _LONGEST_REMARK:
        return JSONResponse({"error": f"说明至多 {_LONGEST_REMARK} 个字"}, 422)
    return await _answered(
        handoff,
        person,
        lambda: desk.transfer(
            handoff.id, person.login, to, time.time(), remark or None, force=force
        ),
    )


async def _put_back(request: Request) -> Response:
    handoff, person = await opened(request), person_of(request)
    # An operator may give back what somebody else has.
    login = handoff.agent if person.is_operator and handoff.agent else person.login
    return await _answered(
        handoff,
        person,
        lambda: desk.put_back(handoff.id, login, time.time(), by=person.login),
    )


async def _finish(request: Request) -> Response:
    handoff, person = await opened(request), person_of(request)
    # A ticket can be closed by anybody who reads it, a customer only by who has them.
    if not (holds(person, handoff) or handoff.state == "left" or person.is_operator):
        raise HTTPException(403)
    # Operators end it, whoever has it by then.
    seen = None if person.is_operator else handoff
    return await _answered(
        handoff, person, lambda: desk.finish(handoff.id, time.time(), by=person.login, seen=seen)
    )


async def _seen(request: Request) -> Response:
    handoff, person = await opened(request), person_of(request)
    given = await _field(request, "message")
    if not given.isdecimal() or len(given) > 10 or int(given) > MOST:
        raise HTTPException(400)
    # Whoever only looks on has not seen it for the one who answers.
    if holds(person, handoff):
        await asyncio.to_thread(_note_seen, handoff, int(given))
        rings.changed(handoff.conversation)
    return JSONResponse({})


def _note_seen(handoff: Handoff, given: int) -> None:
    # What was not said yet cannot have been seen.
    holder.seen(handoff.id, min(given, desk_transcript.last_message(handoff.conversation)))


async def _typing(request: Request) -> Response:
    handoff = await opened(request)
    if holds(person_of(request), handoff):
        rings.agent_types(handoff.conversation)
    return JSONResponse({})


async def _answered(handoff: Handoff, person: Person, act: Callable[[], object]) -> Response:
    """Do something and tell the page what came of it."""
    try:
        done = await asyncio.to_thread(act)
    except HandoffError as error:
        reason = await asyncio.to_thread(_reason, handoff, person, error)
        return JSONResponse({"error": reason}, 409)
    return JSONResponse(done if isinstance(done, dict) else {})


def _reason(handoff: Handoff, person: Person, error: HandoffError) -> str:
    """Return why something could not be done; who has the customer is what matters most."""
    now = holder.get(handoff.id)
    if now.state == "agent" and now.agent != person.login and handoff.agent != now.agent:
        return _taken_by(now)
    return str(error)


def _taken_by(handoff: Handoff) -> str:
    if handoff.state == "closed":
        return "服务已结束"
    return f"已由 {person_name(handoff.agent)} 接入"


def _as_told(lines: list[tuple[str, Line]]) -> dict[str, object]:
    (_, line), *_ = lines
    return {"key": line.key, "message": line.message, "html": rendered(line)}


async def _field(request: Request, name: str) -> str:
    given = (await request.form()).get(name)
    return plain(given) if isinstance(given, str) else ""


async def _key(request: Request) -> str:
    """Return the key that the page made for a message. Raises HTTPException."""
    key = await _field(request, "key")
    if not key or len(key) > _LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise HTTPException(400)
    return key
