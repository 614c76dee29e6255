"""Rounds: a box and the trials drawn in it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.store import trials
from app.store.models import Round, Study, Trial


def open_next(
    session: Session,
    study: Study,
    box: dict[str, Any],
    values: Sequence[Mapping[str, Any]],
    *,
    stop_curve: list[float | None] | None = None,
    first_rung_epochs: int | None = None,
    enqueued: int = 0,
    imported: Sequence[int] = (),
) -> Round:
    """Start the next round: its trials wait from now on.

    Somebody brought the values of the first `enqueued`; the trials `imported` take effect with it.
    """
    number = 0 if study.round is None else study.round + 1
    first_trial = trials.count(session, study.id)
    numbers = range(first_trial, first_trial + len(values))
    study.version += 1
    study.round = number
    opened = Round(
        study_id=study.id,
        number=number,
        first_trial=first_trial,
        trials=len(values),
        box=box,
        stop_curve=stop_curve,
        rungs=None if first_rung_epochs is None else [_rung(first_rung_epochs, numbers)],
        arrived=_arrived(numbers[:enqueued], imported),
    )
    session.add(opened)
    trials.add(session, study, number, first_trial, values, enqueued)
    return opened


def _arrived(enqueued: Sequence[int], imported: Sequence[int]) -> dict[str, Any] | None:
    return {"enqueued": [*enqueued], "imported": [*imported]} if enqueued or imported else None


def add_rung(study: Study, open_round: Round, epochs: int | None, promoted: Sequence[Trial]) -> None:
    """Let trials that were pruned on the last rung train again for so many epochs, or (None) to their end."""
    study.version += 1
    open_round.rungs = [*(open_round.rungs or ()), _rung(epochs, [trial.number for trial in promoted])]
    for trial in promoted:
        trials.promote(study, trial)


def _rung(epochs: int | None, numbers: Sequence[int]) -> dict[str, Any]:
    return {"epochs": epochs, "trials": [*numbers]}


def close(study: Study, open_round: Round, elites: list[int], borders: list[Any]) -> None:
    study.version += 1
    open_round.elites = elites
    open_round.borders = borders


def cut(session: Session, study: Study) -> None:
    """Keep what ended the study in a round that was still open, for it goes on with the next."""
    open_round = open_one(session, study)
    if open_round.elites is None:
        open_round.cut_by = study.ended_by


def open_one(session: Session, study: Study) -> Round:
    """The round whose trials wait or train."""
    return session.get_one(Round, (study.id, study.round))


def rung(session: Session, study: Study) -> int | None:
    """The rung of the latest round on which its trials train, counted from 0; None without successive halving."""
    latest = None if study.round is None else open_one(session, study)
    return len(latest.rungs) - 1 if latest is not None and latest.rungs else None


def of_study(session: Session, study_id: str) -> Sequence[Round]:
    return session.scalars(select(Round).where(Round.study_id == study_id).order_by(Round.number)).all()
