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
    Column("terms_told", String(20)),  # version of the service terms the customer was told of
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
    # held, failed, rating
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
    Column("first_reply_at", Float),  # the first words of a person
    # What the waiting customer was told since the request: how often, when last, and
    # when that it takes too long.
    Column("updates_told", Integer, nullable=False, default=0),
    Column("told_at", Float),
    Column("late_told_at", Float),
    # The last of the customer's messages that an agent has had on the screen.
    Column("seen_message", Integer, nullable=False, default=0),
    # Equals the conversation while open, NULL after: its uniqueness makes "at most one" true.
    Column("open_key", String(64), unique=True),
    Index("ix_handoffs_state_requested_at", "state", "requested_at"),
    Index("ix_handoffs_agent_state", "agent", "state"),
    Index("ix_handoffs_conversation", "conversation"),
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

# What happened to a handoff, in order; agents read it between the lines of the transcript.
handoff_events = Table(
    "handoff_events",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("handoff", Integer, nullable=False),
    Column("conversation", String(64), nullable=False),
    Column("at", Float, nullable=False),
    # requested, assigned, accepted, transferred, returned, left, late, done, idle,
    # cancelled, rated; for ourselves: told (the place in the queue), farewell (the end)
    Column("kind", String(20), nullable=False),
    Column("actor", String(40)),  # login of who did it; NULL: nobody
    Column("target", String(40)),  # login of whom it was done to
    Column("detail", EncryptedText),  # what an agent wrote along
    Index("ix_handoff_events_handoff", "handoff"),
    Index("ix_handoff_events_conversation", "conversation", "id"),
    sqlite_autoincrement=True,
)

# What customers think of the service of a person. One row is made when they are asked.
ratings = Table(
    "ratings",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("conversation", String(64), nullable=False),
    Column("handoff", Integer, nullable=False, unique=True),
    Column("channel", String(64), nullable=False),
    Column("agent", String(40)),
    Column("asked_at", Float, nullable=False),
    # asked -> rated; asked -> reason (the next message is why) -> rated
    Column("state", String(16), nullable=False),
    Column("satisfied", Boolean),
    Column("reason", EncryptedText),
    Column("rated_at", Float),
    Index("ix_ratings_conversation", "conversation", "id"),
    Index("ix_ratings_asked_at", "asked_at"),
    sqlite_autoincrement=True,
)

# What agents write for one another; no customer ever gets it.
internal_notes = Table(
    "internal_notes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("conversation", String(64), nullable=False),
    Column("handoff", Integer, nullable=False),
    Column("author", String(40), nullable=False),
    Column("body", EncryptedText, nullable=False),
    Column("created_at", Float, nullable=False),
    Index("ix_internal_notes_conversation", "conversation", "id"),
    sqlite_autoincrement=True,
)

