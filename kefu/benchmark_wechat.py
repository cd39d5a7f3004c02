"""How long WeChat waits for our acknowledgement, and customers for our answer, under load.

Measured from outside, by the WeChat double: from a push to its acknowledgement, and from
a push to the call of the send API that answers it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import aiohttp

from kefu.bench_report import Measured
from kefu.errors import KefuError

ACKNOWLEDGED_A_SECOND = 200
ACKNOWLEDGED_SECONDS = 10
ANSWERED_SECONDS = 20
# Beside the goal of 50 a second, what two cores do with ease.
RATES = (25, 50)
DRAINED_WITHIN = 240.0
_AT_A_TIME = 64
_SEED = 11

Tick = Callable[[], None]
Ticks = Callable[[str, int], Tick]


class NothingAnswered(KefuError):
    """Raised when no message was answered at all; the text says where to look."""


def measure_wechat(url: str, asked: Sequence[str], ticks: Ticks) -> list[Measured]:
    """Measure through the double at `url`; `asked` are questions that have an answer.

    Every message comes from another customer, so that none is merged with another.
    Raises NothingAnswered.
    """
    return asyncio.run(_measure(url, asked, ticks))


async def _measure(url: str, asked: Sequence[str], ticks: Ticks) -> list[Measured]:
    connector = aiohttp.TCPConnector(limit=_AT_A_TIME)
    async with aiohttp.ClientSession(connector=connector, trust_env=False) as session:
        load = _Load(session, f"{url}/_control", Random(_SEED), asked)
        await load.prepare()
        found = [await _answers(load, rate, ticks) for rate in RATES]
        return [*found, await _acknowledgements(load, ticks)]


async def _answers(load: _Load, rate: int, ticks: Ticks) -> Measured:
    total = rate * ANSWERED_SECONDS
    began = time.perf_counter()
    pushes, sends = await load.run(rate, total, ticks(f"微信每秒 {rate} 条", 2 * total))
    wall = time.perf_counter() - began
    sent_at = {send["openid"]: send["at"] for send in sends if send["errcode"] == 0}
    seconds = [
        sent_at[push["openid"]] - push["first_at"] for push in pushes if push["openid"] in sent_at
    ]
    goals = {"p50": 0.060, "p99": 0.500} if rate == max(RATES) else {}
    name = f"微信推送到下发，每秒 {rate} 条"
    return Measured(name, f"wechat_answer_{rate}", seconds, goals, total - len(seconds), wall)


async def _acknowledgements(load: _Load, ticks: Ticks) -> Measured:
    rate, total = ACKNOWLEDGED_A_SECOND, ACKNOWLEDGED_A_SECOND * ACKNOWLEDGED_SECONDS
    began = time.perf_counter()
    pushes, _ = await load.run(rate, total, ticks(f"微信每秒 {rate} 条推送", 2 * total))
    wall = time.perf_counter() - began
    seconds = [push["ack_seconds"] for push in pushes if push["outcome"] == "success"]
    name = f"微信推送到应答，每秒 {rate} 条"
    return Measured(
        name, "wechat_acknowledgement", seconds, {"p99": 0.050}, total - len(seconds), wall
    )


class _Load:
    """Customers who write at an even rate, and what the double saw of it."""

    def __init__(
        self, session: aiohttp.ClientSession, url: str, random: Random, asked: Sequence[str]
    ) -> None:
        self._session = session
        self._url = url
        self._random = random
        self._asked = asked
        self._appid = ""
        self._customers = 0

    async def prepare(self) -> None:
        """Find the mini-program, and warm everything up."""
        known = await self._get("accounts")
        mini = [a["appid"] for a in known["accounts"] if a["kind"] == "miniprogram"]
        self._appid = mini[0]
        await self.run(10, 20, lambda: None)

    async def run(
        self, rate: int, total: int, tick: Tick
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Send, wait until all is answered, and return the pushes and sends of it."""
        await self._session.delete(f"{self._url}/record")
        began, under_way = time.perf_counter(), set()
        for number in range(total):
            wait = began + number / rate - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            task = asyncio.ensure_future(self._say())
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            tick()
        await asyncio.gather(*under_way)
        return await self._drained(total, tick)

    async def _drained(
        self, total: int, tick: Tick
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        deadline, shown = time.monotonic() + DRAINED_WITHIN, 0
        while True:
            sends = (await self._get("record?kind=sends"))["sends"]
            for _ in range(shown, min(len(sends), total)):
                tick()
            shown = len(sends)
            if not shown and time.monotonic() > deadline:
                raise NothingAnswered("微信的消息都没有得到回复，请看 rasa 和 wechat 的日志")
            if shown >= total or time.monotonic() > deadline:
                return (await self._get("record?kind=pushes"))["pushes"], sends
            await asyncio.sleep(1)

    async def _say(self) -> None:
        self._customers += 1
        body = {
            "appid": self._appid,
            "openid": f"o_bench_{self._customers:06d}",
            "type": "text",
            "content": self._random.choice(self._asked),
        }
        async with self._session.post(f"{self._url}/say", json=body) as answer:
            answer.raise_for_status()

    async def _get(self, path: str) -> Any:
        async with self._session.get(f"{self._url}/{path}") as answer:
            answer.raise_for_status()
            return await answer.json()
