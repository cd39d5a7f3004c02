"""A message between its receipt and its answer, and what its turn begins and ends with."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from kefu import held
from kefu.bursts import joined
from kefu.exchange import Answer, Incoming, Turn, TurnResult
from kefu.handoff import rating
from kefu.storage import messages
from kefu.storage.intake import Settled, Surroundings


@dataclass
class Pending:
    """A message that waits for its turn.

    Attributes:
        incoming: As the channel took it in.
        message: Message id.
        received_at: UTC seconds.
        reply_state: delivered where the answer goes out at once, pending where it waits
            for its channel.
        more: Whether other messages may wait for the customer.
        terms_told: Version of the service terms that the customer knew of before.
        terms: Version that the answer tells of; None: it does not.
        answer: Comes when the turn has ended.
    """

    incoming: Incoming
    message: int
    received_at: float
    reply_state: str
    more: bool = True
    terms_told: str | None = None
    terms: str | None = None
    answer: asyncio.Future[Answer] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    @property
    def joins_others(self) -> bool:
        """Tell whether it may share a turn with the messages around it."""
        text = self.incoming.text
        alone = held.ends_waiting(text) or rating.is_answer(text)
        return self.incoming.kind == "text" and not alone

    def resolve(self, answer: Answer) -> None:
        """Give the answer to whoever waits for it."""
        if not self.answer.done():
            self.answer.set_result(answer)


def text_of(batch: list[Pending]) -> str:
    """Return the messages of a turn as one text."""
    return joined([pending.incoming.text for pending in batch])


def turn_of(conversation: str, batch: list[Pending], around: Surroundings) -> Turn:
    """Return what the dialogue is given."""
    text = text_of(batch)
    metadata: dict[str, Any] = {
        "page": around.page,
        "order_no": around.page_order_no,
        "button": text in around.payloads,
        "topic": around.topic,
    }
    last = batch[-1]
    return Turn(
        conversation=conversation,
        channel=last.incoming.channel,
        message_id=f"m{last.message}",
        text=text,
        metadata={key: value for key, value in metadata.items() if value},
        active_loop=around.active_loop,
        called=around.called,
    )


def end_of_turn(
    conversation: str, batch: list[Pending], state: str, result: TurnResult, now: float
) -> Settled:
    """Return what is recorded of a turn when it has ended."""
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
        terms=last.terms,
    )


def answer_given(recorded: messages.Recorded) -> Answer:
    """Return the answer that a message got when it first came."""
    if recorded.state == "merged":
        return Answer(recorded.id, "merged", [], recorded.turn)
    given = [json.loads(m.body) for m in messages.reply_of(recorded.id) if m.author == "bot"]
    return Answer(recorded.id, recorded.state, given)
