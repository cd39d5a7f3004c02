"""REST connector for the backend of a mini-program or an app, in Rasa's REST format."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.shared.exceptions import InvalidConfigException
from sanic import Blueprint, Sanic, response
from sanic.exceptions import PayloadTooLarge
from sanic.request import Request
from sanic.response import HTTPResponse
from sqlalchemy.exc import SQLAlchemyError

from kefu import rings
from kefu.bell import Bell
from kefu.channels.authentication import Authentication, Backend, Refused
from kefu.channels.handover import inherited
from kefu.channels.limits import Limiter
from kefu.channels.live import Live
from kefu.channels.relay import relayed
from kefu.channels.rest_desk import conversation_of, status_of
from kefu.channels.rest_format import (
    BadRequest,
    answer_body,
    checked_message_id,
    checked_sender,
    numbered_body,
    outgoing_body,
    read_request,
)
from kefu.channels.rest_media import (
    LARGEST_PICTURE,
    SAFELY,
    picture_for,
    read_picture,
    read_stream,
)
from kefu.channels.shared import closed_reception, live_of, opened_reception
from kefu.environment import secret
from kefu.exchange import Incoming
from kefu.reception import Moved, Reception
from kefu.settings import settings
from kefu.storage import messages

logger = logging.getLogger(__name__)

_dumps = partial(json.dumps, ensure_ascii=False, separators=(",", ":"))
_LONGEST_WAIT = 25.0
_LONGEST_NUMBER = 18  # digits, so that it fits into the database
# A person's message rings; this is for a ring that got lost.
_POLL_SECONDS = 1.0
Handler = Callable[[Request], Awaitable[HTTPResponse]]


class RestChannel(InputChannel):
    """Takes messages from the backends of credentials.yml; Rasa's own has no authentication.

    POST /webhooks/rest/webhook     a message; the answer is the reply
    GET  /webhooks/rest/messages    what a person wrote meanwhile (long polling)
    GET  /webhooks/rest/status      who speaks with the customer, or how long it takes
    POST /webhooks/rest/typing      the customer is typing
    POST /webhooks/rest/media       a picture of the customer's; the answer is the reply
    GET  /webhooks/rest/media/<id>  a picture of a person's
    GET  /webhooks/rest/            health
    """

    @classmethod
    def name(cls) -> str:
        """Return the channel's name, which is part of its addresses."""
        return "rest"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> RestChannel:
        """Read the part of credentials.yml. Raises InvalidConfigException."""
        given = credentials or {}
        backends = given.get("backends")
        if not isinstance(backends, dict) or not backends:
            raise InvalidConfigException(
                "credentials.yml：RestChannel 需要 backends，例如 miniprogram: {auth: token}"
            )
        known = [_backend(name, options) for name, options in backends.items()]
        max_body = given.get("max_body_bytes", 65536)
        if not isinstance(max_body, int) or isinstance(max_body, bool) or max_body < 1024:
            raise InvalidConfigException(
                "credentials.yml：max_body_bytes 应为不小于 1024 的整数（字节）"
            )
        return cls(Authentication(known), max_body)

    def __init__(self, authentication: Authentication, max_body: int) -> None:
        self._authentication = authentication
        self._max_body = max_body
        self._limiter = Limiter(lambda: settings().reception)
        self._reception: Reception | None = None
        self._live = Live()
        self._types = Bell(rings.DESK)

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Return the routes; turns run on the server's agent, behind reception."""
        routes = Blueprint("kefu_rest")

        async def start(app: Sanic, loop: asyncio.AbstractEventLoop) -> None:
            # Sanic reads 100 MB before a handler sees anything; the rest is refused by size.
            app.config.REQUEST_MAX_SIZE = 4 * self._max_body
            app.error_handler.add(PayloadTooLarge, _too_large)
            # Only now: a retry that came in between would be a second turn.
            reception = await opened_reception(app)
            self._authentication.refuse(inherited(app).nonces)
            app.ctx.kefu_nonces = self._authentication
            self._live = live_of(app)
            self._reception = reception

        async def stop(app: Sanic, loop: asyncio.AbstractEventLoop) -> None:
            await closed_reception(app)

        routes.listener("after_server_start")(start)
        routes.listener("before_server_stop")(stop)

        @routes.get("/")
        async def health(request: Request) -> HTTPResponse:
            return _json({"status": "ok"}) if self._reception else _starting()

        @routes.post("/webhook")
        async def receive(request: Request) -> HTTPResponse:
            return await _guarded(self._receive, request)

        @routes.get("/messages")
        async def wait(request: Request) -> HTTPResponse:
            return await _guarded(self._wait, request)

        @routes.get("/status")
        async def status(request: Request) -> HTTPResponse:
            return await _guarded(self._status, request)

        @routes.post("/typing")
        async def typing(request: Request) -> HTTPResponse:
            return await _guarded(self._typing, request)

        @routes.post("/media", stream=True)
        async def receive_picture(request: Request) -> HTTPResponse:
            return await _guarded(self._receive_picture, request)

        @routes.get("/media/<message:int>")
        async def show_picture(request: Request, message: int) -> HTTPResponse:
            return await _guarded(partial(self._show_picture, message), request)

        return routes

    async def _receive(self, request: Request) -> HTTPResponse:
        self._authenticate(request)
        incoming = read_request(request.body, settings().reception.max_text)
        return await self._answer(incoming, request, request.body)

    async def _answer(self, incoming: Incoming, request: Request, body: bytes) -> HTTPResponse:
        if not self._limiter.allows(incoming.customer):
            raise BadRequest(429, "too_many_messages", "消息太频繁，请稍后再发")
        if self._reception is None:
            return _starting()
        try:
            answer = await self._reception.receive(incoming)
        except Moved:
            return await relayed(request, body)
        found = await asyncio.to_thread(_take_out, incoming.customer) if answer.more else []
        # The reply to a message that a crash interrupted waits too, and is in the answer.
        waiting = [message for message in found if message.turn != answer.message]
        return _json(answer_body(answer, incoming.customer, waiting))

    async def _wait(self, request: Request) -> HTTPResponse:
        """Return a person's messages, waiting up to `wait` seconds for the first."""
        self._authenticate(request)
        sender = checked_sender(request.args.get("sender"))
        after = _number(request.args.get("after"))
        deadline = time.monotonic() + _seconds(request.args.get("wait") or "0")
        with self._live.waiting(conversation_of(sender)) as rung:
            while True:
                found = await asyncio.to_thread(_said, sender, after)
                left = deadline - time.monotonic()
                if found or left <= 0 or self._has_moved():
                    return _json(found)
                await rung.wait(min(left, _POLL_SECONDS))

    def _has_moved(self) -> bool:
        # Who waits here holds up the end of this process, and may as well ask the next one.
        return self._reception is not None and self._reception.has_moved

    async def _status(self, request: Request) -> HTTPResponse:
        self._authenticate(request)
        conversation = conversation_of(checked_sender(request.args.get("sender")))
        known = await asyncio.to_thread(status_of, conversation, time.time())
        return _json({**known, "typing": self._live.types(conversation)})

    async def _typing(self, request: Request) -> HTTPResponse:
        self._authenticate(request)
        conversation = conversation_of(checked_sender(request.args.get("sender")))
        self._types.ring(f"typing:{conversation}")
        return _json({"status": "ok"})

    async def _receive_picture(self, request: Request) -> HTTPResponse:
        content = await read_stream(request, LARGEST_PICTURE)
        self._authenticate(request, content)
        sender = checked_sender(request.args.get("sender"))
        key = checked_message_id(request.args.get("message_id"))
        return await self._answer(read_picture(sender, content, key), request, content)

    async def _show_picture(self, message: int, request: Request) -> HTTPResponse:
        self._authenticate(request)
        sender = checked_sender(request.args.get("sender"))
        found = await asyncio.to_thread(picture_for, sender, message)
        return response.raw(found.content, headers=SAFELY, content_type=found.content_type)

    def _authenticate(self, request: Request, body: bytes | None = None) -> None:
        if body is None:
            body = request.body
            if len(body) > self._max_body:
                text = f"请求体超过 {self._max_body} 字节，请缩短"
                raise BadRequest(413, "body_too_large", text)
        path = f"{request.path}?{request.query_string}" if request.query_string else request.path
        try:
            self._authentication.check(request.headers, request.method, path, body)
        except Refused as refused:
            raise BadRequest(401, "unauthorized", str(refused)) from None


