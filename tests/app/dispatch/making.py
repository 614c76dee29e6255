"""Studies, results and messages made by hand, and what must always hold of a study in the database."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from app.api.export import export_json
from app.dispatch import proposing
from app.dispatch.messages import Diverged, Finished
from app.lifecycle import TRIAL_LIFE, FailureReason, TrialState
from app.store import curves, repeats, rounds, studies, trials
from app.store.database import Database
from app.store.models import Study, Trial
from engine.search import CategoricalParameter, FloatParameter, IntParameter, SearchSpace
from engine.training import LearningCurve
from engine.training.result import Signals

SPACE = SearchSpace(
    (
        FloatParameter("learning_rate", 0.001, 0.1, "log"),
        IntParameter("hidden_units", 8, 64),
        CategoricalParameter("batch_size", (32, 64)),
    )
)

STUDY: dict[str, Any] = {
    "name": "small",
    "seed": 5,
    "dataset_id": "breast-cancer",
    "search_space_id": None,
    "search_space": SPACE.to_json(),
    "objective": {
        "type": "mlp",
        "dataset": "breast-cancer",
        "metric": "error_rate",
        "base_error": 0.0,
        "high_gap": 0.02,
        "seeds": 1,
        "training": {"epochs": 2, "hidden_layers": 1},
    },
    "strategy": {"type": "random"},
    "trials": 6,
    "trial_timeout_seconds": 600.0,
    "max_seconds": None,
    "max_attempts": 3,
}

ONE_KEY: dict[str, Any] = {
    "search_space": {"parameters": [{"name": "learning_rate", "type": "float", "low": 0.001, "high": 0.1}]}
}


def add_study(database: Database, **changes: Any) -> str:
    """Store a queued study like STUDY but for `changes`; returns its id."""
    with database.writing() as session:
        return studies.add(session, Study(**STUDY | changes)).id


def add_running_study(database: Database, **changes: Any) -> str:
    """The same, with its first round open."""
    study_id = add_study(database, **changes)
    advance(database, study_id)
    return study_id


def advance(database: Database, study_id: str) -> None:
    with database.writing() as session:
        proposing.advance(session, studies.get(session, study_id))


def study_of(database: Database, study_id: str) -> Study:
    with database.reading() as session:
        return studies.get(session, study_id)


def trials_of(database: Database, study_id: str) -> Sequence[Trial]:
    with database.reading() as session:
        return trials.every(session, study_id)


def states_of(database: Database, study_id: str) -> list[TrialState]:
    return [trial.state for trial in trials_of(database, study_id)]


def answer_of(database: Database, study_id: str) -> bytes:
    """The study's export: all of its answer, and nothing of the way there."""
    with database.reading() as session:
        return export_json(session, studies.get(session, study_id))


SIGNALS = Signals([0.5, 0.25], [0.125, 0.25], [0.75], [0.5, 0.375])


def finished(
    number: int, value: float = 0.25, dev_loss: float = 0.5, *, epochs_trained: int = 2, epochs_saved: int = 0
) -> Finished:
    metrics = {"train_error_rate": 0.125, "dev_error_rate": value, "train_loss": 0.375, "dev_loss": dev_loss}
    curve = LearningCurve([1, 2], [0.5, 0.125], [value, 0.75])
    return Finished(number, value, [value], metrics, 1, 2, curve, SIGNALS, ["saturated"], epochs_trained, epochs_saved)


def diverged(number: int) -> Diverged:
    failure = "the loss became NaN or infinite in epoch 2"
    signals = Signals([0.5, 0.25], [0.5, 0.25], [], [0.5])
    return Diverged(number, failure, 2, LearningCurve([1], [0.5], [0.5]), signals, ["exploding"])


WITH_RESULT = {TrialState.COMPLETE, TrialState.PRUNED}
UNDER_WAY = {TrialState.WAITING, TrialState.RUNNING}


def assert_consistent(database: Database, study_id: str) -> None:
    """What holds after every transaction."""
    study, rows = study_of(database, study_id), trials_of(database, study_id)
    with database.reading() as session:
        kept = curves.of_study(session, study_id)
        rungs = [rung for row in rounds.of_study(session, study_id) for rung in (row.rungs or ())[1:]]
        repeated = [row for own in repeats.by_finalist(session, study_id).values() for row in own]
    promoted = {number for rung in rungs for number in rung["trials"]}
    assert study.counts == dict.fromkeys(TrialState, 0) | Counter(row.state for row in (*rows, *repeated))
    assert [row.number for row in rows] == list(range(len(rows)))
    assert sorted(-row.number for row in repeated) == list(range(1, len(repeated) + 1))
    for row in (*rows, *repeated):
        assert row.version <= study.version
        assert (row.finished_at is not None) == (row.state in TRIAL_LIFE.ends)
        assert (row.failure_reason is not None) == (row.failure is not None) == (row.state is TrialState.FAILED)
        has_result = row.state in WITH_RESULT or (row.state in UNDER_WAY and row.number in promoted)
        for result in (row.value, row.seed_values, row.cost, row.dev_loss, row.metrics, row.best_epoch):
            assert (result is not None) == has_result
        trained_to_an_end = has_result or row.failure_reason is FailureReason.DIVERGED
        assert (row.number in kept) == (row.signs is not None) == trained_to_an_end
        if row.state is TrialState.WAITING:
            assert (row.pack_size, row.pack_key, row.started_at, row.epochs) == (None, None, None, None)
        if row.state is TrialState.RUNNING:
            assert row.pack_size == 1 or not row.alone
