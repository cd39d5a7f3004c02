"""All tables. Times are UTC seconds since 1970 (float); texts of customers are encrypted."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

from kefu.storage.encryption import EncryptedText

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Who a conversation id stands for. The id is a keyed pseudonym of channel + customer.
conversations = Table(
    "conversations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("channel", String(64), nullable=False),
    Column("customer", EncryptedText, nullable=False),  # openid
    Column("page", String(32)),  # entry page key of the last visit: product, order, member
    Column("page_order_no", EncryptedText),  # order number the entry page named
    Column("created_at", Float, nullable=False),
    Column("seen_at", Float, nullable=False),
)

# Everything said, in and out: the durable record, the transcript and the outbox in one.
messages = Table(
    "messages",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("conversation", String(64), nullable=False),
    Column("author", String(16), nullable=False),  # customer, bot, agent, system
    Column("kind", String(16), nullable=False),  # text, image, voice, event
    # Customer's messages: the channel's own id, for dropping repeats.
    Column("key", String(128)),
    # Text of a customer's or agent's message; JSON of the reply (Rasa REST format) of the bot's.
    Column("body", EncryptedText, nullable=False),
    # customer: received -> answered | merged | failed | held;  out: pending -> delivered
    Column("state", String(16), nullable=False),
    # The customer's message whose turn this row belongs to (out: what it answers;
    # a merged message: the message it was merged into).
    Column("turn", Integer),
    Column("created_at", Float, nullable=False),
    Column("done_at", Float),
    UniqueConstraint("conversation", "key"),
    Index("ix_messages_conversation_id", "conversation", "id"),
    Index("ix_messages_conversation_state", "conversation", "state"),
    Index("ix_messages_state_created", "state", "created_at"),
)

# One row a turn, for the figures; nothing in it names a customer.
turns = Table(
    "turns",
    metadata,
    Column("id", Integer, primary_key=True),  # the customer's message id
    Column("conversation", String(64), nullable=False),
    Column("channel", String(64), nullable=False),
    Column("started_at", Float, nullable=False),
    # answered, options, picked, not_recognised, task, form, small_talk, human, welcome,
    # held, failed
    Column("outcome", String(20), nullable=False),
    Column("label", String(80)),  # category/entry or intent
    Column("score", Float),
    Column("reply_seconds", Float),
    Column("messages", Integer, nullable=False, default=1),  # how many were merged into it
    Column("test", Boolean, nullable=False, default=False),
    Index("ix_turns_started_at", "started_at"),
)

# A request for a person. At most one per conversation is open (waiting or agent).
handoffs = Table(
    "handoffs",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("conversation", String(64), nullable=False),
    # waiting -> agent -> closed;  left (a message outside hours) -> closed
    Column("state", String(16), nullable=False),
    # keyword, unrecognised, repeat, button, failed_turn, complaint, form, left_message
    Column("reason", String(20), nullable=False),
    Column("question", EncryptedText),  # the customer's last question
    Column("category", String(40)),
    Column("agent", String(40)),
    Column("requested_at", Float, nullable=False),
    Column("accepted_at", Float),
    # The agent's last sign of life; before there is one, the request.
    Column("active_at", Float, nullable=False),
    Column("closed_at", Float),
    Column("close_reason", String(20)),  # done, idle, cancelled
    # Equals the conversation while open, NULL after: its uniqueness makes "at most one" true.
    Column("open_key", String(64), unique=True),
    Index("ix_handoffs_state_requested_at", "state", "requested_at"),
)

# Rasa's events, one row each, and one head row a conversation.
tracker_events = Table(
    "tracker_events",
    metadata,
    Column("sender", String(64), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("type", String(64), nullable=False),
    Column("timestamp", Float, nullable=False),
    Column("data", EncryptedText, nullable=False),
)
trackers = Table(
    "trackers",
    metadata,
    Column("sender", String(64), primary_key=True),
    Column("events", Integer, nullable=False),  # number of rows in tracker_events
    Column("session_start", Integer, nullable=False),  # seq where the last session begins
    Column("active_loop", String(64)),  # form that is waiting for input, if any
    Column("saved_at", Float, nullable=False),
)
