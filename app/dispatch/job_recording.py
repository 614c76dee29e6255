"""What a worker's news does to the job it is about."""

from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from app.confirming import winner_of_study
from app.dispatch.messages import (
    Checked,
    DatasetUnreadable,
    Done,
    Message,
    ModelDiffers,
    ModelJudged,
    ModelSaved,
    WorkFailed,
)
from app.dispatch.workers import Lost
from app.store import jobs, studies
from app.store.models import Job
from engine.training.environment import numeric_environment
from engine.training.gradient_check import Check, GradientCheck
from engine.training.held_out import Judgement


def record(session: Session, job: Job, message: Message | Lost) -> None:
    """Record what the worker of a running job said."""
    match message:
        case Checked(gradients):
            jobs.complete(job, _verdicts(gradients))
        case ModelSaved():
            jobs.complete(job, {})
        case ModelJudged(judgement):
            _reveal(session, job, judgement)
        case ModelDiffers(value):
            jobs.fail(job, _difference(session, job, value))
        case DatasetUnreadable(failure):
            jobs.fail(job, f"its dataset cannot be read: {failure}")
        case WorkFailed(failure, may_pass):
            (jobs.lose if may_pass else jobs.fail)(job, failure)
        case Lost() | Done():
            jobs.lose(job, "its worker ended before its work did")


def _reveal(session: Session, job: Job, judgement: Judgement) -> None:
    """Let the result be seen, and count the look, in one transaction."""
    assert job.study_id is not None
    study = studies.get(session, job.study_id)
    study.version += 1
    study.test_looks += 1
    value = judgement.metrics[f"test_{study.objective['metric']}"]
    jobs.complete(job, {"look": study.test_looks, "value": value, **asdict(judgement)})


def _verdicts(gradients: GradientCheck) -> dict[str, Any]:
    return {
        "verdict": gradients.verdict,
        "overall": _verdict(gradients.overall),
        "layers": [_verdict(check) for check in gradients.layers],
    }


def _verdict(check: Check) -> dict[str, Any]:
    return asdict(check) | {"verdict": check.verdict}


def _difference(session: Session, job: Job, value: float | None) -> str:
    """Why a winner that was trained again is not what the study found."""
    assert job.study_id is not None
    study = studies.get(session, job.study_id)
    winner = winner_of_study(session, study)
    assert winner is not None
    number, expected = winner.trial.number, winner.seed_values[0]
    found = "diverged" if value is None else f"came to a dev {study.objective['metric']} of {value!r}"
    return f"trial {number}, trained again, {found} instead of {expected!r}: {_reason(study.environment or {})}"


def _reason(environment: dict[str, Any]) -> str:
    current = numeric_environment()
    changes = [f"{name} was {environment.get(name)} and is {current[name]}" for name in current
               if environment.get(name) != current[name]]  # fmt: skip
    if not changes:
        return "a machine that computes wrongly, or a fault of Parfocal"
    return f"the environment has changed ({'; '.join(changes)}), so go back to it or run the study again"
