"""Add failures of the systems that we call, and the alerts that are open."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "troubles",
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("minute", sa.Float(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", "minute", name=op.f("pk_troubles")),
    )
    op.create_table(
        "alerts",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("begun_at", sa.Float(), nullable=False),
        sa.Column("told_at", sa.Float(), nullable=True),
        sa.Column("calm_since", sa.Float(), nullable=True),
        sa.Column("over_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_alerts")),
    )


def downgrade() -> None:
    """Drop them, with what they hold."""
    op.drop_table("alerts")
    op.drop_table("troubles")
