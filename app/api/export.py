"""The whole answer of a study as one document, the same bytes for the same study wherever and however it ran.

It is made from a list of allowed fields: no ids, versions, times, attempts or packs; a dataset by its content. The
losses of single mini-batches stay behind: they would be most of it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from app.api.importances import counted, study_importances
from app.api.views import round_answer, study_answer, trial_answer
from app.lifecycle import FailureReason, TrialState
from app.store.models import Curve, Round, Study, Trial

STUDY_FIELDS = (
    "name",
    "state",
    "seed",
    "search_space",
    "strategy",
    "trials",
    "max_seconds",
    "round",
    "counts",
    "best_trial",
    "winner",
    "warnings",
    "ended_by",
    "failure",
    "environment",
)
TRIAL_FIELDS = (
    "number",
    "state",
    "round",
    "values",
    "value",
    "standard_error",
    "seed_values",
    "metrics",
    "diagnosis",
    "best_epoch",
    "epochs",
    "failure_reason",
    "failure",
)


def export_json(
    study: Study,
    content_hash: str,
    best: Trial | None,
    rounds: Sequence[Round],
    trials: Sequence[Trial],
    curves: Mapping[int, Curve],
) -> bytes:
    answer = study_answer(study, best).model_dump(mode="json")
    told = {name: answer[name] for name in STUDY_FIELDS}
    told["objective"] = study.objective | {"dataset": content_hash}
    told["importances"] = [vars(each) for each in study_importances(study, counted(trials))]
    document = {
        "study": told,
        "rounds": [round_answer(row).model_dump(mode="json") for row in rounds],
        "trials": [_trial(trial, study, curves.get(trial.number)) for trial in trials],
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1).encode() + b"\n"


def _trial(trial: Trial, study: Study, curve: Curve | None) -> dict[str, Any]:
    answer = trial_answer(trial, study).model_dump(mode="json")
    told = {name: answer[name] for name in TRIAL_FIELDS}
    if not _is_reproducible(trial):
        told["epochs"] = None
    points, signals = (None, None) if curve is None else (curve.points, curve.signals)
    return told | {"learning_curve": points, "signals": signals}


def _is_reproducible(trial: Trial) -> bool:
    """Whether the number of epochs is a matter of the trial, not of when somebody stopped it or looked."""
    return trial.state is TrialState.COMPLETE or trial.failure_reason is FailureReason.DIVERGED
