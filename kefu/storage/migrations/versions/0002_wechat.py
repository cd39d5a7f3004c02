"""Add what the WeChat channel keeps: sends, windows, tokens, leases, media, objections."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of the WeChat channel, and keep numbers from being given out again."""
    for table in _NUMBERED:
        _never_reuse_numbers(table)
    _create_sends()
    _create_send_windows()
    _create_wechat_tokens()
    _create_leases()
    _create_media()
    _create_objections()


def downgrade() -> None:
    """Drop them all, with what they hold."""
    for table in reversed(_TABLES):
        op.drop_table(table)


# After an erasure SQLite would give the highest numbers out once more.
_NUMBERED = ("messages", "handoffs")
_TABLES = ("sends", "send_windows", "wechat_tokens", "leases", "media", "objections")


def _never_reuse_numbers(table: str) -> None:
    if op.get_context().dialect.name != "sqlite":
        return
    options = {"sqlite_autoincrement": True}
    with op.batch_alter_table(table, recreate="always", table_kwargs=options):
        pass


def _create_sends() -> None:
    op.create_table(
        "sends",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("conversation", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("message", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=True),
        sa.Column("author", sa.String(length=16), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("options", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=200), nullable=True),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("next_at", sa.Float(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("done_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sends")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sends_conversation_id", "sends", ["conversation", "id"])
    op.create_index("ix_sends_state_next_at", "sends", ["state", "next_at"])


def _create_send_windows() -> None:
    op.create_table(
        "send_windows",
        sa.Column("conversation", sa.String(length=64), nullable=False),
        sa.Column("sends_left", sa.Integer(), nullable=False),
        sa.Column("open_until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("conversation", name=op.f("pk_send_windows")),
    )


def _create_wechat_tokens() -> None:
    op.create_table(
        "wechat_tokens",
        sa.Column("appid", sa.String(length=64), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.Column("leased_until", sa.Float(), nullable=False),
        sa.Column("forced_at", sa.Float(), nullable=False),
        sa.Column("forced_day", sa.String(length=10), nullable=False),
        sa.Column("forced_today", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("appid", name=op.f("pk_wechat_tokens")),
    )


def _create_leases() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("held_until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )


def _create_media() -> None:
    op.create_table(
        "media",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("message", sa.Integer(), nullable=False),
        sa.Column("conversation", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("content_type", sa.String(length=80), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=200), nullable=True),
        sa.Column("next_at", sa.Float(), nullable=False),
        sa.Column("trace_id", sa.String(length=80), nullable=True),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("done_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media")),
        sa.UniqueConstraint("message", name=op.f("uq_media_message")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_media_conversation", "media", ["conversation"])
    op.create_index("ix_media_state_next_at", "media", ["state", "next_at"])
    op.create_index("ix_media_trace_id", "media", ["trace_id"])


def _create_objections() -> None:
    op.create_table(
        "objections",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("message", sa.Integer(), nullable=False),
        sa.Column("conversation", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objections")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_objections_conversation", "objections", ["conversation"])
    op.create_index("ix_objections_message", "objections", ["message"])
