"""The gate: every message of every channel passes here, is recorded, and gets an answer."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, ParamSpec, TypeVar, cast

from sqlalchemy.exc import SQLAlchemyError

from kefu import replies
from kefu.bursts import is_opener, joined, turns
from kefu.errors import KefuError
from kefu.exchange import Answer, Dialogue, Incoming, Kind, Turn, TurnResult
from kefu.handoff import holder, notice
from kefu.replies import Reply
from kefu.settings import settings
from kefu.storage import messages
from kefu.storage.conversations import Visit
from kefu.storage.intake import Intake, Said, Settled, Surroundings

logger = logging.getLogger(__name__)

_P = ParamSpec("_P")
_T = TypeVar("_T")

# What the database raises: locked, full, gone; or data that the key does not open.
_RECORD_FAILED = (SQLAlchemyError, KefuError)

# More at a time would only make each of them slower; those that wait for the shop leave room.
TURNS_AT_A_TIME = 8
# How many messages are remembered as done, for a look at the database that began before.
_MOST_DONE = 10_000
# After a long standstill the others are for the next look.
_MOST_PICKED_UP = 1000
# When the end of a turn cannot be recorded, its reply exists here alone.
_RECORD_AGAIN_AFTER = (0.2, 1.0, 3.0, 10.0)

_CANCELLED_WAITING = "好的，已取消排队，我继续为你服务。"


@dataclass
class _Pending:
    incoming: Incoming
    message: int
    received_at: float
    reply_state: str
    more: bool = True
    answer: asyncio.Future[Answer] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Reception:
    """Records, orders, merges, asks who holds the conversation, and never leaves silence."""

    def __init__(
        self,
        dialogue: Dialogue,
        clock: Callable[[], float] = time.time,
        announce: Callable[[str], None] = lambda _conversation: None,
    ) -> None:
        """Take who thinks of replies, and whom to tell that one waits for its channel."""
        self._dialogue = dialogue
        self._clock = clock
        self._announce = announce
        self._turns = asyncio.Semaphore(TURNS_AT_A_TIME)
        self._done: OrderedDict[int, None] = OrderedDict()
        self._queues: dict[str, deque[_Pending]] = {}
        self._pending: dict[int, _Pending] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._intake = Intake()
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="reception")

    async def receive(self, incoming: Incoming) -> Answer:
        """Take a message in and return what to hand to the customer.

        It is recorded before anything else happens. A repeat gives the same answer
        and no second turn.
        """
        now = self._clock()
        conversation, recorded = await self._off_loop(self._take_in, incoming, now)
        if recorded.repeat and recorded.id not in self._pending:
            # Its turn may have ended after the row was read.
            conversation, recorded = await self._off_loop(self._take_in, incoming, now)
        if recorded.id in self._pending:
            return await asyncio.shield(self._pending[recorded.id].answer)
        if recorded.repeat and recorded.state != "received":
            return await self._off_loop(_answer_given, recorded)
        pending = _Pending(incoming, recorded.id, now, "delivered")
        return await asyncio.shield(self._enqueue(conversation, pending))

    async def recover(self) -> int:
        """Answer what a crash left unanswered; return how many messages that are."""
        return self._enqueue_left(await self._off_loop(messages.unanswered, self._clock()))

    async def pick_up(self, channels: str, known: Iterable[int] = ()) -> int:
        """Answer what another process recorded; return how many messages that are.

        Replies wait for their channel, which is told of them.

        Args:
            channels: What the names of the channels begin with.
            known: Ids of messages that were recorded; none: look for them.
        """
        waiting = list(known) or await self._off_loop(messages.waiting_for_turn, channels)
        new = [id_ for id_ in waiting if not self._knows(id_)]
        if not new:
            return 0
        found = await self._off_loop(messages.still_unanswered, new[:_MOST_PICKED_UP])
        return self._enqueue_left(found)

    def _enqueue_left(self, left: list[messages.Unanswered]) -> int:
        new = [message for message in left if not self._knows(message.id)]
        for message in new:
            kind, page = cast(Kind, message.kind), message.page or None
            incoming = Incoming(message.channel, "", kind, message.body, page=page)
            pending = _Pending(incoming, message.id, message.created_at, "pending")
            self._enqueue(message.conversation, pending)
        return len(new)

    def _knows(self, message: int) -> bool:
        # A message that is done may still be unanswered in what was read before it was.
        return message in self._pending or message in self._done

    def _take_in(self, incoming: Incoming, now: float) -> tuple[str, messages.Recorded]:
        visit = Visit(incoming.channel, incoming.customer, incoming.page, incoming.page_order_no)
        said = Said("customer", incoming.kind, incoming.text, incoming.key)
        if incoming.kind == "enter":
            # No message of the customer's: over REST it is not recovered after a crash.
            said = Said("system", "event", incoming.text or "进入客服", incoming.key)
        return self._intake.take_in(visit, said, now)

    def _enqueue(self, conversation: str, pending: _Pending) -> asyncio.Future[Answer]:
        self._pending[pending.message] = pending
        queue = self._queues.get(conversation)
        if queue is None:
            self._queues[conversation] = deque([pending])
            task = asyncio.ensure_future(self._work(conversation))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            queue.append(pending)
        return pending.answer

    async def _work(self, conversation: str) -> None:
        """Answer the messages of one conversation in their order until none is left."""
        queue = self._queues[conversation]
        bursting = False
        try:
            while queue:
                if bursting or is_opener(queue[-1].incoming.text):
                    await asyncio.sleep(settings().reception.burst_window)
                arrived = list(queue)
                queue.clear()
                for batch in await self._batches(arrived):
                    await self._answer(conversation, batch)
                bursting = bool(queue)
        finally:
            del self._queues[conversation]

    async def _batches(self, arrived: list[_Pending]) -> list[list[_Pending]]:
        if len(arrived) == 1:
            return [arrived]
        batches: list[list[_Pending]] = []
        texts: list[_Pending] = []
        for pending in [*arrived, None]:
            if pending is not None and _joins_others(pending.incoming):
                texts.append(pending)
                continue
            batches += await self._text_batches(texts)
            texts = []
            if pending is not None:
                batches.append([pending])
        return batches

    async def _text_batches(self, texts: list[_Pending]) -> list[list[_Pending]]:
        try:
            recognised = [await self._dialogue.recognise(p.incoming.text) for p in texts]
        except Exception:  # the turn itself will fail and say so
            logger.exception("burst could not be divided")
            return [texts]
        return [[texts[i] for i in group] for group in turns(recognised)]

    async def _answer(self, conversation: str, batch: list[_Pending]) -> None:
        """Run one turn and settle it, whatever happens."""
        try:
            state, result = await self._result(conversation, batch)
        except Exception:  # last resort: the customer must not be left in silence
            logger.exception("turn failed: message %s", batch[-1].message)
            state, result = "failed", await self._apology(conversation, batch)
        last, others = batch[-1], [p.message for p in batch[:-1]]
        recorded = await self._settle(conversation, batch, state, result)
        for pending in batch:
            self._pending.pop(pending.message, None)
            if recorded:
                self._remember_done(pending.message)
        if recorded and last.reply_state == "pending":
            self._announce(conversation)
        for pending in batch[:-1]:
            _resolve(pending, Answer(pending.message, "merged", [], last.message))
        _resolve(last, Answer(last.message, state, result.replies, more=last.more))
        logger.info(
            "turn %s: %s %s in %.0f ms, %d merged", last.message, result.outcome, result.label,
            (self._clock() - batch[0].received_at) * 1000, len(others),
        )  # fmt: skip

    async def _settle(
        self, conversation: str, batch: list[_Pending], state: str, result: TurnResult
    ) -> bool:
        """Record the end of a turn; tell whether that went well.

        A reply that waits for its channel is lost with the record, so it is tried again.
        Any other exists in the answer and goes out all the same.
        """
        last = batch[-1]
        pauses = _RECORD_AGAIN_AFTER if last.reply_state == "pending" else ()
        for pause in (*pauses, None):
            try:
                settled = _settled(conversation, batch, state, result, self._clock())
                await self._off_loop(self._intake.settle, settled)
                return True
            except _RECORD_FAILED:
                logger.exception("turn could not be recorded: message %s", last.message)
                if pause is not None:
                    await asyncio.sleep(pause)
        return False

    def _remember_done(self, message: int) -> None:
        self._done[message] = None
        if len(self._done) > _MOST_DONE:
            self._done.popitem(last=False)

    async def _result(self, conversation: str, batch: list[_Pending]) -> tuple[str, TurnResult]:
        incoming = batch[-1].incoming
        who, around = await self._off_loop(self._before, conversation, self._clock())
        # What answers a message that a crash interrupted waits itself.
        batch[-1].more = around.waiting or batch[-1].reply_state == "pending"
        if who != "bot":
            return await self._off_loop(self._while_held, conversation, who, batch)
        if incoming.kind == "enter":
            welcome = replies.welcome(settings(), incoming.page)
            return "answered", TurnResult([welcome], "welcome")
        if incoming.kind != "text":
            reply = replies.received(settings(), incoming.kind, around.page)
            return "answered", TurnResult([reply], "not_recognised", incoming.kind)
        turn = _turn(conversation, batch, around)
        timeout = settings().reception.turn_timeout
        async with self._turns:
            result = await asyncio.wait_for(self._dialogue.take_turn(turn), timeout)
        if not result.replies:
            raise SilentTurn(f"no reply to message {batch[-1].message}")
        if result.outcome == "not_recognised" and around.handoff == "left":
            # Outside service hours this is the message that was asked for, not a question.
            result = replace(result, replies=[{"text": notice.NOTED}])
        return "answered", result

    def _before(self, conversation: str, now: float) -> tuple[str, Surroundings]:
        """Return who holds the conversation, and what its turn needs to know."""
        around = self._intake.surroundings(conversation, now)
        if around.handoff in (None, "left"):
            return "bot", around
        who = holder.who_holds(conversation, now)
        # Given back from waiting, it has a ticket now.
        return who, self._intake.surroundings(conversation, now) if who == "bot" else around

    def _while_held(
        self, conversation: str, who: str, batch: list[_Pending]
    ) -> tuple[str, TurnResult]:
        text = batch[-1].incoming.text.strip()
        if who == "waiting" and text == replies.CANCEL_WAITING:
            holder.cancel(conversation, self._clock())
            return "answered", TurnResult([{"text": _CANCELLED_WAITING}], "human")
        return "held", TurnResult([], "held")

    async def _apology(self, conversation: str, batch: list[_Pending]) -> TurnResult:
        """Apologise and leave a ticket; when not even that works, apologise all the same."""
        reply: Reply = {"text": settings().assistant.apology}
        try:
            reply = await self._off_loop(_leave_ticket, conversation, batch, self._clock())
        except _RECORD_FAILED:  # the database may be what failed the turn
            logger.exception("no ticket for message %s", batch[-1].message)
        return TurnResult([reply], "failed")

    async def _off_loop(
        self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: function(*args, **kwargs))


class SilentTurn(Exception):
    """Raised when the dialogue ended a turn without saying anything."""


def _answer_given(recorded: messages.Recorded) -> Answer:
    """Return the answer that a message got when it first came."""
    if recorded.state == "merged":
        return Answer(recorded.id, "merged", [], recorded.turn)
    given = [json.loads(m.body) for m in messages.reply_of(recorded.id) if m.author == "bot"]
    return Answer(recorded.id, recorded.state, given)


def _turn(conversation: str, batch: list[_Pending], around: Surroundings) -> Turn:
    text = joined([pending.incoming.text for pending in batch])
    metadata: dict[str, Any] = {
        "page": around.page,
        "order_no": around.page_order_no,
        "button": text in around.payloads,
        "topic": around.topic,
    }
    known = {key: value for key, value in metadata.items() if value}
    last = batch[-1]
    return Turn(
        conversation, last.incoming.channel, f"m{last.message}", text, known, around.active_loop
    )


def _settled(
    conversation: str, batch: list[_Pending], state: str, result: TurnResult, now: float
) -> Settled:
    last = batch[-1]
    return Settled(
        conversation=conversation,
        channel=last.incoming.channel,
        turn=last.message,
        merged=[pending.message for pending in batch[:-1]],
        state=state,
        replies=result.replies,
        reply_state=last.reply_state,
        outcome=result.outcome,
        label=result.label,
        score=result.score,
        started_at=batch[0].received_at,
        now=now,
        test=last.incoming.test,
    )


def _joins_others(incoming: Incoming) -> bool:
    """Return whether a message may share a turn with those around it."""
    return incoming.kind == "text" and incoming.text.strip() != replies.CANCEL_WAITING


def _leave_ticket(conversation: str, batch: list[_Pending], now: float) -> Reply:
    """Bring a person in and return the apology, with what follows from it."""
    question = joined([pending.incoming.text for pending in batch])
    handoff = holder.request(conversation, "failed_turn", question, None, now)
    reply: Reply = {"text": f"{settings().assistant.apology}\n{notice.told(handoff, now)}"}
    if handoff.state == "waiting":
        reply["buttons"] = replies.buttons([replies.CANCEL_WAITING])
    return reply


def _resolve(pending: _Pending, answer: Answer) -> None:
    if not pending.answer.done():
        pending.answer.set_result(answer)
