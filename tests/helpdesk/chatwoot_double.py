"""Chatwoot for tests: the calls of its client and application APIs that the bridge makes."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

INBOX = "inbox-identifier"
TOKEN = "agent-token"
WEBHOOK_SECRET = "webhook-secret"


@dataclass
class Conversation:
    """What agents see of one conversation."""

    id: int
    contact: str
    custom_attributes: dict[str, Any]
    status: str = "open"
    said: list[str] = field(default_factory=list)
    files: list[bytes] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class ChatwootDouble:
    """Keeps conversations; `script` answers the next calls with an error."""

    def __init__(self) -> None:
        self.url = ""
        self.hook_url = ""
        self.script: list[int] = []
        self.contacts: list[dict[str, Any]] = []
        self.conversations: list[Conversation] = []
        self.picture = b""
        self._numbers = itertools.count(101)

    def app(self) -> Starlette:
        of = "/public/api/v1/inboxes/{inbox}/contacts/{contact}/conversations"
        notes = "/api/v1/accounts/{account}/conversations/{id:int}/messages"
        return Starlette(
            routes=[
                Route("/public/api/v1/inboxes/{inbox}/contacts", self._contact, methods=["POST"]),
                Route(of, self._begin, methods=["POST"]),
                Route(f"{of}/{{id:int}}/messages", self._message, methods=["POST"]),
                Route(f"{of}/{{id:int}}/toggle_status", self._resolve, methods=["POST"]),
                Route(notes, self._note, methods=["POST"]),
                Route("/rails/active_storage/{name}", self._file),
            ]
        )

    def writes(self, text: str, **more: Any) -> httpx.Response:
        """Let an agent write in the last conversation; return what the bridge answers."""
        given = {
            "event": "message_created",
            "id": next(self._numbers),
            "content": text,
            "message_type": "outgoing",
            "private": False,
            "sender": {"id": 7, "name": "小李"},
            "conversation": self._shown(),
            **more,
        }
        return self.hook(given)

    def resolves(self) -> httpx.Response:
        """Let an agent resolve the last conversation."""
        self.conversations[-1].status = "resolved"
        return self.hook({"event": "conversation_status_changed", **self._shown()})

    def hook(self, given: dict[str, Any], secret: str = WEBHOOK_SECRET) -> httpx.Response:
        """Send a webhook, signed as Chatwoot signs those of an API channel."""
        body, stamp = json.dumps(given).encode(), str(int(time.time()))
        digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256)
        headers = {
            "X-Chatwoot-Signature": f"sha256={digest.hexdigest()}",
            "X-Chatwoot-Timestamp": stamp,
            "Content-Type": "application/json",
        }
        return httpx.post(self.hook_url, content=body, headers=headers, timeout=10)

    def _shown(self) -> dict[str, Any]:
        last = self.conversations[-1]
        attributes = {"custom_attributes": last.custom_attributes}
        return {"id": last.id, "status": last.status, **attributes}

    def _error(self, request: Request) -> Response | None:
        if self.script:
            return JSONResponse({"error": "no"}, self.script.pop(0))
        inbox = request.path_params.get("inbox", INBOX)
        return None if inbox == INBOX else JSONResponse({}, 404)

    async def _contact(self, request: Request) -> Response:
        if error := self._error(request):
            return error
        given = await request.json()
        self.contacts.append(given)
        return JSONResponse({"source_id": f"source-{given['identifier']}", "id": 1})

    async def _begin(self, request: Request) -> Response:
        if error := self._error(request):
            return error
        attributes = (await request.json())["custom_attributes"]
        number = next(self._numbers)
        made = Conversation(number, request.path_params["contact"], attributes)
        self.conversations.append(made)
        return JSONResponse({"id": number})

    async def _message(self, request: Request) -> Response:
        if error := self._error(request):
            return error
        conversation = self._find(request)
        if request.headers["content-type"].startswith("multipart/"):
            async with request.form() as form:
                for upload in form.getlist("attachments[]"):
                    assert not isinstance(upload, str)
                    conversation.files.append(await upload.read())
        else:
            conversation.said.append((await request.json())["content"])
        return JSONResponse({"id": next(self._numbers)})

    async def _resolve(self, request: Request) -> Response:
        self._find(request).status = "resolved"
        return JSONResponse({})

    async def _note(self, request: Request) -> Response:
        if error := self._error(request):
            return error
        if request.headers.get("api_access_token") != TOKEN:
            return JSONResponse({"error": "unauthorized"}, 401)
        given = await request.json()
        assert given["private"] is True
        self._find(request).notes.append(given["content"])
        return JSONResponse({"id": next(self._numbers)})

    async def _file(self, request: Request) -> Response:
        return Response(self.picture, media_type="image/png")

    def _find(self, request: Request) -> Conversation:
        (found,) = (c for c in self.conversations if c.id == request.path_params["id"])
        assert request.path_params.get("contact", found.contact) == found.contact
        return found
