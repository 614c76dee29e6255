"""Rounds open, close and end on a real database, with results made by hand."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from app.dispatch import proposing
from app.lifecycle import EndedBy, FailureReason, StudyState, TrialState
from app.store import curves, rounds, studies, trials
from app.store.database import Database
from app.store.models import Round, Trial
from app.store.times import now
from engine.search import Box, Observation, Proposals, strategy_from_json
from engine.training.environment import numeric_environment
from tests.app.dispatch.making import (
    SPACE,
    STUDY,
    add_running_study,
    add_study,
    advance,
    assert_consistent,
    states_of,
    study_of,
    trials_of,
)

COARSE_TO_FINE: dict[str, Any] = {
    "strategy": {"type": "coarse_to_fine", "rounds": 3, "first_round_share": 0.4},
    "trials": 20,  # 8, 6, 6
}

Result = float | None  # a value, or None for a trial that fails


def end_trials(database: Database, study_id: str, result: Callable[[Trial], Result], limit: int = 1000) -> None:
    """End trials that wait, as workers would."""
    with database.writing() as session:
        study = studies.get(session, study_id)
        study.version += 1
        for trial in trials.waiting(session, study_id, limit):
            trials.start(study, trial, pack_size=1, pack_key="")
            value, trial.signs = result(trial), []
            if value is None:
                trials.fail(study, trial, FailureReason.DIVERGED, "NaN")
            else:
                trial.value = trial.cost = value
                trial.seed_values = [value]
                trial.dev_loss, trial.metrics, trial.best_epoch = value, {"dev_loss": value}, 1
                trials.move(study, trial, TrialState.COMPLETE)
            curves.keep(session, trial, {"epoch": [], "train": [], "dev": []})


def start_trial(database: Database, study_id: str, number: int) -> None:
    with database.writing() as session:
        trials.start(studies.get(session, study_id), trials.get(session, study_id, number), 1, "")


def rate(trial: Trial) -> float:
    return float(trial.values["learning_rate"])


def rounds_of(database: Database, study_id: str) -> Sequence[Round]:
    with database.reading() as session:
        return rounds.of_study(session, study_id)


def needs_attention(database: Database, study_id: str) -> bool:
    return proposing.needs_attention(study_of(database, study_id))


def proposals_of(database: Database, study_id: str) -> list[Proposals]:
    """What the strategy proposes for the three rounds of COARSE_TO_FINE, given the results in the database."""
    observations = [
        Observation(trial.number, trial.values, trial.value, trial.dev_loss) for trial in trials_of(database, study_id)
    ]
    strategy = strategy_from_json(COARSE_TO_FINE["strategy"])
    return [strategy.propose(SPACE, STUDY["seed"], number, (8, 6, 6), observations) for number in range(3)]


def test_a_queued_study_starts_with_its_first_round_in_the_whole_space(database: Database) -> None:
    study_id = add_study(database, **COARSE_TO_FINE)
    assert needs_attention(database, study_id)
    advance(database, study_id)
    study, [first] = study_of(database, study_id), rounds_of(database, study_id)
    assert (study.state, study.round, study.environment) == (StudyState.RUNNING, 0, numeric_environment())
    assert study.started_at is not None
    assert (first.number, first.first_trial, first.trials, first.elites, first.borders) == (0, 0, 8, None, None)
    assert Box.from_json(SPACE, first.box) == Box.whole(SPACE)
    assert states_of(database, study_id) == [TrialState.WAITING] * 8
    assert not needs_attention(database, study_id)


def test_a_round_stays_open_while_a_single_trial_waits_or_runs(database: Database) -> None:
    study_id = add_running_study(database, **COARSE_TO_FINE)
    end_trials(database, study_id, rate, limit=7)
    assert_nothing_to_do(database, study_id)
    start_trial(database, study_id, 7)
    assert states_of(database, study_id) == [TrialState.COMPLETE] * 7 + [TrialState.RUNNING]
    assert_nothing_to_do(database, study_id)


def assert_nothing_to_do(database: Database, study_id: str) -> None:
    version = study_of(database, study_id).version
    assert not needs_attention(database, study_id)
    advance(database, study_id)
    assert study_of(database, study_id).version == version
    assert len(rounds_of(database, study_id)) == 1


def test_every_round_tries_what_its_strategy_proposes(database: Database) -> None:
    study_id = add_running_study(database, **COARSE_TO_FINE)
    for _ in range(2):
        end_trials(database, study_id, rate)
        advance(database, study_id)
    rows = rounds_of(database, study_id)
    assert [(row.number, row.first_trial, row.trials) for row in rows] == [(0, 0, 8), (1, 8, 6), (2, 14, 6)]
    tried = [trial.values for trial in trials_of(database, study_id)]
    assert tried == [values for proposals in proposals_of(database, study_id) for values in proposals.values]
    assert [trial.round for trial in trials_of(database, study_id)] == [0] * 8 + [1] * 6 + [2] * 6


def test_a_round_is_shaped_by_all_trials_before_it_and_failed_ones_count_as_worst(database: Database) -> None:
    """All of round 1 is worse than round 0, or fails: the elites after it are those of round 0."""
    study_id = add_running_study(database, **COARSE_TO_FINE)
    end_trials(database, study_id, lambda trial: None if trial.number < 2 else rate(trial))
    advance(database, study_id)
    end_trials(database, study_id, lambda trial: None if trial.number == 8 else 9.0)
    advance(database, study_id)
    best = sorted(trials_of(database, study_id)[2:8], key=rate)
    first, second, third = rounds_of(database, study_id)
    assert first.elites == second.elites == [trial.number for trial in best[:3]]
    assert [row.box for row in (first, second, third)] == [
        proposals.box.to_json() for proposals in proposals_of(database, study_id)
    ]
    assert first.box != second.box != third.box


@pytest.mark.parametrize("changes", [COARSE_TO_FINE, {"strategy": {"type": "random"}, "trials": 4}])
def test_a_study_ends_with_its_budget(database: Database, changes: dict[str, Any]) -> None:
    study_id = add_running_study(database, **changes)
    while (study := study_of(database, study_id)).state is StudyState.RUNNING:
        assert needs_attention(database, study_id) == (TrialState.WAITING not in states_of(database, study_id))
        end_trials(database, study_id, rate)
        advance(database, study_id)
        assert_consistent(database, study_id)
    assert (study.state, study.ended_by, study.failure) == (StudyState.COMPLETE, EndedBy.BUDGET, None)
    assert study.finished_at is not None
    assert states_of(database, study_id) == [TrialState.COMPLETE] * changes["trials"]
    assert all(row.elites is not None for row in rounds_of(database, study_id))
    assert study.round == len(rounds_of(database, study_id)) - 1


def test_a_study_of_which_one_trial_completed_is_complete(database: Database) -> None:
    study_id = add_running_study(database)
    end_trials(database, study_id, lambda trial: 0.5 if trial.number == 3 else None)
    advance(database, study_id)
    assert study_of(database, study_id).state is StudyState.COMPLETE


def test_a_study_of_which_no_trial_completed_goes_through_its_rounds_and_has_failed(database: Database) -> None:
    study_id = add_running_study(database, **COARSE_TO_FINE)
    for _ in range(3):
        end_trials(database, study_id, lambda _: None)
        advance(database, study_id)
    study, rows = study_of(database, study_id), rounds_of(database, study_id)
    assert (study.state, study.ended_by) == (StudyState.FAILED, EndedBy.BUDGET)
    assert study.failure == "no trial completed"
    assert [row.elites for row in rows] == [[], [], []]
    assert {Box.from_json(SPACE, row.box) for row in rows} == {Box.whole(SPACE)}


def started_long_ago(database: Database, study_id: str) -> None:
    with database.writing() as session:
        studies.get(session, study_id).started_at = now() - timedelta(seconds=100)


@pytest.mark.parametrize(
    ("ended", "state", "failure"),
    [(1, StudyState.COMPLETE, None), (0, StudyState.FAILED, "no trial completed")],
)
def test_out_of_time_a_study_ends_with_what_it_has_and_the_rest_is_cancelled(
    database: Database, ended: int, state: StudyState, failure: str | None
) -> None:
    study_id = add_running_study(database, max_seconds=99.0)
    end_trials(database, study_id, rate, limit=ended)
    start_trial(database, study_id, ended)
    assert not needs_attention(database, study_id)
    started_long_ago(database, study_id)
    assert needs_attention(database, study_id)
    advance(database, study_id)
    study = study_of(database, study_id)
    assert (study.state, study.ended_by, study.failure) == (state, EndedBy.MAX_SECONDS, failure)
    assert states_of(database, study_id) == [TrialState.COMPLETE] * ended + [TrialState.CANCELLED] * (6 - ended)
    assert_consistent(database, study_id)


def test_time_does_not_end_a_study_without_max_seconds(database: Database) -> None:
    study_id = add_running_study(database)
    started_long_ago(database, study_id)
    assert not needs_attention(database, study_id)


def test_a_best_trial_on_the_border_of_the_space_warns_until_a_better_one_lies_inside(database: Database) -> None:
    study_id = add_running_study(database, **COARSE_TO_FINE)
    with database.writing() as session:
        on_border = trials.get(session, study_id, 4)
        on_border.values = on_border.values | {"learning_rate": 0.001, "hidden_units": 30}
    end_trials(database, study_id, lambda trial: 0.1 if trial.number == 4 else 0.5)
    advance(database, study_id)
    warning = "best learning_rate lies on the lower border 0.001: widen the space"
    assert study_of(database, study_id).warnings == [warning]
    assert rounds_of(database, study_id)[0].borders == [{"parameter": "learning_rate", "end": "lower", "value": 0.001}]
    with database.writing() as session:
        inside = trials.get(session, study_id, 8)
        inside.values = inside.values | {"learning_rate": 0.01, "hidden_units": 30}
    end_trials(database, study_id, lambda trial: 0.05 if trial.number == 8 else 0.5)
    advance(database, study_id)
    assert study_of(database, study_id).warnings == []
    assert rounds_of(database, study_id)[1].borders == []