# The people who sign in to the console.
staff = Table(
    "staff",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("login", String(40), nullable=False, unique=True),
    Column("nickname", String(40), nullable=False),  # what customers read
    Column("role", String(16), nullable=False),  # agent, operator, administrator
    Column("password_hash", String(200), nullable=False),
    Column("must_change", Boolean, nullable=False, default=False),  # the password, at once
    Column("active", Boolean, nullable=False, default=True),
    Column("skills", String(1000), nullable=False, default="[]"),  # JSON: categories; []: all
    Column("hours", String(2000)),  # JSON: weekly hours; NULL: the service hours
    Column("max_chats", Integer, nullable=False, default=5),
    Column("state", String(16), nullable=False, default="away"),  # online, busy, away
    Column("state_at", Float, nullable=False, default=0.0),
    Column("seen_at", Float, nullable=False, default=0.0),  # a page of theirs was open
    Column("assigned_at", Float, nullable=False, default=0.0),  # got a customer
    Column("picture", EncryptedBytes),
    Column("picture_type", String(40)),
    Column("failures", Integer, nullable=False, default=0),  # to sign in, in a row
    Column("locked_until", Float, nullable=False, default=0.0),
    Column("signed_in_at", Float),
    Column("created_at", Float, nullable=False),
    sqlite_autoincrement=True,
)
staff_sessions = Table(
    "staff_sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),  # SHA-256 of what the cookie holds
    Column("staff", Integer, nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("seen_at", Float, nullable=False),
    Index("ix_staff_sessions_staff", "staff"),
)

# Who looked at or changed what. Nothing in it is a customer's, and nothing is changed later.
access_log = Table(
    "access_log",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("staff", Integer),
    Column("login", String(40), nullable=False),
    Column("action", String(40), nullable=False),
    Column("conversation", String(64)),
    Column("detail", String(200)),
    Column("address", String(64), nullable=False, default=""),
    Index("ix_access_log_at", "at"),
    Index("ix_access_log_conversation", "conversation"),
    sqlite_autoincrement=True,
)

# Sentences that agents send with one click.
quick_replies = Table(
    "quick_replies",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("owner", Integer),  # staff id; NULL: everybody's
    Column("title", String(40), nullable=False),
    Column("body", String(500), nullable=False),
    Column("created_at", Float, nullable=False),
    Index("ix_quick_replies_owner", "owner"),
    sqlite_autoincrement=True,
)

# What operators should know, one open row for each thing.
reports = Table(
    "reports",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(40), nullable=False),
    Column("text", String(300), nullable=False),
    Column("first_at", Float, nullable=False),
    Column("last_at", Float, nullable=False),
    Column("closed_at", Float),
    Column("open_as", String(60), unique=True),  # the kind while open, NULL after
    Index("ix_reports_first_at", "first_at"),
    sqlite_autoincrement=True,
)

# What a reviewer thinks of an answer of the assistant; nothing in it names a customer.
reviews = Table(
    "reviews",
    metadata,
    Column("turn", Integer, primary_key=True, autoincrement=False),  # that gave the answer
    Column("asked", Integer, nullable=False),  # the turn with the question; a pick comes later
    Column("conversation", String(64), nullable=False),
    Column("label", String(80), nullable=False),  # what was answered: category/entry or a task
    Column("verdict", String(16), nullable=False),  # right, wrong, should_be, no_answer, unclear
    Column("right_label", String(80)),  # of should_be: what should have been answered
    Column("reviewer", String(40), nullable=False),  # login
    Column("at", Float, nullable=False),
    Index("ix_reviews_conversation", "conversation"),
    Index("ix_reviews_at", "at"),
)

# What an outside helpdesk has to be told, one row for each call of its address.
helpdesk_events = Table(
    "helpdesk_events",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("event", String(40), nullable=False, unique=True),  # the id that it is told
    Column("conversation", String(64), nullable=False),
    Column("handoff", Integer, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("message", Integer),  # the message that it is about
    Column("body", EncryptedText, nullable=False),
    Column("state", String(16), nullable=False),  # pending -> sent | dead
    Column("attempts", Integer, nullable=False, default=0),
    Column("error", String(200)),
    Column("next_at", Float, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("done_at", Float),
    Index("ix_helpdesk_events_state_next_at", "state", "next_at"),
    Index("ix_helpdesk_events_conversation", "conversation", "id"),
    sqlite_autoincrement=True,
)

# How often a system that we call failed, by the minute; minute 0 holds the sum of all time.
troubles = Table(
    "troubles",
    metadata,
    Column("source", String(80), primary_key=True),  # shop:orders, wechat:<account>
    Column("minute", Float, primary_key=True),
    Column("times", Integer, nullable=False),
)

# What passes a limit of the operator's settings, until its end has been told.
alerts = Table(
    "alerts",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("text", String(300), nullable=False),
    Column("begun_at", Float, nullable=False),
    Column("told_at", Float),  # when people were told last; NULL: not yet
    Column("calm_since", Float),  # since when it is within the limit again
    Column("over_at", Float),  # it is over, which people have not been told yet
)
