"""A dialogue that does what its text says, and what tests of reception ask and see."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from kefu.bursts import Recognition
from kefu.exchange import Answer, Incoming, Turn, TurnResult
from kefu.reception import Reception
from kefu.storage import messages, tables
from kefu.storage.engine import reading

CUSTOMER = "o_customer"
QUESTIONS = {
    "怎么开发票": "order/invoice",
    "怎么退货": "after_sales/return",
    "几天到": "logistics/eta",
}
SILENT, BROKEN, ENDLESS, UNKNOWN = "不说话", "出错", "没完没了", "听不懂"


class Script:
    """A dialogue that echoes, and is silent, broken or endless when it is told to be."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.ended: list[str] = []
        self.unanswered_at_start: list[list[str]] = []
        self.most_at_once: dict[str, int] = {}
        self.open = asyncio.Event()
        self.open.set()
        self._running: dict[str, int] = {}

    async def recognise(self, text: str) -> Recognition:
        label = QUESTIONS.get(text)
        return Recognition("answer", label, 0.9) if label else Recognition("options", "x", 0.2)

    async def take_turn(self, turn: Turn) -> TurnResult:
        self.turns.append(turn)
        self.unanswered_at_start.append([m.body for m in messages.unanswered(float("inf"))])
        running = self._running[turn.conversation] = self._running.get(turn.conversation, 0) + 1
        self.most_at_once[turn.conversation] = max(
            running, self.most_at_once.get(turn.conversation, 0)
        )
        try:
            await self.open.wait()
            return await self._said(turn.text)
        finally:
            self._running[turn.conversation] -= 1

    async def _said(self, said: str) -> TurnResult:
        if BROKEN in said:
            raise RuntimeError("no dialogue")
        if ENDLESS in said:
            await asyncio.Event().wait()
        self.ended.append(said)
        replies = [] if SILENT in said else [{"text": f"答：{said}"}]
        outcome = "not_recognised" if UNKNOWN in said else "answered"
        return TurnResult(replies, outcome, QUESTIONS.get(said), 0.9)


def a_message(said: str, key: str | None = None, customer: str = CUSTOMER, **more: Any) -> Incoming:
    return Incoming("rest", customer, more.pop("kind", "text"), said, key, **more)


async def started(
    reception: Reception, said: str, key: str | None = None, **more: Any
) -> asyncio.Task[Answer]:
    """Send a message and return once it is recorded, not once it is answered."""
    known = len(bodies())
    task = asyncio.ensure_future(reception.receive(a_message(said, key, **more)))
    await until(lambda: len(bodies()) > known or task.done())
    return task


async def until(condition: Callable[[], object], seconds: float = 5) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, "did not happen in time"
        await asyncio.sleep(0.002)


def bodies() -> list[str]:
    query = select(tables.messages.c.body).where(tables.messages.c.author == "customer")
    with reading() as connection:
        return list(connection.execute(query).scalars())


def states() -> dict[str, str]:
    columns = tables.messages.c
    query = select(columns.body, columns.state).where(columns.author == "customer")
    with reading() as connection:
        return {row.body: row.state for row in connection.execute(query)}


def outcomes() -> list[str]:
    with reading() as connection:
        return list(connection.execute(select(tables.turns.c.outcome)).scalars())


def said_by(answer: Answer) -> str:
    return "\n".join(reply["text"] for reply in answer.replies)
