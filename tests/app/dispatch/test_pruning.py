"""The stop curve of a round: from the trials of the rounds before it alone, made when it opens."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, cast

import pytest

from app.dispatch.messages import TrainPacks
from app.dispatch.trial_queue import TrialQueue
from app.dispatch.workers import Worker
from app.lifecycle import FailureReason, TrialState
from app.settings import Settings
from app.store import curves, rounds, studies, trials
from app.store.database import Database
from engine.search import StopCurve
from tests.app.dispatch.making import STUDY, add_running_study, advance
from tests.app.dispatch.simulated import SimulatedWorker

PRUNED_STUDY: dict[str, Any] = {
    "strategy": {"type": "coarse_to_fine", "rounds": 3, "first_round_share": 0.4},  # of 8, 6 and 6 trials
    "pruning": StopCurve(grace_epochs=1, min_elites=4).to_json(),
    "trials": 20,
}
ACCURACY = {**STUDY["objective"], "metric": "accuracy", "base_error": None, "high_gap": None}


def end_round(database: Database, study_id: str, told: Sequence[Sequence[float]], state: TrialState) -> None:
    """End the waiting trials with these dev curves, and without one the rest as failed; open the next round."""
    with database.writing() as session:
        study = studies.get(session, study_id)
        study.version += 1
        turn = -1 if study.objective["metric"] == "accuracy" else 1
        waiting = trials.waiting(session, study_id, 100)
        for place, trial in enumerate(waiting):
            trials.start(study, trial, 1, "")
            if place >= len(told):
                trials.fail(study, trial, FailureReason.DIVERGED, "NaN")
                continue
            dev = list(told[place])
            trial.value = max(dev) if turn < 0 else min(dev)
            trial.cost, trial.dev_loss = turn * trial.value, 0.5
            curves.keep(session, trial, {"epoch": [], "train": [], "dev": dev})
            trials.move(study, trial, state)
    advance(database, study_id)


def stop_curves(database: Database, study_id: str) -> list[list[float | None] | None]:
    with database.reading() as session:
        return [row.stop_curve for row in rounds.of_study(session, study_id)]


FIRST = [[0.9, 0.5], [0.8, 0.4, 0.3], [0.7, 0.6, 0.2], [0.5, 0.1], [0.95, 0.9], [0.95, 0.8]]  # the first four are best


def test_round_0_has_none_and_the_next_that_of_the_best_before_it(database: Database) -> None:
    study_id = add_running_study(database, **PRUNED_STUDY)
    end_round(database, study_id, FIRST, TrialState.COMPLETE)
    assert stop_curves(database, study_id) == [None, [None, 0.6, 0.5]]


def test_a_metric_that_is_maximised_has_lower_limits(database: Database) -> None:
    study_id = add_running_study(database, **PRUNED_STUDY, objective=ACCURACY)
    turned = [[1 - value for value in curve] for curve in FIRST]
    end_round(database, study_id, turned, TrialState.COMPLETE)
    assert stop_curves(database, study_id) == [None, [None, pytest.approx(0.4), pytest.approx(0.5)]]


def test_pruned_trials_shape_no_curve(database: Database) -> None:
    study_id = add_running_study(database, **PRUNED_STUDY)
    end_round(database, study_id, FIRST, TrialState.COMPLETE)
    end_round(database, study_id, [[0.01]] * 6, TrialState.PRUNED)
    assert stop_curves(database, study_id)[2] == stop_curves(database, study_id)[1]


def test_a_later_round_is_measured_by_the_best_of_all_before(database: Database) -> None:
    study_id = add_running_study(database, **PRUNED_STUDY)
    end_round(database, study_id, FIRST, TrialState.COMPLETE)
    end_round(database, study_id, [[0.3, 0.2, 0.1], [0.3, 0.25, 0.15]], TrialState.COMPLETE)
    assert stop_curves(database, study_id)[2] == [None, 0.6, 0.2]  # of these two and of two of round 0


def test_until_enough_trials_have_completed_nobody_is_pruned(database: Database) -> None:
    study_id = add_running_study(database, **PRUNED_STUDY)
    end_round(database, study_id, FIRST[:3], TrialState.COMPLETE)
    assert stop_curves(database, study_id) == [None, None]


def test_an_order_carries_the_curve_of_the_open_round_but_repeats_are_trained_to_their_end(
    database: Database, settings: Settings
) -> None:
    study_id = add_running_study(database, **PRUNED_STUDY | {"trials": 22, "confirm": {"finalists": 1, "repeats": 2}})
    assert order_of(database, settings).stop_curve == ()
    end_round(database, study_id, FIRST, TrialState.COMPLETE)
    assert order_of(database, settings).stop_curve == [None, 0.6, 0.5]
    for _ in range(2):
        end_round(database, study_id, FIRST, TrialState.COMPLETE)
    repeats = order_of(database, settings)
    assert {member.number for member in repeats.members} <= {-1, -2}
    assert repeats.stop_curve == ()


class Undone(Exception):
    """Takes back what a test has only looked at."""


def order_of(database: Database, settings: Settings) -> TrainPacks:
    """What a free worker would be told to do now."""
    orders = []
    with suppress(Undone), database.writing() as session:
        worker = cast("Worker", SimulatedWorker())
        claimed = TrialQueue(settings.datasets_dir, settings.pack_bytes).claim(session, worker, [], 1)
        assert claimed is not None
        orders.append(claimed[1])
        raise Undone
    return orders[0]


def test_a_study_without_pruning_has_no_curves(database: Database) -> None:
    study_id = add_running_study(database, **PRUNED_STUDY | {"pruning": None})
    end_round(database, study_id, FIRST, TrialState.COMPLETE)
    assert stop_curves(database, study_id) == [None, None]
