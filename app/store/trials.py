"""Trials: the queue, and what came of each."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.lifecycle import TRIAL_LIFE, FailureReason, TrialState
from app.store import curves
from app.store.models import FIRST_IMPORTED, Arrival, Study, Trial
from app.store.times import now


def add(
    session: Session,
    study: Study,
    round_number: int,
    first: int,
    proposals: Sequence[Mapping[str, Any]],
    enqueued: int = 0,
) -> None:
    """Let them wait; somebody brought the values of the first `enqueued`."""
    numbered = enumerate(proposals, start=first)
    let_wait(
        session,
        study,
        [new(study, number, round_number, values, enqueued=number < first + enqueued) for number, values in numbered],
    )


def new(study: Study, number: int, round_number: int, values: Mapping[str, Any], **more: Any) -> Trial:
    """A trial that is to wait."""
    return Trial(
        study_id=study.id,
        number=number,
        round=round_number,
        state=TrialState.WAITING,
        version=study.version,
        values=dict(values),
        attempts=0,
        alone=False,
        **more,
    )


def let_wait(session: Session, study: Study, added: Sequence[Trial]) -> None:
    session.add_all(added)
    study.counts = study.counts | {TrialState.WAITING: study.counts[TrialState.WAITING] + len(added)}


def add_imported(
    session: Session, study: Study, round_number: int, results: Sequence[tuple[Arrival, float | None]]
) -> list[int]:
    """Results from elsewhere, each with its cost, as trials that have ended; returns their numbers."""
    before = study.counts[TrialState.IMPORTED]
    added = [
        Trial(
            study_id=study.id,
            number=FIRST_IMPORTED + before + place,
            round=round_number,
            state=TrialState.IMPORTED,
            version=study.version,
            values=result.values,
            value=result.value,
            cost=cost,
            dev_loss=result.dev_loss,
            attempts=0,
            alone=False,
            finished_at=now(),
        )
        for place, (result, cost) in enumerate(results)
    ]
    session.add_all(added)
    session.flush()
    study.counts = study.counts | {TrialState.IMPORTED: before + len(added)}
    return [trial.number for trial in added]


def count(session: Session, study_id: str) -> int:
    """How many the search itself has proposed."""
    query = select(func.count()).where(Trial.study_id == study_id, Trial.number.between(0, FIRST_IMPORTED - 1))
    return session.scalar(query) or 0


def get(session: Session, study_id: str, number: int) -> Trial:
    # SQLite's integers end at 2^63, and a driver error is no answer.
    trial = session.get(Trial, (study_id, number)) if 0 <= number < 2**63 else None
    if trial is None:
        raise NotFound(f"study {study_id!r} has no trial {number}")
    return trial


def some(session: Session, study_id: str, numbers: Sequence[int]) -> Sequence[Trial]:
    return session.scalars(_of(study_id).where(Trial.number.in_(numbers)).order_by(Trial.number)).all()


def waiting(session: Session, study_id: str, limit: int) -> Sequence[Trial]:
    query = _of(study_id).where(Trial.state == TrialState.WAITING).order_by(Trial.number)
    return session.scalars(query.limit(limit)).all()


def running(session: Session) -> Sequence[Trial]:
    return session.scalars(select(Trial).where(Trial.state == TrialState.RUNNING)).all()


def ended(session: Session, study_id: str) -> Sequence[Trial]:
    """Those of the search that tell something of their values; cancelled ones do not.

    Of the search are those of `every`, `best`, `ranked` and `page` too.
    """
    telling = TRIAL_LIFE.ends - {TrialState.CANCELLED}
    return session.scalars(_searched(study_id).where(Trial.state.in_(telling)).order_by(Trial.number)).all()


def every(session: Session, study_id: str) -> Sequence[Trial]:
    return session.scalars(_searched(study_id).order_by(Trial.number)).all()


def best(session: Session, study_id: str) -> Trial | None:
    return next(iter(ranked(session, study_id, 1)), None)


def ranked(session: Session, study_id: str, limit: int) -> Sequence[Trial]:
    """The complete trials of the lowest cost; ties go to the lower dev loss, then to the lower number."""
    query = _searched(study_id).where(Trial.state == TrialState.COMPLETE)
    return session.scalars(query.order_by(Trial.cost, Trial.dev_loss, Trial.number).limit(limit)).all()


def move(study: Study, trial: Trial, state: TrialState) -> None:
    """Change a trial's state and, with it, the study's counts. The caller has raised the study's version."""
    if not TRIAL_LIFE.allows(trial.state, state):
        raise RuntimeError(f"trial {trial.number} of study {study.id} is {trial.state} and cannot become {state}")
    counts = dict(study.counts)
    counts[trial.state] -= 1
    counts[state] += 1
    study.counts = counts
    trial.state = state
    trial.version = study.version
    if state in TRIAL_LIFE.ends:
        trial.finished_at = now()


