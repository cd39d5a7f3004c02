"""Rasa's connector for the console: what recognition makes of a text, without any turn.

In `credentials.yml`:

    kefu.channels.desk.DeskChannel:

Only the console calls it, with the internal token. It answers while agents write, and so it
touches no conversation: the same text again gives the same, and nobody is told anything.
"""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from kefu.channels.dialogue import as_text
from kefu.environment import secret
from kefu.settings import settings

logger = logging.getLogger(__name__)

_LARGEST_BODY = 65536


class DeskChannel(InputChannel):
    """Tells the console what a customer's text may be about.

    POST /webhooks/desk/suggest   {"text"} -> {"candidates": [{"label", "score"}], best first,
        "outcome": answer, options or not_recognised, "options": the labels it would offer}
    """

    @classmethod
    def name(cls) -> str:
        """Return the channel's name, which is part of its addresses."""
        return "desk"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> DeskChannel:
        """Read the part of credentials.yml, which has nothing to set."""
        return cls(secret("internal_token"))

    def __init__(self, token: str) -> None:
        """Take what the console has to show."""
        self._token = token.encode()

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Return the routes; nothing they are asked becomes a message."""
        routes = Blueprint("kefu_desk")

        @routes.get("/")
        async def health(request: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        @routes.post("/suggest")
        async def suggest(request: Request) -> HTTPResponse:
            if not self._comes_from_console(request):
                return _error(401, "unauthorized", "缺少或无效的凭证：这个地址只供客服工作台使用")
            text = _text(request.body)
            if text is None:
                return _error(400, "bad_request", '请求体应为 {"text": "…"}')
            # Rasa's agent is replaced when a model is loaded, and has none before the first.
            processor = getattr(getattr(request.app.ctx, "agent", None), "processor", None)
            if processor is None:
                return _error(503, "starting", "模型还没有加载")
            return await _candidates(processor, text)

        return routes

    def _comes_from_console(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        given = token.strip().encode("utf-8", "replace")
        return scheme.lower() == "bearer" and hmac.compare_digest(given, self._token)


async def _candidates(processor: Any, text: str) -> HTTPResponse:
    try:
        parsed = await processor.parse_message(UserMessage(as_text(text)))
    except Exception:  # last resort: a component of the model failed, which can be any error
        logger.exception("a text could not be recognised for the console")
        return _error(500, "internal_error", "识别出错")
    decision = parsed.get("decision") or {}
    found = decision.get("candidates") or []
    return response.json(
        {
            "candidates": [{"label": c["label"], "score": c["score"]} for c in found],
            "outcome": decision.get("outcome", ""),
            "options": [option["label"] for option in decision.get("options") or []],
        }
    )


def _text(body: bytes) -> str | None:
    """Return the text of a request, as much of it as counts; None where there is none."""
    if len(body) > _LARGEST_BODY:
        return None
    try:
        given = json.loads(body)
    except ValueError:
        return None
    text = given.get("text") if isinstance(given, dict) else None
    if not isinstance(text, str) or not text.strip():
        return None
    return text[: settings().reception.max_text]


def _error(status: int, code: str, message: str) -> HTTPResponse:
    return response.json({"error": {"code": code, "message": message}}, status=status)
