"""rungs, and rounds that were cut

Revision: 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("rounds", sa.Column("rungs", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("rounds", sa.Column("cut_by", sa.String(length=32), nullable=True))


def downgrade() -> None:
    op.drop_column("rounds", "cut_by")
    op.drop_column("rounds", "rungs")
