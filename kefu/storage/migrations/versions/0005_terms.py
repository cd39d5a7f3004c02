"""Add which service terms a customer was told of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column of conversations."""
    op.add_column("conversations", sa.Column("terms_told", sa.String(20)))


def downgrade() -> None:
    """Drop it."""
    with op.batch_alter_table("conversations") as batch:
        batch.drop_column("terms_told")
