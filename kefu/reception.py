"""The gate: every message of every channel passes here, is recorded, and gets an answer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import ParamSpec, TypeVar, cast

from sqlalchemy.exc import SQLAlchemyError

from kefu import held, replies, terms
from kefu.bursts import is_opener, turns
from kefu.elsewhere import Elsewhere
from kefu.errors import KefuError
from kefu.exchange import Answer, Dialogue, Incoming, Kind, TurnResult
from kefu.handoff import holder, rating
from kefu.pending import Pending, answer_given, end_of_turn, text_of, turn_of
from kefu.replies import Reply
from kefu.settings import settings
from kefu.storage import messages
from kefu.storage.conversations import Visit
from kefu.storage.encryption import pseudonym
from kefu.storage.intake import Intake, Said, Surroundings

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


def _ignore(_conversation: str) -> None:
    """Tell nobody."""


class Reception:
    """Records, orders, merges, asks who holds the conversation, and never leaves silence."""

    def __init__(
        self,
        dialogue: Dialogue,
        clock: Callable[[], float] = time.time,
        announce: Callable[[str], None] = _ignore,
        changed: Callable[[str], None] = _ignore,
        held_back: Callable[[str], None] = _ignore,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        """Take who thinks of replies, and whom to tell what of a conversation.

        Args:
            dialogue: The one that thinks.
            clock: UTC seconds.
            announce: Told that a reply waits for its channel.
            changed: Told that something was recorded that people may be looking at.
            held_back: Told that a message was kept from the dialogue, for a person.
            elsewhere: Where the process that answered before is still at work.
        """
        self._dialogue = dialogue
        self._clock = clock
        self._announce = announce
        self._changed = changed
        self._held_back = held_back
        self._elsewhere = elsewhere or Elsewhere()
        self._moved = False
        self._arriving: Counter[str] = Counter()
        self._turns = asyncio.Semaphore(TURNS_AT_A_TIME)
        self._done: OrderedDict[int, None] = OrderedDict()
        self._queues: dict[str, deque[Pending]] = {}
        self._pending: dict[int, Pending] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._intake = Intake()
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="reception")

    async def receive(self, incoming: Incoming) -> Answer:
        """Take a message in and return what to hand to the customer.

        It is recorded before anything else happens. A repeat gives the same answer
        and no second turn.

        Raises:
            Moved: Another process answers now; nothing was recorded.
        """
        if self._moved:
            raise Moved("another process answers now")
        with self._arrives(pseudonym(incoming.channel, incoming.customer)):
            return await self._receive(incoming)

    async def _receive(self, incoming: Incoming) -> Answer:
        now = self._clock()
        conversation, recorded = await self._off_loop(self._take_in, incoming, now)
        if recorded.repeat and recorded.id not in self._pending:
            await self._elsewhere.left(conversation)
            # Its turn may have ended after the row was read.
            conversation, recorded = await self._off_loop(self._take_in, incoming, now)
        if recorded.id in self._pending:
            return await asyncio.shield(self._pending[recorded.id].answer)
        if recorded.repeat and recorded.state != "received":
            return await self._off_loop(answer_given, recorded)
        pending = Pending(incoming, recorded.id, now, "delivered")
        self._changed(conversation)
        return await asyncio.shield(self._enqueue(conversation, pending))

    async def recover(self) -> int:
        """Answer what a crash left unanswered; return how many messages that are."""
        return await self._recover(self._clock())

    async def recover_from_elsewhere(self) -> None:
        """Wait for the process that answered before, and answer what it left unanswered."""
        # What was recorded later is this process's own.
        began = self._clock()
        await self._elsewhere.is_over()
        await self._recover(began)

    def hand_over(self) -> frozenset[str]:
        """Take nothing more in; return the conversations in which turns are still to end."""
        self._moved = True
        return frozenset((*self._arriving, *self._queues))

    def take_back(self) -> None:
        """Take messages in again."""
        self._moved = False

    @property
    def has_moved(self) -> bool:
        """Tell whether another process answers now."""
        return self._moved

    @property
    def is_busy(self) -> bool:
        """Tell whether turns are still to end."""
        return bool(self._arriving or self._queues)

    async def _recover(self, older_than: float) -> int:
        return self._enqueue_left(await self._off_loop(messages.unanswered, older_than))

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
        new = [message for message in left if self._is_mine(message)]
        for message in new:
            kind, page = cast(Kind, message.kind), message.page or None
            incoming = Incoming(message.channel, "", kind, message.body, page=page)
            pending = Pending(incoming, message.id, message.created_at, "pending")
            self._enqueue(message.conversation, pending)
        return len(new)

    def _is_mine(self, message: messages.Unanswered) -> bool:
        mine = not self._moved and not self._elsewhere.has(message.conversation)
        return mine and not self._knows(message.id)

    @contextmanager
    def _arrives(self, conversation: str) -> Iterator[None]:
        self._arriving[conversation] += 1
        try:
            yield
        finally:
            self._arriving[conversation] -= 1
            if not self._arriving[conversation]:
                del self._arriving[conversation]

    def _knows(self, message: int) -> bool:
        # A message that is done may still be unanswered in what was read before it was.
        return message in self._pending or message in self._done

    def _take_in(self, incoming: Incoming, now: float) -> tuple[str, messages.Recorded]:
        visit = Visit(incoming.channel, incoming.customer, incoming.page, incoming.page_order_no)
        said = Said("customer", incoming.kind, incoming.text, incoming.key, incoming.picture)
        if incoming.kind == "enter":
            # No message of the customer's: over REST it is not recovered after a crash.
            said = Said("system", "event", incoming.text or "进入客服", incoming.key)
        return self._intake.take_in(visit, said, now)

    def _enqueue(self, conversation: str, pending: Pending) -> asyncio.Future[Answer]:
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
            await self._elsewhere.left(conversation)
            while queue:
                if bursting or is_opener(queue[-1].incoming.text):
                    await asyncio.sleep(settings().reception.burst_window)
                arrived = list(queue)
                queue.clear()
                for batch in await self._batches(conversation, arrived):
                    await self._answer(conversation, batch)
                bursting = bool(queue)
        finally:
            del self._queues[conversation]

    async def _batches(self, conversation: str, arrived: list[Pending]) -> list[list[Pending]]:
        if len(arrived) == 1:
            return [arrived]
        if await self._off_loop(_is_held, conversation, self._clock()):
            # For a person each stays as it is, and nothing has to be recognised.
            return [[pending] for pending in arrived]
        batches: list[list[Pending]] = []
        texts: list[Pending] = []
        for pending in [*arrived, None]:
            if pending is not None and pending.joins_others:
                texts.append(pending)
                continue
            batches += await self._text_batches(texts)
            texts = []
            if pending is not None:
                batches.append([pending])
        return batches

    async def _text_batches(self, texts: list[Pending]) -> list[list[Pending]]:
        try:
            recognised = [await self._dialogue.recognise(p.incoming.text) for p in texts]
        except Exception:  # the turn itself will fail and say so
            logger.exception("burst could not be divided")
            return [texts]
        return [[texts[i] for i in group] for group in turns(recognised)]

    async def _answer(self, conversation: str, batch: list[Pending]) -> None:
        """Run one turn and settle it, whatever happens."""
        try:
            state, result = await self._result(conversation, batch)
        except Exception:  # last resort: the customer must not be left in silence
            logger.exception("turn failed: message %s", batch[-1].message)
            state, result = await self._failed(conversation, batch)
        last, others = batch[-1], [p.message for p in batch[:-1]]
        if state == "answered":
            result = _with_terms(last, result)
        recorded = await self._settle(conversation, batch, state, result)
        for pending in batch:
            self._pending.pop(pending.message, None)
            if recorded:
                self._remember_done(pending.message)
        if recorded and last.reply_state == "pending":
            self._announce(conversation)
        for pending in batch[:-1]:
            pending.resolve(Answer(pending.message, "merged", [], last.message))
        last.resolve(Answer(last.message, state, result.replies, more=last.more))
        self._changed(conversation)
        if state == "held":
            self._held_back(conversation)
        logger.info(
            "turn %s: %s %s in %.0f ms, %d merged", last.message, result.outcome, result.label,
            (self._clock() - batch[0].received_at) * 1000, len(others),
        )  # fmt: skip

    async def _settle(
        self, conversation: str, batch: list[Pending], state: str, result: TurnResult
    ) -> bool:
        """Record the end of a turn; tell whether that went well.

        A reply that waits for its channel is lost with the record, so it is tried again.
        Any other exists in the answer and goes out all the same.
        """
        last = batch[-1]
        pauses = _RECORD_AGAIN_AFTER if last.reply_state == "pending" else ()
        for pause in (*pauses, None):
            try:
                settled = end_of_turn(conversation, batch, state, result, self._clock())
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

    async def _result(self, conversation: str, batch: list[Pending]) -> tuple[str, TurnResult]:
        incoming = batch[-1].incoming
        who, around = await self._off_loop(self._before, conversation, self._clock())
        batch[-1].terms_told = around.terms_told
        # What answers a message that a crash interrupted waits itself.
        batch[-1].more = around.waiting or batch[-1].reply_state == "pending"
        if who != "bot":
            text = incoming.text.strip() if incoming.kind == "text" else ""
            return await self._off_loop(held.answer, conversation, who, text, self._clock())
        if incoming.kind == "enter":
            welcome = replies.welcome(settings(), incoming.page)
            return "answered", TurnResult([welcome], "welcome")
        if incoming.kind != "text":
            reply = replies.received(settings(), incoming.kind, around.page)
            return "answered", TurnResult([reply], "not_recognised", incoming.kind)
        if around.called:
            text = text_of(batch)
            rated = await self._off_loop(rating.answer, conversation, text, self._clock())
            if rated is not None:
                return "answered", TurnResult([rated], "rating")
            late = held.too_late(text.strip(), around.handoff == "left")
            if late is not None:
                return "answered", TurnResult([late], "human")
        if terms.asked_for(settings(), text_of(batch)):
            shown: Reply = {"text": terms.answer(settings())}
            return "answered", TurnResult([shown], "task", terms.LABEL)
        turn = turn_of(conversation, batch, around)
        timeout = settings().reception.turn_timeout
        async with self._turns:
            result = await asyncio.wait_for(self._dialogue.take_turn(turn), timeout)
        if not result.replies:
            raise SilentTurn(f"no reply to message {batch[-1].message}")
        if around.handoff == "left":
            return await self._off_loop(_beside_ticket, conversation, result, self._clock())
        return "answered", result

    def _before(self, conversation: str, now: float) -> tuple[str, Surroundings]:
        """Return who holds the conversation, and what its turn needs to know."""
        around = self._intake.surroundings(conversation, now)
        if around.handoff in (None, "left"):
            return "bot", around
        who = holder.who_holds(conversation, now)
        # Given back from waiting, it has a ticket now.
        return who, self._intake.surroundings(conversation, now) if who == "bot" else around

    async def _failed(self, conversation: str, batch: list[Pending]) -> tuple[str, TurnResult]:
        """Apologise and leave a ticket; when not even that works, apologise all the same.

        Where a person has the customer there is nothing to say: that person reads it.
        """
        apology: Reply = {"text": settings().assistant.apology}
        try:
            reply = await self._off_loop(
                held.leave_ticket, conversation, text_of(batch), self._clock()
            )
        except _RECORD_FAILED:  # the database may be what failed the turn
            logger.exception("no ticket for message %s", batch[-1].message)
            return "failed", TurnResult([apology], "failed")
        if reply is None:
            return "held", TurnResult([], "held")
        return "failed", TurnResult([reply], "failed")

    async def _off_loop(
        self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: function(*args, **kwargs))


class Moved(Exception):
    """Raised when a message comes to a process that has handed its customers over."""


class SilentTurn(Exception):
    """Raised when the dialogue ended a turn without saying anything."""


def _with_terms(last: Pending, result: TurnResult) -> TurnResult:
    """Let the answer tell of the service terms, once for each version of them.

    It is a part of the last text and no message of its own: WeChat counts them.
    """
    chosen = settings()
    version = chosen.terms.version
    place = max((n for n, reply in enumerate(result.replies) if reply.get("text")), default=None)
    if place is None or last.terms_told == version:
        return result
    told = terms.notice(chosen)
    if not told:
        return result
    last.terms = version
    if result.label in (terms.LABEL, *chosen.terms.entries):
        return result
    shown = list(result.replies)
    text = shown[place]["text"]
    # What ends like that is followed by its buttons.
    parts = (told, text) if text.endswith("：") else (text, told)
    shown[place] = {**shown[place], "text": "\n\n".join(parts)}
    return replace(result, replies=shown)


def _beside_ticket(conversation: str, result: TurnResult, now: float) -> tuple[str, TurnResult]:
    """Return what a turn comes to where the customer has left a message for people."""
    if holder.who_holds(conversation, now) == "agent":
        # Taken up while the bot was thinking: now it is the person who speaks.
        return "held", TurnResult([], "held")
    if result.outcome == "not_recognised":
        # This is the message that was asked for, not a question.
        return "answered", replace(result, replies=[held.noted(now)])
    return "answered", result


def _is_held(conversation: str, now: float) -> bool:
    try:
        return holder.who_holds(conversation, now) != "bot"
    except _RECORD_FAILED:  # the turn itself will fail and say so
        logger.exception("burst could not be divided")
        return False
