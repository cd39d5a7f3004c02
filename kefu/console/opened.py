"""The handoff that a request names, where the person who asks may open it."""

from __future__ import annotations

import asyncio

from starlette.exceptions import HTTPException
from starlette.requests import Request

from kefu.console.guard import person_of
from kefu.console.rights import may_open
from kefu.handoff import holder
from kefu.handoff.records import Handoff, HandoffError

# What the database's whole numbers reach to.
MOST = 2**31 - 1


async def opened(request: Request) -> Handoff:
    """Return the handoff of the path's `number`.

    Raises:
        HTTPException: 404 when there is none, 403 when it is not for this person.
    """
    number: int = request.path_params["number"]
    if number > MOST:
        raise HTTPException(404)
    try:
        handoff = await asyncio.to_thread(holder.get, number)
    except HandoffError:
        raise HTTPException(404) from None
    if not may_open(person_of(request), handoff):
        raise HTTPException(403)
    return handoff
