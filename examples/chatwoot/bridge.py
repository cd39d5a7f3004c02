"""A bridge between kefu's helpdesk webhook and the API channel of Chatwoot.

It stands alone: Python 3.10 with starlette, uvicorn and aiohttp. README.md says how to set it up.
"""

from __future__ import annotations

import base64
import hmac
import json
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import aiohttp
import uvicorn
from config import Config, read_config
from links import Links
from sides import Chatwoot, Failed, Kefu
from signatures import is_signed
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

logger = logging.getLogger("bridge")

_AUTHORS = {"customer": "顾客", "bot": "助手", "agent": "客服", "system": "系统"}
_CHANGES = {
    "requested": "顾客再次转人工",
    "assigned": "已在 kefu 分配给{agent}",
    "accepted": "已在 kefu 由{agent}接入",
    "transferred": "已在 kefu 转给{agent}",
    "returned": "重新排队",
    "left": "顾客改为留言，助手继续服务",
    "late": "已告诉顾客等待较久",
}
_ENDS = {"done": "已结束", "idle": "客服超时没有动静，已交还给助手", "cancelled": "顾客取消了排队"}


class Bridge:
    """Carries events over, each side's in the words of the other."""

    def __init__(self, config: Config, session: aiohttp.ClientSession) -> None:
        self._config = config
        self._kefu = Kefu(session, config)
        self._chatwoot = Chatwoot(session, config)
        self._links = Links(config.database)
        self._under_way: set[str] = set()

    async def from_kefu(self, request: Request) -> Response:
        """Take an event of kefu's; it is sent again unless the answer is 2xx."""
        body, headers = await request.body(), request.headers
        stamp, given = headers.get("X-Kefu-Timestamp", ""), headers.get("X-Kefu-Signature", "")
        if not is_signed(self._config.kefu_secret, stamp, body, given, "v1="):
            return _answer(401, "签名不正确")
        event = json.loads(body)
        if event["type"] == "ping" or self._links.seen(event["id"]):
            return _answer(200, "ok")
        if event["id"] in self._under_way:
            # Chatwoot was slower than kefu waits; the first call may still succeed.
            return _answer(503, "正在处理")
        self._under_way.add(event["id"])
        try:
            await self._carry(event)
            self._links.keep_seen(event["id"])
        except Failed as error:
            # Also a definite refusal is an administrator's to mend: kefu tries for a day.
            logger.warning("chatwoot refused %s: %s", event["type"], error)
            return _answer(502, f"Chatwoot：{error.text}")
        finally:
            self._under_way.discard(event["id"])
        return _answer(200, "ok")

    async def _carry(self, event: dict[str, Any]) -> None:
        kind, handoff = event["type"], event["handoff"]
        contact = await self._contact(event["conversation"], event["channel"])
        known = self._links.conversation(handoff["number"])
        conversation = known or await self._begin(contact, handoff["number"])
        if kind == "handoff.requested":
            await self._chatwoot.note(conversation, _briefing(event))
            last = event["transcript"][-1:]
            # Chatwoot shows agents a conversation once the customer has written.
            text = handoff["question"] or (last[0]["text"] if last else "转人工")
            await self._chatwoot.say(contact, conversation, text)
        elif kind == "message.created":
            await self._message(contact, conversation, event["message"])
        elif kind == "handoff.changed":
            change = event["change"]
            text = _CHANGES.get(change["what"], change["what"])
            await self._chatwoot.note(conversation, text.format(agent=change["agent"] or ""))
        elif kind in ("handoff.closed", "handoff.cancelled"):
            end = _ENDS.get(handoff["close_reason"], "已结束")
            await self._chatwoot.note(conversation, end)
            await self._chatwoot.resolve(contact, conversation)

    async def _contact(self, customer: str, channel: str) -> str:
        known = self._links.contact(customer)
        if known is None:
            known = await self._chatwoot.contact(customer, channel)
            self._links.keep_contact(customer, known)
        return known

    async def _begin(self, contact: str, handoff: int) -> int:
        made = await self._chatwoot.conversation(contact, handoff)
        self._links.keep_conversation(handoff, made)
        return made

    async def _message(self, contact: str, conversation: int, line: dict[str, Any]) -> None:
        if line["author"] != "customer":
            await self._chatwoot.note(conversation, _line(line))
            return
        file = await self._file(line) if "media" in line else None
        if file is None:
            await self._chatwoot.say(contact, conversation, line["text"])
        else:
            await self._chatwoot.show(contact, conversation, file)

    async def _file(self, line: dict[str, Any]) -> tuple[bytes, str] | None:
        try:
            return await self._kefu.file(line["media"]["message"])
        except Failed as error:
            if error.status in (0, 503):
                raise  # kefu has not got it yet; it tells the event again
            return None

    async def from_chatwoot(self, request: Request) -> Response:
        """Take a webhook of Chatwoot's; an error answer marks the agent's message as failed."""
        body, headers = await request.body(), request.headers
        token = request.path_params["token"].encode("utf-8", "replace")
        if not hmac.compare_digest(token, self._config.path_token.encode()):
            return _answer(404, "没有这个地址")
        secret, stamp = self._config.webhook_secret, headers.get("X-Chatwoot-Timestamp", "")
        given = headers.get("X-Chatwoot-Signature", "")
        if secret and not is_signed(secret, stamp, body, given, "sha256="):
            return _answer(401, "签名不正确")
        hook = json.loads(body)
        try:
            await self._answer_of(hook)
        except Failed as error:
            await self._explain(hook, error)
            return _answer(error.status if error.status >= 400 else 502, error.text)
        return _answer(200, "ok")

    async def _answer_of(self, hook: dict[str, Any]) -> None:
        conversation = _conversation(hook)
        handoff = (conversation.get("custom_attributes") or {}).get("kefu_handoff")
        if not isinstance(handoff, int):
            return
        kind = hook.get("event")
        if kind == "message_created":
            await self._say(hook, handoff)
        elif kind == "conversation_status_changed" and conversation.get("status") == "resolved":
            await self._kefu.tell(_event("closed", handoff, f"closed-{handoff}"))
        elif kind == "conversation_typing_on" and not hook.get("is_private"):
            await self._kefu.tell(_event("typing", handoff, f"typing-{handoff}"))

    async def _say(self, hook: dict[str, Any], handoff: int) -> None:
        if hook.get("message_type") != "outgoing" or hook.get("private"):
            return
        sender = hook.get("sender") or {}
        name = sender.get("available_name") or sender.get("name") or "客服"
        agent = {"agent": {"name": name}}
        if hook.get("content"):
            event = _event("message", handoff, f"message-{hook['id']}")
            await self._kefu.tell({**event, **agent, "text": hook["content"]})
        for attachment in hook.get("attachments") or ():
            if attachment.get("file_type") != "image":
                raise Failed(415, "顾客的渠道只收图片，这个文件没有发出")
            picture = await self._chatwoot.fetch(attachment["data_url"])
            event = _event("picture", handoff, f"picture-{attachment['id']}")
            content = base64.b64encode(picture).decode()
            await self._kefu.tell({**event, **agent, "content": content})

    async def _explain(self, hook: dict[str, Any], error: Failed) -> None:
        """Tell the agent why a message did not go out."""
        logger.warning("kefu refused %s: %s", hook.get("event"), error)
        if hook.get("event") != "message_created":
            return
        try:
            await self._chatwoot.note(_conversation(hook)["id"], f"没有发给顾客：{error.text}")
        except Failed:
            logger.warning("the reason could not be noted either")


