"""Passing a request on to the process that has taken the customers over.

A backend may send on a connection from before; it should not notice.
"""

from __future__ import annotations

import aiohttp
from sanic import response
from sanic.request import Request
from sanic.response import HTTPResponse

from kefu.environment import environment, reachable

_OWN = frozenset({"connection", "content-length", "expect", "host", "keep-alive"})
_OWN |= {"transfer-encoding", "upgrade"}
_SECONDS = 60.0


async def relayed(request: Request, body: bytes) -> HTTPResponse:
    """Send a request again, to whoever listens on the port now; return the answer.

    Raises:
        aiohttp.ClientError: It was not answered.
    """
    place = environment()
    url = f"http://{reachable(place.host)}:{place.rasa_port}{request.path}"
    url = f"{url}?{request.query_string}" if request.query_string else url
    headers = {name: value for name, value in request.headers.items() if name not in _OWN}
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    # A connection each: there are a few of them, once.
    async with (
        aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as session,
        session.request(request.method, url, data=body, headers=headers) as answer,
    ):
        content_type = answer.headers.get("Content-Type", "application/json")
        return response.raw(await answer.read(), answer.status, content_type=content_type)
