"""epochs counted

Revision: 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What earlier trials have trained and saved is not known by seed: going on to a next rung takes nothing of it back.
    op.add_column("trials", sa.Column("epochs_counted", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("trials", "epochs_counted")
