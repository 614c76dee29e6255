"""seeds and repeats

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STUDIES = sa.table("studies", sa.column("id", sa.String), sa.column("objective", sa.JSON))
TRIALS = sa.table(
    "trials",
    sa.column("study_id", sa.String),
    sa.column("number", sa.Integer),
    sa.column("value", sa.Double),
    sa.column("seed_values", sa.JSON(none_as_null=True)),
)


def upgrade() -> None:
    # Added, never changed: see 0003.
    op.add_column("studies", sa.Column("confirm", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("studies", sa.Column("finalists", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("studies", sa.Column("test_looks", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("trials", sa.Column("repeat_of", sa.Integer(), nullable=True))
    op.add_column("trials", sa.Column("repeat", sa.Integer(), nullable=True))
    op.add_column("trials", sa.Column("seed_values", sa.JSON(none_as_null=True), nullable=True))
    for study_id, objective in _objectives():
        _set_objective(study_id, objective | {"seeds": 1})
    _fill_seed_values()


def downgrade() -> None:
    for study_id, objective in _objectives():
        _set_objective(study_id, {name: value for name, value in objective.items() if name != "seeds"})
    op.execute("DELETE FROM trials WHERE repeat_of IS NOT NULL")
    op.drop_column("trials", "seed_values")
    op.drop_column("trials", "repeat")
    op.drop_column("trials", "repeat_of")
    op.drop_column("studies", "test_looks")
    op.drop_column("studies", "finalists")
    op.drop_column("studies", "confirm")


def _fill_seed_values() -> None:
    query = sa.select(TRIALS.c.study_id, TRIALS.c.number, TRIALS.c.value).where(TRIALS.c.value.is_not(None))
    for study_id, number, value in op.get_bind().execute(query).all():
        here = (TRIALS.c.study_id == study_id) & (TRIALS.c.number == number)
        op.execute(sa.update(TRIALS).where(here).values(seed_values=[value]))


def _objectives() -> list[tuple[str, dict[str, object]]]:
    rows = op.get_bind().execute(sa.select(STUDIES.c.id, STUDIES.c.objective)).all()
    return [(row.id, row.objective) for row in rows]


def _set_objective(study_id: str, objective: dict[str, object]) -> None:
    op.execute(sa.update(STUDIES).where(STUDIES.c.id == study_id).values(objective=objective))
