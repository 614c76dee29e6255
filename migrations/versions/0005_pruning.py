"""pruning

Revision: 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STUDIES = sa.table("studies", sa.column("id", sa.String), sa.column("counts", sa.JSON))
TRIALS = sa.table("trials", sa.column("state", sa.String))


def upgrade() -> None:
    op.add_column("studies", sa.Column("pruning", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("studies", sa.Column("epochs_saved", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("rounds", sa.Column("stop_curve", sa.JSON(none_as_null=True), nullable=True))
    for study_id, counts in _counts():
        _set_counts(study_id, {"pruned": 0} | counts)


def downgrade() -> None:
    # The version before knows no such state; what it would have trained on is complete to it.
    op.execute(sa.update(TRIALS).where(TRIALS.c.state == "pruned").values(state="complete"))
    for study_id, counts in _counts():
        pruned = counts.pop("pruned")
        _set_counts(study_id, counts | {"complete": counts["complete"] + pruned})
    op.drop_column("rounds", "stop_curve")
    op.drop_column("studies", "epochs_saved")
    op.drop_column("studies", "pruning")


def _counts() -> list[tuple[str, dict[str, int]]]:
    rows = op.get_bind().execute(sa.select(STUDIES.c.id, STUDIES.c.counts)).all()
    return [(row.id, row.counts) for row in rows]


def _set_counts(study_id: str, counts: dict[str, int]) -> None:
    op.execute(sa.update(STUDIES).where(STUDIES.c.id == study_id).values(counts=counts))
