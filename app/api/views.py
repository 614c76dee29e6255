"""From rows to answers."""

from typing import Any

from app.api.schemas import PackAnswer, RoundAnswer, StudyAnswer, TrialAnswer, TrialDetail, TrialSummary
from app.lifecycle import StudyState
from app.store.models import Round, Study, Trial

_STUDY_COLUMNS = StudyAnswer.model_fields.keys() - {"counts", "best_trial", "winner"}
_TRIAL_COLUMNS = TrialAnswer.model_fields.keys() - {"pack"}


def study_answer(study: Study, best: Trial | None) -> StudyAnswer:
    summary = None if best is None else TrialSummary(number=best.number, value=_value(best), values=best.values)
    return StudyAnswer(
        **{name: getattr(study, name) for name in _STUDY_COLUMNS},
        counts={"unproposed": study.trials - sum(study.counts.values())} | study.counts,
        best_trial=summary,
        winner=summary if study.state is StudyState.COMPLETE else None,
    )


def round_answer(row: Round) -> RoundAnswer:
    return RoundAnswer(
        number=row.number,
        state="open" if row.elites is None else "closed",
        first_trial=row.first_trial,
        trials=row.trials,
        box=row.box,
        elites=row.elites,
        borders=row.borders,
    )


def trial_answer(trial: Trial) -> TrialAnswer:
    return TrialAnswer(**_trial_columns(trial))


def trial_detail(trial: Trial, curve: dict[str, Any] | None) -> TrialDetail:
    return TrialDetail(**_trial_columns(trial), learning_curve=curve)  # type: ignore[arg-type]  # validated there


def _trial_columns(trial: Trial) -> dict[str, Any]:
    pack = PackAnswer(size=trial.pack_size, key=trial.pack_key) if trial.pack_size and trial.pack_key else None
    return {name: getattr(trial, name) for name in _TRIAL_COLUMNS} | {"pack": pack}


def _value(trial: Trial) -> float:
    assert trial.value is not None  # every complete trial has one
    return trial.value
