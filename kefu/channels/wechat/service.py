"""The process that WeChat's pushes come to: `python -m kefu.channels.wechat`.

GET  /wechat/<account>   WeChat's check of the address
POST /wechat/<account>   a push
GET  /health             health
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.pushes import MAX_BODY
from kefu.channels.wechat.receiver import Answer, Receiver
from kefu.channels.wechat.workshop import Workshop

logger = logging.getLogger(__name__)


def create_app(accounts: Sequence[Account]) -> Starlette:
    """Return the application for these accounts."""
    workshop = Workshop(accounts)
    receiver = Receiver(accounts, workshop.received)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await workshop.open()
        yield
        await receiver.close()
        await workshop.close()

    async def health(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def verify(request: Request) -> Response:
        return _http(receiver.verify(request.path_params["account"], request.query_params))

    async def push(request: Request) -> Response:
        account = request.path_params["account"]
        if not receiver.knows(account):
            return _http(Answer(404))
        try:
            body = await _body(request)
        except ClientDisconnect:
            logger.info("push of %s broke off", account)
            return _http(Answer(400))
        if body is None:
            logger.warning("push of %s refused: too_large", account)
            # Nobody reads what would still come.
            return Response(status_code=413, headers={"Connection": "close"})
        return _http(await receiver.push(account, request.query_params, body))

    routes = [
        Route("/health", health),
        Route("/wechat/{account}", verify, methods=["GET"]),
        Route("/wechat/{account}", push, methods=["POST"]),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


async def _body(request: Request) -> bytes | None:
    """Read the body, None when it is longer than any push. Raises ClientDisconnect."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            return None
    return bytes(body)


def _http(answer: Answer) -> Response:
    headers = {"Content-Type": answer.content_type}
    return Response(answer.body, answer.status, headers=headers)
