"""what a training tells

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STUDIES = sa.table("studies", sa.column("id", sa.String), sa.column("objective", sa.JSON))
LIMITS = {"base_error": 0.0, "high_gap": 0.02}


def upgrade() -> None:
    # Columns are added and never changed: SQLite would make the table anew, and dropping the old one takes along all
    # that refers to it.
    op.add_column("studies", sa.Column("packs_sent", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("studies", sa.Column("trials_sent", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("trials", sa.Column("signs", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("curves", sa.Column("signals", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("curves", sa.Column("batch_losses", sa.JSON(none_as_null=True), nullable=True))
    for study_id, objective in _objectives():
        has_error_rate = objective["metric"] == "error_rate"
        _set_objective(
            study_id, objective | {name: limit if has_error_rate else None for name, limit in LIMITS.items()}
        )


def downgrade() -> None:
    for study_id, objective in _objectives():
        _set_objective(study_id, {name: value for name, value in objective.items() if name not in LIMITS})
    op.drop_column("curves", "batch_losses")
    op.drop_column("curves", "signals")
    op.drop_column("trials", "signs")
    op.drop_column("studies", "trials_sent")
    op.drop_column("studies", "packs_sent")


def _objectives() -> list[tuple[str, dict[str, object]]]:
    rows = op.get_bind().execute(sa.select(STUDIES.c.id, STUDIES.c.objective)).all()
    return [(row.id, row.objective) for row in rows]


def _set_objective(study_id: str, objective: dict[str, object]) -> None:
    op.execute(sa.update(STUDIES).where(STUDIES.c.id == study_id).values(objective=objective))
