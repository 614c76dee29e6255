"""rungs, rounds that were cut, and rounds that grow with the budget

Revision: 0007, after 0006.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STUDIES = sa.table(
    "studies",
    sa.column("id", sa.String),
    sa.column("strategy", sa.JSON),
    sa.column("pruning", sa.JSON(none_as_null=True)),
    sa.column("confirm", sa.JSON(none_as_null=True)),
    sa.column("trials", sa.Integer),
)
RESULT = ("value", "seed_values", "cost", "dev_loss", "metrics", "signs", "best_epoch")
TRIALS = sa.table("trials", *map(sa.column, ("study_id", "number", "state", *RESULT)))
CURVES = sa.table("curves", *map(sa.column, ("study_id", "number")))


def upgrade() -> None:
    op.add_column("rounds", sa.Column("rungs", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("rounds", sa.Column("cut_by", sa.String(length=32), nullable=True))
    for study in _coarse_to_fine():
        if study.strategy["rounds"] is not None:  # beside which the size of a round, once ignored, is refused
            _set(study.id, strategy=study.strategy | {"round_size": None})


def downgrade() -> None:
    for study in _coarse_to_fine():
        if study.strategy["round_size"] is None:
            _set(study.id, strategy=study.strategy | {"round_size": _round_size(study)})
    _end_successive_halving()
    op.drop_column("rounds", "cut_by")
    op.drop_column("rounds", "rungs")


def _coarse_to_fine() -> list[Any]:
    """The studies whose strategy knows sizes of rounds, which those of long ago do not."""
    rows = op.get_bind().execute(sa.select(STUDIES)).all()
    return [row for row in rows if "round_size" in row.strategy]


def _round_size(study: Any) -> int:
    """What the search has taken for null: a twelfth of what it may try, from 8 to 32."""
    repeats = study.confirm["finalists"] * study.confirm["repeats"] if study.confirm else 0
    return 8 if study.strategy["rounds"] is not None else min(max((study.trials - repeats) // 12, 8), 32)


def _end_successive_halving() -> None:
    """The version before knows no rungs: trials that had gone on to a further one begin anew, and end by themselves."""
    for study in op.get_bind().execute(sa.select(STUDIES)).all():
        if study.pruning and study.pruning["type"] == "successive_halving":
            _set(study.id, pruning=None)
            under_way = (TRIALS.c.study_id == study.id) & TRIALS.c.state.in_(("waiting", "running"))
            numbers = sa.select(TRIALS.c.number).where(under_way)
            op.execute(sa.delete(CURVES).where(CURVES.c.study_id == study.id, CURVES.c.number.in_(numbers)))
            op.execute(sa.update(TRIALS).where(under_way).values(dict.fromkeys(RESULT)))


def _set(study_id: str, **columns: Any) -> None:
    op.execute(sa.update(STUDIES).where(STUDIES.c.id == study_id).values(**columns))