def _conversation(hook: dict[str, Any]) -> dict[str, Any]:
    """Return the conversation, which a change of its status is itself."""
    inner = hook.get("conversation")
    return inner if isinstance(inner, dict) else hook


def _event(kind: str, handoff: int, about: str) -> dict[str, Any]:
    return {"id": f"chatwoot-{about}", "type": kind, "handoff": handoff}


def _briefing(event: dict[str, Any]) -> str:
    handoff = event["handoff"]
    facts = [f"原因：{handoff['reason_text']}", f"渠道：{event['channel']}"]
    if handoff["state"] == "left":
        facts.append("顾客在服务时间外留言，助手继续服务")
    return "\n".join([*facts, "", *(_line(line) for line in event["transcript"])])


def _line(line: dict[str, Any]) -> str:
    at = datetime.fromtimestamp(line["at"]).strftime("%m-%d %H:%M")
    return f"{at} {_AUTHORS.get(line['author'], line['author'])}：{line['text']}"


def _answer(status: int, text: str) -> Response:
    return JSONResponse({"message": text}, status)


def create_app(config: Config) -> Starlette:
    """Return the application."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with aiohttp.ClientSession(trust_env=False) as session:
            app.state.bridge = Bridge(config, session)
            yield

    async def kefu(request: Request) -> Response:
        bridge: Bridge = request.app.state.bridge
        return await bridge.from_kefu(request)

    async def chatwoot(request: Request) -> Response:
        bridge: Bridge = request.app.state.bridge
        return await bridge.from_chatwoot(request)

    routes = [
        Route("/kefu", kefu, methods=["POST"]),
        Route("/chatwoot/{token}", chatwoot, methods=["POST"]),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    chosen = read_config(os.environ)
    # Without an access log: the address that Chatwoot calls is a secret.
    uvicorn.run(create_app(chosen), host=chosen.host, port=chosen.port, access_log=False, ws="none")