async def _guarded(handler: Handler, request: Request) -> HTTPResponse:
    """Turn every failure into JSON with a code; nothing of the inside is shown."""
    try:
        return await handler(request)
    except BadRequest as bad:
        logger.info("request refused: %s", bad.code)
        return _error(bad.status, bad.code, bad.message)
    except SQLAlchemyError:
        logger.exception("database failed")
        return _error(503, "storage_unavailable", "数据暂时无法保存，请稍后用同一 message_id 重试")
    except Exception:  # last resort: the caller gets a code, the log gets the trace
        logger.exception("request failed")
        return _error(500, "internal_error", "服务出错，请稍后用同一 message_id 重试")


def _json(body: Any, status: int = 200) -> HTTPResponse:
    # Readable on a terminal: Chinese stays Chinese.
    return response.json(body, status=status, dumps=_dumps)


def _error(status: int, code: str, message: str) -> HTTPResponse:
    return _json({"error": {"code": code, "message": message}}, status=status)


def _starting() -> HTTPResponse:
    return _error(503, "starting", "服务正在启动，请稍后用同一 message_id 重试")


def _too_large(request: Request, exception: Exception) -> HTTPResponse:
    return _error(413, "body_too_large", "请求体太大，请缩短")


def _take_out(customer: str) -> list[messages.Outgoing]:
    return messages.take_out(conversation_of(customer), time.time())


def _said(customer: str, after: int | None) -> list[dict[str, Any]]:
    if after is None:
        return [outgoing_body(message, customer) for message in _take_out(customer)]
    found = messages.out_after(conversation_of(customer), after, time.time())
    return [numbered_body(message, customer) for message in found]


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or len(text) > _LONGEST_NUMBER:
        raise BadRequest(400, "bad_after", "after 应为上次收到的最大的 custom.id，第一次填 0")
    return int(text)


def _seconds(text: str) -> float:
    if not text.isdecimal():
        raise BadRequest(400, "bad_wait", f"wait 应为 0 到 {_LONGEST_WAIT:.0f} 的整数（秒）")
    return min(float(text), _LONGEST_WAIT)


def _backend(name: Any, options: Any) -> Backend:
    # The name becomes part of an environment variable's.
    if not isinstance(name, str) or not name.isidentifier() or not name.isascii():
        raise InvalidConfigException(
            f"credentials.yml：后端名称「{name}」应由字母、数字和下划线组成，不以数字开头"
        )
    given = options if options is not None else {}
    auth = given.get("auth", "token") if isinstance(given, dict) else None
    if auth not in ("token", "hmac") or set(given) - {"auth"}:
        raise InvalidConfigException(
            f"credentials.yml：{name} 应写成 {{auth: token}} 或 {{auth: hmac}}"
        )
    return Backend(name, auth, secret(f"rest_token_{name}"))
