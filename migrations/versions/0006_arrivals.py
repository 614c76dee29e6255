"""arrivals

Revision: 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STUDIES = sa.table("studies", sa.column("id", sa.String), sa.column("counts", sa.JSON))


def upgrade() -> None:
    op.create_table(
        "arrivals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.String(), nullable=False),
        sa.Column("values", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("has_result", sa.Boolean(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("dev_loss", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], name=op.f("fk_arrivals_study_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrivals")),
    )
    op.create_index(op.f("ix_arrivals_study_id"), "arrivals", ["study_id"], unique=False)
    op.add_column("studies", sa.Column("extensions", sa.JSON(none_as_null=True), nullable=False, server_default="[]"))
    op.add_column("rounds", sa.Column("arrived", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("trials", sa.Column("enqueued", sa.Boolean(), nullable=False, server_default="0"))
    for study_id, counts in _counts():
        _set_counts(study_id, {"imported": 0} | counts)


def downgrade() -> None:
    op.execute("DELETE FROM trials WHERE state = 'imported'")
    for study_id, counts in _counts():
        _set_counts(study_id, {state: count for state, count in counts.items() if state != "imported"})
    op.drop_column("trials", "enqueued")
    op.drop_column("rounds", "arrived")
    op.drop_column("studies", "extensions")
    op.drop_index(op.f("ix_arrivals_study_id"), table_name="arrivals")
    op.drop_table("arrivals")


def _counts() -> list[tuple[str, dict[str, int]]]:
    rows = op.get_bind().execute(sa.select(STUDIES.c.id, STUDIES.c.counts)).all()
    return [(row.id, row.counts) for row in rows]


def _set_counts(study_id: str, counts: dict[str, int]) -> None:
    op.execute(sa.update(STUDIES).where(STUDIES.c.id == study_id).values(counts=counts))
