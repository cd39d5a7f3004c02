"""Customers who write through the WeChat double, and what it saw of their messages."""

from __future__ import annotations

import asyncio
import re
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import aiohttp

_ANSWER = re.compile(r"^answer-(\d{6})$")


class Customers:
    """Customers of one account; each message has a number that its answer repeats."""

    def __init__(self, http: aiohttp.ClientSession, double: str, appid: str) -> None:
        """Take the double's URL and the account that customers write to."""
        self._http = http
        self._url = f"{double}/_control"
        self._appid = appid
        self._by_customer: dict[str, list[int]] = defaultdict(list)
        self._next = 0

    async def write(self, openids: Sequence[str], rate: float) -> list[int]:
        """Let one after the other write at an even rate; return their messages' numbers."""
        began, numbers, under_way = time.perf_counter(), [], []
        for place, openid in enumerate(openids):
            await asyncio.sleep(max(0.0, began + place / rate - time.perf_counter()))
            number, self._next = self._next, self._next + 1
            numbers.append(number)
            self._by_customer[openid].append(number)
            under_way.append(asyncio.ensure_future(self._say(openid, number)))
        await asyncio.gather(*under_way)
        return numbers

    async def pushed_at(self) -> dict[int, float]:
        """Return when each message was pushed for the first time, UTC seconds."""
        pushes: dict[str, list[float]] = defaultdict(list)
        for push in await self._record("pushes"):
            pushes[push["openid"]].append(push["first_at"])
        return {
            number: at
            for openid, numbers in self._by_customer.items()
            for number, at in zip(numbers, pushes[openid], strict=False)
        }

    async def answered_at(self) -> dict[int, float]:
        """Return when the answer to each message reached WeChat, UTC seconds."""
        answers: dict[int, float] = {}
        for send in await self._record("sends"):
            found = _ANSWER.match(str(send["content"]))
            if found and send["errcode"] == 0:
                answers[int(found.group(1))] = send["at"]
        return answers

    async def _say(self, openid: str, number: int) -> None:
        said = {"appid": self._appid, "openid": openid, "type": "text"}
        body = {**said, "content": f"kefu-{number:06d} 我的订单到哪里了，帮我看一下"}
        async with self._http.post(f"{self._url}/say", json=body) as answer:
            answer.raise_for_status()

    async def _record(self, kind: str) -> list[dict[str, Any]]:
        async with self._http.get(f"{self._url}/record", params={"kind": kind}) as answer:
            answer.raise_for_status()
            rows: list[dict[str, Any]] = (await answer.json())[kind]
            return rows
