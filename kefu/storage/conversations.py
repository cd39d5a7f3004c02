"""Who a conversation id stands for, and the page its customer came from."""

from __future__ import annotations

from sqlalchemy import select

from kefu.storage.encryption import pseudonym
from kefu.storage.engine import reading, writing
from kefu.storage.tables import conversations
from kefu.storage.upsert import insert_or_update


def remember(
    channel: str,
    customer: str,
    now: float,
    page: str | None = None,
    page_order_no: str | None = None,
) -> str:
    """Note that a customer is here and return the conversation id.

    Args:
        channel: Channel name, with the account where there are several.
        customer: openid as the channel verified it.
        now: UTC seconds since 1970.
        page: Entry page key (product, order, member). Without a page and an order
            number, those of the last visit stay.
        page_order_no: Order number that the entry page named.
    """
    conversation = pseudonym(channel, customer)
    visit = {"page": page, "page_order_no": page_order_no}
    if page is None and page_order_no is None:
        visit = {}
    with writing() as connection:
        insert_or_update(
            connection,
            conversations,
            on=("id",),
            keep=("channel", "customer", "created_at"),
            id=conversation,
            channel=channel,
            customer=customer,
            created_at=now,
            seen_at=now,
            **visit,
        )
    return conversation


def customer_of(conversation: str) -> str | None:
    """Return the verified openid behind a conversation id, None when it is unknown."""
    query = select(conversations.c.customer).where(conversations.c.id == conversation)
    with reading() as connection:
        customer: str | None = connection.execute(query).scalar()
    return customer


def page_of(conversation: str) -> tuple[str | None, str | None] | None:
    """Return entry page key and order number of the last visit, None when there are none."""
    query = select(conversations.c.page, conversations.c.page_order_no).where(
        conversations.c.id == conversation
    )
    with reading() as connection:
        row = connection.execute(query).first()
    if row is None or (row.page is None and row.page_order_no is None):
        return None
    return row.page, row.page_order_no


def channel_of(conversation: str) -> str | None:
    """Return the channel of a conversation, None when it is unknown."""
    query = select(conversations.c.channel).where(conversations.c.id == conversation)
    with reading() as connection:
        channel: str | None = connection.execute(query).scalar()
    return channel
