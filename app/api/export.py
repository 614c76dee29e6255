"""The whole answer of a study as one document, the same bytes for the same study wherever and however it ran.

It is made from a list of allowed fields: no ids, versions, times, attempts or packs; a dataset by its content. The
losses of single mini-batches stay behind: they would be most of it.
"""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.api.importances import study_importances
from app.api.views import repeat_answer, round_answer, study_answer, trial_answer
from app.lifecycle import FailureReason, TrialState
from app.store import curves, repeats, rounds, studies, trials
from app.store.models import Curve, Study, Trial

STUDY_FIELDS = (
    "name",
    "state",
    "seed",
    "search_space",
    "strategy",
    "pruning",
    "extensions",
    "trials",
    "confirm",
    "finalists",
    "max_seconds",
    "round",
    "counts",
    "epochs_saved",
    "best_trial",
    "winner",
    "warnings",
    "ended_by",
    "failure",
    "environment",
)
REPEAT_FIELDS = (
    "repeat",
    "state",
    "value",
    "standard_error",
    "seed_values",
    "metrics",
    "best_epoch",
    "epochs",
    "failure_reason",
    "failure",
)
TRIAL_FIELDS = ("number", "round", "enqueued", "values", "diagnosis", *REPEAT_FIELDS[1:])


def export_json(session: Session, study: Study) -> bytes:
    learned, again = curves.of_study(session, study.id), repeats.by_finalist(session, study.id)
    document = {
        "study": _study(session, study),
        "rounds": [round_answer(row, study).model_dump(mode="json") for row in rounds.of_study(session, study.id)],
        "trials": [
            _trial(trial, study, learned.get(trial.number), again.get(trial.number, []))
            for trial in trials.every(session, study.id)
        ],
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1).encode() + b"\n"


def _study(session: Session, study: Study) -> dict[str, Any]:
    answer = study_answer(session, study).model_dump(mode="json")
    told = {name: answer[name] for name in STUDY_FIELDS}
    told["objective"] = study.objective | {"dataset": studies.dataset(session, study).content_hash}
    told["importances"] = [vars(each) for each in study_importances(study, trials.ended(session, study.id))]
    return told


def _trial(trial: Trial, study: Study, curve: Curve | None, again: Sequence[Trial]) -> dict[str, Any]:
    answer = trial_answer(trial, study).model_dump(mode="json")
    told = {name: answer[name] for name in TRIAL_FIELDS} | _epochs(trial)
    points, signals = (None, None) if curve is None else (curve.points, curve.signals)
    return told | {"learning_curve": points, "signals": signals, "repeats": [_repeat(repeat) for repeat in again]}


def _repeat(repeat: Trial) -> dict[str, Any]:
    answer = repeat_answer(repeat).model_dump(mode="json")
    return {name: answer[name] for name in REPEAT_FIELDS} | _epochs(repeat)


def _epochs(trial: Trial) -> dict[str, Any]:
    return {"epochs": trial.epochs if is_reproducible(trial) else None}


def is_reproducible(trial: Trial) -> bool:
    """Whether the number of epochs is a matter of the trial, not of when somebody stopped it or looked."""
    return trial.state in (TrialState.COMPLETE, TrialState.PRUNED) or trial.failure_reason is FailureReason.DIVERGED
