"""Add what the desk keeps: people, their sessions, notes, ratings, what happened to handoffs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns of handoffs and the tables of the desk."""
    _add_to_handoffs()
    _create_handoff_events()
    _create_ratings()
    _create_internal_notes()
    _create_staff()
    _create_staff_sessions()
    _create_access_log()
    _create_quick_replies()
    _create_reports()
    _create_helpdesk_events()


def downgrade() -> None:
    """Drop them all, with what they hold."""
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.drop_index("ix_handoffs_conversation", "handoffs")
    op.drop_index("ix_handoffs_agent_state", "handoffs")
    with op.batch_alter_table("handoffs", table_kwargs={"sqlite_autoincrement": True}) as batch:
        for column in _OF_HANDOFFS:
            batch.drop_column(column)


_TABLES = (
    "handoff_events",
    "ratings",
    "internal_notes",
    "staff",
    "staff_sessions",
    "access_log",
    "quick_replies",
    "reports",
    "helpdesk_events",
)
_OF_HANDOFFS = ("first_reply_at", "updates_told", "told_at", "late_told_at", "seen_message")


def _add_to_handoffs() -> None:
    op.add_column("handoffs", sa.Column("first_reply_at", sa.Float()))
    op.add_column("handoffs", _count("updates_told"))
    op.add_column("handoffs", sa.Column("told_at", sa.Float()))
    op.add_column("handoffs", sa.Column("late_told_at", sa.Float()))
    op.add_column("handoffs", _count("seen_message"))
    op.create_index("ix_handoffs_agent_state", "handoffs", ["agent", "state"])
    op.create_index("ix_handoffs_conversation", "handoffs", ["conversation"])


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default="0")


def _create_handoff_events() -> None:
    op.create_table(
        "handoff_events",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("handoff", sa.Integer(), nullable=False),
        sa.Column("conversation", sa.String(length=64), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=True),
        sa.Column("target", sa.String(length=40), nullable=True),
        sa.Column("detail", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handoff_events")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_handoff_events_conversation", "handoff_events", ["conversation", "id"])
    op.create_index("ix_handoff_events_handoff", "handoff_events", ["handoff"])


def _create_ratings() -> None:
    op.create_table(
        "ratings",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("conversation", sa.String(length=64), nullable=False),
        sa.Column("handoff", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("agent", sa.String(length=40), nullable=True),
        sa.Column("asked_at", sa.Float(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("satisfied", sa.Boolean(), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("rated_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ratings")),
        sa.UniqueConstraint("handoff", name=op.f("uq_ratings_handoff")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ratings_asked_at", "ratings", ["asked_at"])
    op.create_index("ix_ratings_conversation", "ratings", ["conversation", "id"])


def _create_internal_notes() -> None:
    op.create_table(
        "internal_notes",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("conversation", sa.String(length=64), nullable=False),
        sa.Column("handoff", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(length=40), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_internal_notes")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_internal_notes_conversation", "internal_notes", ["conversation", "id"])


def _create_staff() -> None:
    op.create_table(
        "staff",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("login", sa.String(length=40), nullable=False),
        sa.Column("nickname", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("skills", sa.String(length=1000), nullable=False),
        sa.Column("hours", sa.String(length=2000), nullable=True),
        sa.Column("max_chats", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("state_at", sa.Float(), nullable=False),
        sa.Column("seen_at", sa.Float(), nullable=False),
        sa.Column("assigned_at", sa.Float(), nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=True),
        sa.Column("picture_type", sa.String(length=40), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.Float(), nullable=False),
        sa.Column("signed_in_at", sa.Float(), nullable=True),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("login", name=op.f("uq_staff_login")),
        sqlite_autoincrement=True,
    )


def _create_staff_sessions() -> None:
    op.create_table(
        "staff_sessions",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("staff", sa.Integer(), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("seen_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_staff_sessions")),
    )
    op.create_index("ix_staff_sessions_staff", "staff_sessions", ["staff"])


def _create_access_log() -> None:
    op.create_table(
        "access_log",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("staff", sa.Integer(), nullable=True),
        sa.Column("login", sa.String(length=40), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("conversation", sa.String(length=64), nullable=True),
        sa.Column("detail", sa.String(length=200), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_log")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_access_log_at", "access_log", ["at"])
    op.create_index("ix_access_log_conversation", "access_log", ["conversation"])


def _create_quick_replies() -> None:
    op.create_table(
        "quick_replies",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("owner", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=40), nullable=False),
        sa.Column("body", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quick_replies")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_quick_replies_owner", "quick_replies", ["owner"])


def _create_reports() -> None:
    op.create_table(
        "reports",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("first_at", sa.Float(), nullable=False),
        sa.Column("last_at", sa.Float(), nullable=False),
        sa.Column("closed_at", sa.Float(), nullable=True),
        sa.Column("open_as", sa.String(length=60), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
        sa.UniqueConstraint("open_as", name=op.f("uq_reports_open_as")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_reports_first_at", "reports", ["first_at"])


def _create_helpdesk_events() -> None:
    op.create_table(
        "helpdesk_events",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("conversation", sa.String(length=64), nullable=False),
        sa.Column("handoff", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("message", sa.Integer(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=200), nullable=True),
        sa.Column("next_at", sa.Float(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("done_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_helpdesk_events")),
        sa.UniqueConstraint("event", name=op.f("uq_helpdesk_events_event")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_helpdesk_events_conversation", "helpdesk_events", ["conversation", "id"])
    op.create_index("ix_helpdesk_events_state_next_at", "helpdesk_events", ["state", "next_at"])
