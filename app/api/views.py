"""From rows to answers."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from app import schedule
from app.api.schemas import (
    DiagnosisAnswer,
    LearningCurveAnswer,
    PackAnswer,
    RepeatAnswer,
    RoundAnswer,
    SignalsAnswer,
    StudyAnswer,
    TrialAnswer,
    TrialDetail,
    TrialSummary,
    WinnerAnswer,
)
from app.confirming import Winner, winner_of_study
from app.lifecycle import TrialState
from app.store import arrivals, rounds, trials
from app.store.models import Curve, Job, Round, Study, Trial
from engine.training import TrainingPlan
from engine.training.diagnosis import diagnosis_of
from engine.training.mean_result import standard_error

_STUDY_COLUMNS = StudyAnswer.model_fields.keys() - {
    "rung",
    "rounds",
    "arrivals",
    "counts",
    "mean_pack_size",
    "best_trial",
    "winner",
}
_TRIAL_COLUMNS = TrialAnswer.model_fields.keys() - {"pack", "standard_error", "diagnosis"}
_REPEAT_COLUMNS = RepeatAnswer.model_fields.keys() - {"pack", "standard_error"}
_JOB_COLUMNS = ("id", "state", "failure", "created_at", "started_at", "finished_at")


def study_answer(session: Session, study: Study) -> StudyAnswer:
    best, winner = trials.best(session, study.id), winner_of_study(session, study)
    return StudyAnswer(
        **{name: getattr(study, name) for name in _STUDY_COLUMNS},
        rung=rounds.rung(session, study),
        rounds=schedule.round_count(session, study),
        arrivals=arrivals.counts(session, study.id),
        counts={"unproposed": _unproposed(study)} | study.counts,
        mean_pack_size=study.trials_sent / study.packs_sent if study.packs_sent else None,
        best_trial=None if best is None else _summary(best, study),
        winner=None if winner is None else _winner(winner, study),
    )


def _unproposed(study: Study) -> int:
    return study.trials - sum(study.counts.values()) + study.counts[TrialState.IMPORTED]


def round_answer(row: Round, study: Study) -> RoundAnswer:
    return RoundAnswer(
        number=row.number,
        state="open" if row.elites is None else "closed",
        first_trial=row.first_trial,
        trials=row.trials,
        arrived=row.arrived,
        box=row.box,
        stop_curve=row.stop_curve,
        rungs=row.rungs,
        elites=row.elites,
        borders=row.borders,
        ended_by=row.cut_by or ("trials" if row.elites is not None else study.ended_by),
    )


def trial_answer(trial: Trial, study: Study) -> TrialAnswer:
    return TrialAnswer(**_trial_columns(trial, study))


def repeat_answer(repeat: Trial) -> RepeatAnswer:
    return RepeatAnswer(**{name: getattr(repeat, name) for name in _REPEAT_COLUMNS}, **_told(repeat))


def trial_detail(trial: Trial, study: Study, curve: Curve | None, repeats: Sequence[Trial]) -> TrialDetail:
    told: dict[str, Any] = {"learning_curve": None, "signals": None, "repeats": list(map(repeat_answer, repeats))}
    if curve is not None:
        told["learning_curve"] = LearningCurveAnswer(**curve.points, batch_losses=curve.batch_losses)
        told["signals"] = None if curve.signals is None else SignalsAnswer(**curve.signals)
    return TrialDetail(**_trial_columns(trial, study), **told)


def told_of_job(job: Job) -> dict[str, Any]:
    """What is told of every job: how it goes, what was asked, and what was found once that is known."""
    columns = {name: getattr(job, name) for name in _JOB_COLUMNS}
    return columns | job.request | (job.result or {})


def diagnosis_answer(trial: Trial, study: Study) -> DiagnosisAnswer | None:
    """A function of what is stored alone, so that it is the same in every answer; null until the training has ended."""
    if trial.signs is None:
        return None
    objective = study.objective
    plan = TrainingPlan.from_values(objective["training"] | trial.values, metric=objective["metric"])
    limits = {name: objective[name] for name in ("base_error", "high_gap") if objective[name] is not None}
    return DiagnosisAnswer(**vars(diagnosis_of(trial.metrics or {}, trial.signs, plan, **limits)))


def _trial_columns(trial: Trial, study: Study) -> dict[str, Any]:
    columns = {name: getattr(trial, name) for name in _TRIAL_COLUMNS}
    return columns | _told(trial) | {"diagnosis": diagnosis_answer(trial, study)}


def _told(trial: Trial) -> dict[str, Any]:
    """What is told of a trial and of a repeat alike, besides their columns."""
    pack = PackAnswer(size=trial.pack_size, key=trial.pack_key) if trial.pack_size and trial.pack_key else None
    return {"pack": pack, "standard_error": standard_error(trial.seed_values or [])}


def _winner(winner: Winner, study: Study) -> WinnerAnswer:
    return WinnerAnswer(
        **dict(_summary(winner.trial, study)) | {"value": winner.value},
        standard_error=standard_error(winner.seed_values),
        trainings=len(winner.seed_values),
    )


def _summary(trial: Trial, study: Study) -> TrialSummary:
    assert trial.value is not None  # every complete trial has one
    return TrialSummary(
        number=trial.number, value=trial.value, values=trial.values, diagnosis=diagnosis_answer(trial, study)
    )
