"""Rasa's connector for WeChat.

In `credentials.yml`:

    kefu.channels.wechat.connector.WechatChannel:
      accounts:
        miniprogram: {kind: miniprogram, mode: safe, format: json}

It answers what customers write, and takes pushes at /webhooks/wechat/<account>. `make run`
takes them in a process of its own instead (`service`), which is there again within a
second when it dies, and does not wait while the dialogue thinks.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.shared.exceptions import InvalidConfigException
from sanic import Blueprint, Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse
from sqlalchemy.exc import SQLAlchemyError

from kefu.bell import Listener
from kefu.channels.shared import closed_reception, opened_reception
from kefu.channels.wechat.accounts import CHANNEL_PREFIX, Account, AccountProblem, accounts_of
from kefu.channels.wechat.receiver import Answer, Receiver
from kefu.channels.wechat.workshop import POLL_SECONDS, Workshop
from kefu.errors import KefuError
from kefu.reception import Reception

logger = logging.getLogger(__name__)


class WechatChannel(InputChannel):
    """Mini-programs and official accounts, any number of them side by side.

    GET  /webhooks/wechat/<account>   WeChat's check of the address
    POST /webhooks/wechat/<account>   a push
    GET  /webhooks/wechat/            health
    """

    @classmethod
    def name(cls) -> str:
        """Return the channel's name, which is part of its addresses."""
        return "wechat"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> WechatChannel:
        """Read the part of credentials.yml. Raises InvalidConfigException."""
        try:
            return cls(accounts_of(credentials))
        except AccountProblem as problem:
            raise InvalidConfigException(str(problem)) from None

    def __init__(self, accounts: list[Account]) -> None:
        self._accounts = accounts
        self._tasks: set[asyncio.Task[None]] = set()
        self._ready = False

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Return the routes; turns run on the server's agent, behind reception."""
        routes = Blueprint("kefu_wechat")
        workshop = Workshop(self._accounts)
        receiver = Receiver(self._accounts, workshop.received)

        async def start(app: Sanic, loop: asyncio.AbstractEventLoop) -> None:
            reception = await opened_reception(app)
            await workshop.open()
            task = asyncio.ensure_future(_answer_forever(reception))
            self._tasks.add(task)
            self._ready = True

        async def stop(app: Sanic, loop: asyncio.AbstractEventLoop) -> None:
            if not self._ready:
                return
            self._ready = False
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await receiver.close()
            await workshop.close()
            await closed_reception(app)

        routes.listener("after_server_start")(start)
        routes.listener("before_server_stop")(stop)

        @routes.get("/")
        async def health(request: Request) -> HTTPResponse:
            return self._health()

        @routes.get("/<account>")
        async def verify(request: Request, account: str) -> HTTPResponse:
            if not account:  # Sanic takes the slash at the end for an account without a name
                return self._health()
            return _http(receiver.verify(account, _query(request)))

        @routes.post("/<account>")
        async def push(request: Request, account: str) -> HTTPResponse:
            if not self._ready:
                return _http(Answer(503))
            return _http(await receiver.push(account, _query(request), request.body))

        return routes

    def _health(self) -> HTTPResponse:
        works = self._ready and not any(task.done() for task in self._tasks)
        return response.json({"status": "ok" if works else "starting"}, 200 if works else 503)


async def _answer_forever(reception: Reception) -> None:
    """Run the turns of what is recorded, whichever process recorded it."""
    listener = Listener("dialogue")
    await listener.open()
    try:
        looked_at = 0.0
        heard: list[str] = []
        while True:
            if time.monotonic() - looked_at > POLL_SECONDS or not all(heard):
                heard, looked_at = [], time.monotonic()
            try:
                await reception.pick_up(CHANNEL_PREFIX, [int(id_) for id_ in heard])
            except (SQLAlchemyError, KefuError):
                logger.exception("messages of WeChat cannot be picked up")
            heard = [id_ for id_ in await listener.wait(POLL_SECONDS) if id_.isdecimal()]
    finally:
        listener.close()


def _query(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in request.args.items()}


def _http(answer: Answer) -> HTTPResponse:
    return response.text(answer.body, answer.status, content_type=answer.content_type)
