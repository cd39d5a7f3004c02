"""The calls of both sides: kefu's helpdesk webhook and Chatwoot's APIs."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import aiohttp
from config import Config
from signatures import sign

# Chatwoot gives up on a webhook after five seconds, so everything together takes less.
_SECONDS = aiohttp.ClientTimeout(total=4)
LARGEST_FILE = 2_000_000


class Failed(Exception):
    """Raised when a side could not be reached or answered with an error.

    Attributes:
        status: HTTP status, 0 where there was none.
        text: What it said, for an agent.
    """

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        self.text = text
        super().__init__(f"{status} {text}")


class Kefu:
    """What kefu takes: events and requests for files, signed."""

    def __init__(self, session: aiohttp.ClientSession, config: Config) -> None:
        self._session = session
        self._config = config

    async def tell(self, event: dict[str, Any]) -> None:
        """Send an event. Raises Failed."""
        body = json.dumps(event, ensure_ascii=False).encode()
        url = f"{self._config.kefu_url}/helpdesk/events"
        headers = {**self._signed(body), "Content-Type": "application/json"}
        await _call(self._session, "POST", url, data=body, headers=headers)

    async def file(self, message: int) -> tuple[bytes, str]:
        """Fetch the file of a message and its content type. Raises Failed."""
        path = f"/helpdesk/media/{message}"
        url = f"{self._config.kefu_url}{path}"
        return await _call(self._session, "GET", url, headers=self._signed(path.encode()))

    def _signed(self, content: bytes) -> dict[str, str]:
        timestamp = str(int(time.time()))
        digest = sign(self._config.kefu_secret, timestamp, content)
        return {"X-Kefu-Timestamp": timestamp, "X-Kefu-Signature": f"v1={digest}"}


class Chatwoot:
    """The client API for what customers say, the application API for private notes."""

    def __init__(self, session: aiohttp.ClientSession, config: Config) -> None:
        self._session = session
        self._inbox = f"{config.chatwoot_url}/public/api/v1/inboxes/{config.inbox}"
        self._account = f"{config.chatwoot_url}/api/v1/accounts/{config.account}"
        self._token = {"api_access_token": config.token}

    async def contact(self, customer: str, channel: str) -> str:
        """Make or find the contact of a customer and return its identifier."""
        body = {
            "identifier": customer,
            "source_id": customer,
            "name": f"顾客 {customer[:6]}",
            "custom_attributes": {"kefu_channel": channel},
        }
        return str((await self._post(f"{self._inbox}/contacts", body))["source_id"])

    async def conversation(self, contact: str, handoff: int) -> int:
        """Begin a conversation and return its number."""
        body = {"custom_attributes": {"kefu_handoff": handoff}}
        made = await self._post(f"{self._inbox}/contacts/{contact}/conversations", body)
        return int(made["id"])

    async def say(self, contact: str, conversation: int, text: str) -> None:
        """Write what the customer wrote."""
        await self._post(f"{self._of(contact, conversation)}/messages", {"content": text})

    async def show(self, contact: str, conversation: int, file: tuple[bytes, str]) -> None:
        """Write the file that the customer sent."""
        content, content_type = file
        form = aiohttp.FormData()
        name = f"file.{content_type.partition('/')[2] or 'bin'}"
        form.add_field("attachments[]", content, filename=name, content_type=content_type)
        url = f"{self._of(contact, conversation)}/messages"
        await _call(self._session, "POST", url, data=form)

    async def note(self, conversation: int, text: str) -> None:
        """Write a private note, which only agents see."""
        body = {"content": text, "message_type": "outgoing", "private": True}
        await self._post(
            f"{self._account}/conversations/{conversation}/messages", body, self._token
        )

    async def resolve(self, contact: str, conversation: int) -> None:
        """End a conversation; one that is resolved stays so."""
        await self._post(f"{self._of(contact, conversation)}/toggle_status", {})

    async def fetch(self, url: str) -> bytes:
        """Fetch an attachment of an agent's."""
        return (await _call(self._session, "GET", url, allow_redirects=True))[0]

    def _of(self, contact: str, conversation: int) -> str:
        return f"{self._inbox}/contacts/{contact}/conversations/{conversation}"

    async def _post(
        self, url: str, body: dict[str, Any], headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        content, _ = await _call(self._session, "POST", url, json=body, headers=headers)
        answer = json.loads(content) if content else {}
        return answer if isinstance(answer, dict) else {}


async def _call(
    session: aiohttp.ClientSession, method: str, url: str, **more: Any
) -> tuple[bytes, str]:
    more.setdefault("allow_redirects", False)
    try:
        async with session.request(method, url, timeout=_SECONDS, **more) as response:
            content = await response.content.read(LARGEST_FILE + 1)
            while len(content) <= LARGEST_FILE and not response.content.at_eof():
                content += await response.content.read(LARGEST_FILE + 1 - len(content))
            if response.status // 100 != 2:
                raise Failed(response.status, _reason(content))
            if len(content) > LARGEST_FILE:
                raise Failed(413, "文件超过 2 MB")
            return content, response.content_type
    except (aiohttp.ClientError, asyncio.TimeoutError) as error:
        raise Failed(0, f"连不上（{type(error).__name__}）") from None


def _reason(content: bytes) -> str:
    try:
        return str(json.loads(content)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return "没有说明原因"
