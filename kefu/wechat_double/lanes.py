"""The order of one customer's pushes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from kefu.wechat_double.faults import Faults
from kefu.wechat_double.switches import Switches

T = TypeVar("T")


class Lane(Generic[T]):
    """Sends one thing after the other, unless the switches say otherwise."""

    def __init__(
        self,
        send: Callable[[T], Coroutine[Any, Any, None]],
        switches: Switches,
        faults: Faults,
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._send = send
        self._switches = switches
        self._faults = faults
        self._spawn = spawn
        self._waiting: deque[T] = deque()
        self._more = asyncio.Event()
        self._runs = False

    def put(self, item: T) -> None:
        """Add the next one."""
        self._waiting.append(item)
        self._more.set()
        if not self._runs:
            self._runs = True
            self._spawn(self._run())

    async def _run(self) -> None:
        try:
            while self._waiting:
                item = self._waiting.popleft()
                if self._faults.strikes(self._switches.reorder_rate):
                    await self._let_one_pass()
                await self._pass(item)
        finally:
            self._runs = False

    async def _let_one_pass(self) -> None:
        if not self._waiting:
            self._more.clear()
            try:
                await asyncio.wait_for(self._more.wait(), self._switches.reorder_hold)
            except asyncio.TimeoutError:
                return
        await self._pass(self._waiting.popleft())

    async def _pass(self, item: T) -> None:
        if self._switches.concurrent_pushes:
            self._spawn(self._send(item))
        else:
            await self._send(item)
