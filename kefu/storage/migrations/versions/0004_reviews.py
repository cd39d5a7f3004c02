"""Add what reviewers think of the assistant's answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "reviews",
        sa.Column("turn", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("conversation", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("right_label", sa.String(length=80), nullable=True),
        sa.Column("reviewer", sa.String(length=40), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("turn", name=op.f("pk_reviews")),
    )
    op.create_index("ix_reviews_conversation", "reviews", ["conversation"])
    op.create_index("ix_reviews_at", "reviews", ["at"])


def downgrade() -> None:
    """Drop it, with what it holds."""
    op.drop_table("reviews")
