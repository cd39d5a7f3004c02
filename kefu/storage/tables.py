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

from kefu.storage.encryption import EncryptedBytes, EncryptedText

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Numbers of messages, handoffs and sends are never given out again after an erasure
# (sqlite_autoincrement): people and other tables know them.

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
    # text, image, voice, video, location, link, card, file; enter (the chat was opened); event
    Column("kind", String(16), nullable=False),
    # Customer's messages: the channel's own id, for dropping repeats.
    Column("key", String(128)),
    # Text of a customer's or agent's message; JSON of the reply (Rasa REST format) of the bot's.
    Column("body", EncryptedText, nullable=False),
    # customer: received -> answered | merged | failed | held
    # out: pending -> delivered (handed to the channel; what became of it there, see `sends`)
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
    sqlite_autoincrement=True,
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
    sqlite_autoincrement=True,
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

# What goes to WeChat, one row for each call of its send API.
sends = Table(
    "sends",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("conversation", String(64), nullable=False),
    Column("channel", String(64), nullable=False),
    Column("message", Integer, nullable=False),  # the outgoing message it carries (the first)
    Column("turn", Integer),  # the customer's message that it answers
    Column("author", String(16), nullable=False),  # bot, agent, system
    Column("body", EncryptedText, nullable=False),  # JSON: msgtype and what belongs to it
    Column("options", EncryptedText),  # JSON: title and payload of the options it shows
    # pending -> sending -> sent | dead;  sending -> pending when WeChat asks to wait;
    # dead -> replaced when a person puts it into the outbox again
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", String(200)),  # why it waits or is dead, for agents and operators
    Column("error_code", Integer),  # WeChat's errcode
    Column("next_at", Float, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("done_at", Float),
    Index("ix_sends_conversation_id", "conversation", "id"),
    Index("ix_sends_state_next_at", "state", "next_at"),
    sqlite_autoincrement=True,
)

# How many sends WeChat still takes for a customer, and until when.
send_windows = Table(
    "send_windows",
    metadata,
    Column("conversation", String(64), primary_key=True),
    Column("sends_left", Integer, nullable=False),
    Column("open_until", Float, nullable=False),
)

# One access token an AppID, and whose turn it is to renew it.
wechat_tokens = Table(
    "wechat_tokens",
    metadata,
    Column("appid", String(64), primary_key=True),
    Column("token", EncryptedText),
    Column("expires_at", Float, nullable=False, default=0.0),
    Column("leased_until", Float, nullable=False, default=0.0),
    Column("forced_at", Float, nullable=False, default=0.0),
    Column("forced_day", String(10), nullable=False, default=""),
    Column("forced_today", Integer, nullable=False, default=0),
)

# What one process at a time does, and who does it now.
leases = Table(
    "leases",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("held_until", Float, nullable=False),
)

# Pictures and recordings of customers.
media = Table(
    "media",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("message", Integer, nullable=False, unique=True),
    Column("conversation", String(64), nullable=False),
    Column("channel", String(64), nullable=False),
    Column("source", EncryptedText, nullable=False),  # JSON: where the platform keeps it
    Column("state", String(16), nullable=False),  # pending -> stored | failed
    Column("content", EncryptedBytes),
    Column("content_type", String(80)),
    Column("size", Integer),
    Column("attempts", Integer, nullable=False),
    Column("error", String(200)),
    Column("next_at", Float, nullable=False),
    Column("trace_id", String(80)),  # of WeChat's content check
    Column("created_at", Float, nullable=False),
    Column("done_at", Float),
    Index("ix_media_state_next_at", "state", "next_at"),
    Index("ix_media_conversation", "conversation"),
    Index("ix_media_trace_id", "trace_id"),
    sqlite_autoincrement=True,
)

# What the content check said against a message: a customer's, or one of ours that was not sent.
objections = Table(
    "objections",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("message", Integer, nullable=False),
    Column("conversation", String(64), nullable=False),
    Column("source", String(16), nullable=False),  # words (our list) or wechat
    Column("verdict", String(16), nullable=False),  # review or risky
    Column("reason", String(80), nullable=False),
    Column("created_at", Float, nullable=False),
    Index("ix_objections_message", "message"),
    Index("ix_objections_conversation", "conversation"),
    sqlite_autoincrement=True,
)
