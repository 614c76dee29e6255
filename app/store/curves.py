"""Learning curves, and what else a training told: one row for each trial that has a result, apart from the trial's."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session, defer

from app.store.models import Curve, Trial


def keep(
    session: Session,
    trial: Trial,
    points: dict[str, Any],
    signals: dict[str, Any] | None = None,
    batch_losses: list[float] | None = None,
) -> None:
    session.add(
        Curve(study_id=trial.study_id, number=trial.number, points=points, signals=signals, batch_losses=batch_losses)
    )


def forget(session: Session, trial: Trial) -> None:
    session.execute(delete(Curve).where(Curve.study_id == trial.study_id, Curve.number == trial.number))


def of_trial(session: Session, trial: Trial) -> Curve | None:
    return session.get(Curve, (trial.study_id, trial.number))


def of_study(session: Session, study_id: str) -> dict[int, Curve]:
    """All by the number of their trial, without the losses of mini-batches."""
    return _by_number(session, select(Curve).where(Curve.study_id == study_id))


def some(session: Session, study_id: str, numbers: Sequence[int]) -> dict[int, Curve]:
    """Those of the trials `numbers`, likewise."""
    return _by_number(session, select(Curve).where(Curve.study_id == study_id, Curve.number.in_(numbers)))


def _by_number(session: Session, query: Select[Curve]) -> dict[int, Curve]:
    return {row.number: row for row in session.scalars(query.options(defer(Curve.batch_losses, raiseload=True)))}
