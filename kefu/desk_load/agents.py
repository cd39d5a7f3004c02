"""An agent's browser: the stream of what is new, and an answer to each customer's message."""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import aiohttp

from kefu.console.guard import COOKIE
from kefu.desk_load.staffing import SignedIn

_NUMBER = re.compile(r"kefu-(\d{6})")
_FOREVER = aiohttp.ClientTimeout(total=None, sock_connect=10)
_LONGEST_EVENT = 1 << 20

At = Callable[[int, float], None]


class AgentScreen:
    """One agent with one open page, who answers at once."""

    def __init__(self, console: str, person: SignedIn, shown: int, seen: At, sends: At) -> None:
        """Take who it is, and whom to tell of a message's number and the moment (UTC seconds).

        Args:
            console: URL of the console.
            person: Who is signed in.
            shown: The handoff that the page shows.
            seen: Told when a customer's message is on the screen.
            sends: Told when the agent presses Enter for the answer to it.
        """
        self._console = console
        self._shown = shown
        self._seen = seen
        self._sends = sends
        self._headers = {"Cookie": f"{COOKIE}={person.token}", "X-CSRF-Token": person.csrf}
        self._known: set[int] = set()
        self._answers: set[asyncio.Task[None]] = set()
        self.is_open = asyncio.Event()
        self.failed = 0

    async def watch(self) -> None:
        """Read the stream until cancelled, and answer what customers write."""
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            headers=self._headers,
            timeout=_FOREVER,
            trust_env=False,
        ) as http:
            url = f"{self._console}/desk/events?handoff={self._shown}"
            async with http.get(url, read_bufsize=_LONGEST_EVENT) as stream:
                stream.raise_for_status()
                self.is_open.set()
                event = b""
                async for line in stream.content:
                    if line.startswith(b"event:"):
                        event = line[6:].strip()
                    elif line.startswith(b"data:") and event == b"message":
                        self._read(http, line[5:])

    def _read(self, http: aiohttp.ClientSession, data: bytes) -> None:
        told = json.loads(data)
        found = _NUMBER.search(told["html"])
        if found is None or int(found.group(1)) in self._known:
            return
        number = int(found.group(1))
        self._known.add(number)
        self._seen(number, time.time())
        act = self._answer(http, f"{self._console}/desk/{told['handoff']}", told["message"], number)
        task = asyncio.ensure_future(act)
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _answer(
        self, http: aiohttp.ClientSession, conversation: str, message: int, number: int
    ) -> None:
        """Open the conversation, which tells that the message is seen, and answer."""
        await self._done(http.get(conversation))
        await self._done(http.post(f"{conversation}/seen", data={"message": message}))
        said = {"text": f"answer-{number:06d}", "key": str(uuid.uuid4())}
        self._sends(number, time.time())
        await self._done(http.post(f"{conversation}/say", data=said))

    async def _done(self, request: AbstractAsyncContextManager[aiohttp.ClientResponse]) -> None:
        async with request as answer:
            await answer.read()
            self.failed += answer.status >= 400
