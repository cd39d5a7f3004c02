"""Delivering pushes: five seconds for an answer, three attempts, then the fault notice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, Literal

import aiohttp

from kefu.wechat_double import envelope
from kefu.wechat_double.accounts import Accounts, DoubleAccount
from kefu.wechat_double.answers import Answer, BadAnswer, read_answer
from kefu.wechat_double.clock import Clock
from kefu.wechat_double.desk import Desk
from kefu.wechat_double.faults import Faults
from kefu.wechat_double.lanes import Lane
from kefu.wechat_double.pushes import Delivery, Push
from kefu.wechat_double.record import Record
from kefu.wechat_double.switches import Switches

# The client must not reuse a connection that the server is about to close.
_KEEP_ALIVE = 3.0


class NoAnswer(Exception):
    """Raised when a push may be tried again; says why, in Chinese.

    Attributes:
        at_once: Whether the time for an answer has been waited out.
    """

    def __init__(self, why: str, *, at_once: bool) -> None:
        self.at_once = at_once
        super().__init__(why)


class Pusher:
    """Sends pushes, each customer's in order."""

    def __init__(
        self,
        accounts: Accounts,
        switches: Switches,
        faults: Faults,
        clock: Clock,
        record: Record,
        desk: Desk,
    ) -> None:
        self._accounts = accounts
        self._switches = switches
        self._faults = faults
        self._clock = clock
        self._record = record
        self._desk = desk
        self._lanes: dict[tuple[str, str], Lane[Push]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """Return the client that all pushes share; made in the running loop."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE)
            self._session = aiohttp.ClientSession(connector=connector)
        return self._session

    def put(self, push: Push) -> None:
        """Send a push after the customer's earlier ones."""
        key = (push.customer.appid, push.customer.openid)
        lane = self._lanes.get(key)
        if lane is None:
            lane = Lane(self._deliver, self._switches, self._faults, self.spawn)
            self._lanes[key] = lane
        lane.put(push)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something in the background until the double stops."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Drop what is under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _deliver(self, push: Push) -> None:
        try:
            push.result.set_result(await self._delivered(push))
        finally:
            # Nobody shall wait for a push that was broken off.
            push.result.cancel()

    async def _delivered(self, push: Push) -> Delivery:
        account, customer = self._accounts[push.customer.appid], push.customer
        text = push.summary
        if push.is_message and self._desk.takes(customer.appid, customer.openid, text):
            return self._settle(push, Delivery("transfer", 0, 0.0))
        if not account.push_url:
            # Without message push everything goes to the desk; events go nowhere.
            if push.is_message:
                self._desk.transfer(customer.appid, customer.openid, "", text)
            return self._settle(push, Delivery("transfer", 0, 0.0))
        row = self._row(push)
        started = time.monotonic()
        try:
            answer = await self._answer(account, push, row)
        except (BadAnswer, NoAnswer) as problem:
            delivery = Delivery("fault", row["attempts"], _since(started), str(problem))
        else:
            if answer.kind == "transfer":
                self._desk.transfer(customer.appid, customer.openid, answer.kf_account, text)
            delivery = Delivery(answer.kind, row["attempts"], _since(started))
        row.update(outcome=delivery.outcome, reason=delivery.reason)
        return self._settle(push, delivery)

    async def _answer(self, account: DoubleAccount, push: Push, row: dict[str, Any]) -> Answer:
        """Return the first answer in time. Raises BadAnswer, or NoAnswer after the last attempt."""
        sealed = self._seal(account, push)
        self._maybe_duplicate(sealed)
        while True:
            row["attempts"] += 1
            is_last = row["attempts"] >= self._switches.push_attempts
            began = time.monotonic()
            try:
                answer = await self._attempt(account, push, sealed)
                if not is_last and self._faults.strikes(self._switches.lost_answer_rate):
                    raise NoAnswer("应答丢失", at_once=False)
            except NoAnswer as none:
                if is_last:
                    raise
                if not none.at_once:
                    await self._pause(began)
            else:
                row["ack_seconds"] = _since(began)
                return answer
            if self._switches.sign_retries_anew:
                sealed = self._seal(account, push)

    async def _attempt(
        self, account: DoubleAccount, push: Push, sealed: envelope.Envelope
    ) -> Answer:
        status, body = await self._post(sealed)
        if status != 200:
            if self._switches.retry_http_errors:
                raise NoAnswer(f"HTTP 状态 {status}", at_once=True)
            raise BadAnswer(f"HTTP 状态应为 200，实为 {status}")
        answer = self._read(account, push.customer.openid, body)
        if answer.kind == "transfer" and not push.is_message:
            raise BadAnswer("事件不能转人工，只有顾客的消息可以")
        return answer

    def _read(self, account: DoubleAccount, openid: str, body: bytes) -> Answer:
        try:
            return read_answer(account, openid, body)
        except BadAnswer:
            former = self._accounts.former(
                account.appid, self._clock.now() - self._switches.key_grace
            )
            if former is None:
                raise
            return read_answer(former, openid, body)

    async def _post(self, sealed: envelope.Envelope) -> tuple[int, bytes]:
        limit = aiohttp.ClientTimeout(total=self._switches.push_timeout)
        try:
            async with self.session.post(
                sealed.url,
                data=sealed.body,
                headers=sealed.headers,
                timeout=limit,
                allow_redirects=False,
            ) as response:
                return response.status, await response.read()
        except asyncio.TimeoutError:
            seconds = self._switches.push_timeout
            raise NoAnswer(f"{seconds:g} 秒内没有应答", at_once=True) from None
        except aiohttp.ClientError:
            raise NoAnswer("无法连接，或连接中断", at_once=False) from None

    async def _pause(self, began: float) -> None:
        pause = self._switches.retry_pause
        if pause < 0:
            pause = max(0.0, self._switches.push_timeout - _since(began))
        await asyncio.sleep(pause)

    def _seal(self, account: DoubleAccount, push: Push) -> envelope.Envelope:
        openid = push.customer.openid if self._switches.openid_in_query else None
        return envelope.seal(account, push.fields, self._clock.real(), openid)

    def _maybe_duplicate(self, sealed: envelope.Envelope) -> None:
        if self._faults.strikes(self._switches.duplicate_rate):
            self.spawn(self._duplicate(sealed))

    async def _duplicate(self, sealed: envelope.Envelope) -> None:
        await asyncio.sleep(self._switches.duplicate_delay)
        try:
            await self._post(sealed)
        except NoAnswer:
            pass

    def _row(self, push: Push) -> dict[str, Any]:
        row = {
            "appid": push.customer.appid,
            "openid": push.customer.openid,
            "msg_id": push.fields.get("MsgId"),
            "type": push.fields.get("Event") or push.fields.get("MsgType"),
            "content": push.fields.get("Content"),
            "first_at": self._clock.real(),
            "attempts": 0,
            "outcome": None,
            "ack_seconds": None,
            "reason": "",
        }
        self._record.pushes.append(row)
        return row

    def _settle(self, push: Push, delivery: Delivery) -> Delivery:
        chat = push.customer.chat
        if push.entry is not None:
            chat.mark(push.entry, _MARKS[delivery.outcome])
        if delivery.outcome == "fault" and push.notifies:
            notice = self._accounts[push.customer.appid].fault_notice
            chat.add("notice", "text", {"content": notice, "reason": delivery.reason})
        return delivery


_MARKS: dict[str, Literal["acknowledged", "transferred", "failed"]] = {
    "success": "acknowledged",
    "transfer": "transferred",
    "fault": "failed",
}


def _since(began: float) -> float:
    return time.monotonic() - began
