"""What channels, reception and the dialogue hand one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from kefu.bursts import Recognition
from kefu.replies import Reply
from kefu.storage.intake import Picture

Kind = Literal["text", "image", "voice", "video", "location", "link", "card", "file", "enter"]


@dataclass(frozen=True)
class Incoming:
    """A message as a channel took it in.

    Attributes:
        channel: Channel name, with the account where there are several.
        customer: openid that the channel verified.
        kind: text, image, voice, video, location, link, card (of a mini-program's page),
            file, or enter (the chat was opened).
        text: What was typed; an address or description for the others.
        key: The channel's own id; the same id again is a repeat.
        page, page_order_no: Entry page and the order it shows.
        test: Not a customer's; stays out of the figures.
        picture: The file of an image, where the channel has it.
    """

    channel: str
    customer: str
    kind: Kind
    text: str
    key: str | None = None
    page: str | None = None
    page_order_no: str | None = None
    test: bool = False
    picture: Picture | None = None


@dataclass(frozen=True)
class Turn:
    """What the dialogue is given.

    Attributes:
        conversation: Conversation id.
        channel: Channel name, with the account where there are several.
        message_id: Id that stays the same when the turn is repeated after a crash.
        text: All messages of the burst.
        metadata: page, order_no, button, topic (label of what was answered before).
        active_loop: Form that waits for input, if any.
        called: Whether a person was ever called, so that there may be more to know.
    """

    conversation: str
    channel: str
    message_id: str
    text: str
    metadata: dict[str, Any]
    active_loop: str | None
    called: bool = False


@dataclass(frozen=True)
class TurnResult:
    """What the dialogue made of it: replies without recipient, and the row for the figures."""

    replies: Sequence[Reply]
    outcome: str
    label: str | None = None
    score: float | None = None


@dataclass(frozen=True)
class Answer:
    """What a channel hands to the customer for one message.

    Attributes:
        message: Message id.
        state: answered, failed (an apology and a ticket), held (a person speaks),
            or merged (the reply is in the answer to message `merged_into`).
        replies: In Rasa's REST format, without recipient.
        more: Whether other messages may wait for the customer, a person's for example.
    """

    message: int
    state: str
    replies: Sequence[Reply]
    merged_into: int | None = None
    more: bool = field(default=True, compare=False)


class Dialogue(Protocol):
    """The one that thinks of a reply: Rasa, behind its connector."""

    async def recognise(self, text: str) -> Recognition:
        """Recognise a text without touching any conversation."""
        ...

    async def take_turn(self, turn: Turn) -> TurnResult:
        """Run one turn; an exception or no reply at all counts as a failed turn."""
        ...
