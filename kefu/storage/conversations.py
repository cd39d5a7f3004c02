"""Who a conversation id stands for, and the page its customer came from."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.engine import Connection

from kefu.storage.encryption import pseudonym
from kefu.storage.engine import reading, writing
from kefu.storage.tables import conversations
from kefu.storage.upsert import insert_or_update

_WHICH = conversations.c.id == bindparam("conversation")
_CUSTOMER = select(conversations.c.customer).where(_WHICH)
_VISIT = select(
    conversations.c.channel,
    conversations.c.customer,
    conversations.c.page,
    conversations.c.page_order_no,
).where(_WHICH)
_CHANNEL = select(conversations.c.channel).where(_WHICH)


@dataclass(frozen=True)
class Visit:
    """Who is here, and from where.

    Attributes:
        channel: Channel name, with the account where there are several.
        customer: openid as the channel verified it.
        page: Entry page key (product, order, member).
        page_order_no: Order number that the entry page named.
    """

    channel: str
    customer: str
    page: str | None = None
    page_order_no: str | None = None

    @property
    def names_page(self) -> bool:
        """Return whether it says anything about the page."""
        return self.page is not None or self.page_order_no is not None


def remember(
    channel: str,
    customer: str,
    now: float,
    page: str | None = None,
    page_order_no: str | None = None,
) -> str:
    """Note that a customer is here and return the conversation id.

    `now` is in UTC seconds since 1970; the others are those of a Visit.
    """
    conversation = pseudonym(channel, customer)
    with writing() as connection:
        note(connection, conversation, Visit(channel, customer, page, page_order_no), now)
    return conversation


def note(connection: Connection, conversation: str, visit: Visit, now: float) -> None:
    """Note a visit in a transaction of the caller's.

    One that names neither page nor order number leaves those of the last that did.
    """
    page = {"page": visit.page, "page_order_no": visit.page_order_no} if visit.names_page else {}
    insert_or_update(
        connection,
        conversations,
        on=("id",),
        keep=("channel", "customer", "created_at"),
        id=conversation,
        channel=visit.channel,
        customer=visit.customer,
        created_at=now,
        seen_at=now,
        **page,
    )


def customer_of(conversation: str) -> str | None:
    """Return the verified openid behind a conversation id, None when it is unknown."""
    with reading() as connection:
        found = connection.execute(_CUSTOMER, {"conversation": conversation})
        customer: str | None = found.scalar()
    return customer


def channel_of(conversation: str) -> str:
    """Return the channel of a conversation, "" when it is unknown."""
    with reading() as connection:
        found = connection.execute(_CHANNEL, {"conversation": conversation}).scalar()
    return found or ""


def visit_of(conversation: str) -> Visit | None:
    """Return who a conversation is with and the page they came from last, None when unknown."""
    with reading() as connection:
        row = connection.execute(_VISIT, {"conversation": conversation}).first()
    return None if row is None else Visit(*row)