def start(study: Study, trial: Trial, pack_size: int, pack_key: str) -> None:
    move(study, trial, TrialState.RUNNING)
    trial.pack_size, trial.pack_key = pack_size, pack_key
    trial.started_at = now()
    trial.epochs = 0


def promote(study: Study, trial: Trial) -> None:
    """A pruned trial goes on to the next rung. What it came to stays, until its longer training has come to more."""
    _let_wait_again(study, trial)
    trial.attempts = 0


def fail(study: Study, trial: Trial, reason: FailureReason, failure: str) -> None:
    move(study, trial, TrialState.FAILED)
    trial.failure_reason, trial.failure = reason, failure


def give_back(study: Study, trial: Trial) -> None:
    """A running trial whose worker is gone waits again."""
    _let_wait_again(study, trial)


def _let_wait_again(study: Study, trial: Trial) -> None:
    move(study, trial, TrialState.WAITING)
    trial.pack_size = trial.pack_key = trial.started_at = trial.finished_at = trial.epochs = None


def cancel_unfinished(session: Session, study: Study) -> None:
    for trial in session.scalars(_of(study.id).where(Trial.state.not_in(TRIAL_LIFE.ends))):
        if trial.value is None:
            move(study, trial, TrialState.CANCELLED)
        else:
            _return_to_rung(session, study, trial)


def _return_to_rung(session: Session, study: Study, trial: Trial) -> None:
    """A trial that went on to the next rung in vain stays what it was: pruned, with what it had come to."""
    move(study, trial, TrialState.PRUNED)
    kept = curves.of_trial(session, trial)
    trial.epochs = kept.points["epoch"][-1] if kept else None


def page(
    session: Session,
    study_id: str,
    *,
    state: TrialState | None,
    round_number: int | None,
    by_value: bool,
    after: Sequence[Any] | None,
    limit: int,
) -> Sequence[Trial]:
    """Trials by number, or the best first; `after` is the `position` of the last trial of the page before."""
    order = _ranking() if by_value else (Trial.number,)
    query = _searched(study_id).order_by(*order).limit(limit)
    if state is not None:
        query = query.where(Trial.state == state)
    if round_number is not None:
        query = query.where(Trial.round == round_number)
    if after is not None:
        query = query.where(_beyond(order, after))
    return session.scalars(query).all()


def position(trial: Trial, *, by_value: bool) -> list[Any]:
    """Where a trial stands in the order of `page`."""
    return [_or_last(trial.cost), _or_last(trial.dev_loss), trial.number] if by_value else [trial.number]


_LAST = 1e308  # stands for "no value", behind every value that a trial can have


def _or_last(value: float | None) -> float:
    return _LAST if value is None else value


def _ranking() -> tuple[ColumnElement[Any], ...]:
    return func.coalesce(Trial.cost, _LAST), func.coalesce(Trial.dev_loss, _LAST), Trial.number.expression


def _beyond(order: Sequence[Any], after: Sequence[Any]) -> ColumnElement[bool]:
    return tuple_(*order) > tuple_(*after)


def _of(study_id: str) -> Select[Trial]:
    return select(Trial).where(Trial.study_id == study_id)


def _searched(study_id: str) -> Select[Trial]:
    return _of(study_id).where(Trial.repeat_of.is_(None))
