"""What becomes of a trial and its study when a worker says something."""

import re
from typing import Any

import pytest

from app.dispatch.messages import Alive, DatasetUnreadable, Done, Message, Progress, WorkFailed
from app.dispatch.recording import give_back, record
from app.dispatch.workers import Lost
from app.lifecycle import EndedBy, FailureReason, StudyState, TrialState
from app.store import curves, studies, trials
from app.store.database import Database
from app.store.models import Trial
from engine.training.result import Signals
from tests.app.dispatch.making import (
    add_running_study,
    assert_consistent,
    diverged,
    finished,
    states_of,
    study_of,
    trials_of,
)

WAITING, RUNNING, COMPLETE, PRUNED, FAILED, CANCELLED, IMPORTED = TrialState

LATE_NEWS = [
    Alive(),
    Progress({0: 5, 1: 5}),
    finished(0),
    diverged(0),
    WorkFailed("ValueError: x"),
    DatasetUnreadable("x"),
    Done(),
    Lost(),
]


@pytest.fixture
def study_id(database: Database) -> str:
    """A running study of four waiting trials, which may lose a worker twice."""
    return add_running_study(database, trials=4, max_attempts=2)


def send(database: Database, study_id: str, *numbers: int) -> None:
    """Let these trials run as one pack."""
    with database.writing() as session:
        study = studies.get(session, study_id)
        study.version += 1
        for trial in trials.some(session, study_id, numbers):
            trials.start(study, trial, len(numbers), "32 relu adam batch 64")


def tell(database: Database, study_id: str, numbers: tuple[int, ...], *messages: Message | Lost) -> None:
    """Record what the worker of these trials says."""
    with database.writing() as session:
        for message in messages:
            record(session, study_id, numbers, message, was_alone=len(numbers) == 1)
    assert_consistent(database, study_id)


def trial_of(database: Database, study_id: str, number: int) -> Trial:
    return trials_of(database, study_id)[number]


def test_a_result_is_kept_with_its_curve_while_neighbours_go_on(database: Database, study_id: str) -> None:
    send(database, study_id, 0, 1)
    tell(database, study_id, (0, 1), finished(1, value=0.25, dev_loss=0.5))
    trial = trial_of(database, study_id, 1)
    assert states_of(database, study_id) == [RUNNING, COMPLETE, WAITING, WAITING]
    assert (trial.value, trial.cost, trial.dev_loss, trial.best_epoch, trial.epochs) == (0.25, 0.25, 0.5, 1, 2)
    assert trial.metrics == finished(1).metrics
    assert trial.seed_values == [0.25]
    assert (trial.attempts, trial.pack_size) == (1, 2)
    with database.reading() as session:
        curve = curves.of_trial(session, trial)
        assert curve is not None
        assert curve.points == {"epoch": [1, 2], "train": [0.5, 0.125], "dev": [0.25, 0.75]}
        assert Signals(**curve.signals or {}) == finished(1).signals
        assert curve.batch_losses is None
    assert trial.signs == ["saturated"]


def test_a_pruned_trial_keeps_its_best_value_and_the_study_counts_the_epochs_it_did_not_train(
    database: Database, study_id: str
) -> None:
    send(database, study_id, 0, 1, 2)
    tell(database, study_id, (0, 1, 2), finished(1, value=0.25, epochs_saved=38), finished(0, value=0.5))
    tell(database, study_id, (0, 1, 2), finished(2, value=0.375, epochs_saved=38))
    assert states_of(database, study_id)[:3] == [COMPLETE, PRUNED, PRUNED]
    trial = trial_of(database, study_id, 1)
    assert (trial.value, trial.cost, trial.dev_loss, trial.best_epoch, trial.epochs) == (0.25, 0.25, 0.5, 1, 2)
    study = study_of(database, study_id)
    assert (study.counts[PRUNED], study.epochs_saved) == (2, 2 * 38)
    with database.reading() as session:
        best = trials.best(session, study_id)
        assert best is not None
        assert best.number == 0  # a trial that was given up is nobody's winner, however good


def test_the_losses_of_mini_batches_are_kept_beside_the_curve(database: Database, study_id: str) -> None:
    message = finished(0)
    message.curve.batch_losses.extend([0.75, 0.5, 0.625])
    send(database, study_id, 0)
    tell(database, study_id, (0,), message)
    with database.reading() as session:
        curve = curves.of_trial(session, trial_of(database, study_id, 0))
        assert curve is not None
        assert curve.batch_losses == [0.75, 0.5, 0.625]


def test_what_a_training_told_before_it_diverged_is_kept(database: Database, study_id: str) -> None:
    send(database, study_id, 0)
    tell(database, study_id, (0,), diverged(0))
    trial = trial_of(database, study_id, 0)
    assert trial.signs == ["exploding"]
    with database.reading() as session:
        curve = curves.of_trial(session, trial)
        assert curve is not None
        assert Signals(**curve.signals or {}) == diverged(0).signals


def test_the_cost_of_a_metric_that_is_maximised_is_its_negative(database: Database) -> None:
    objective: dict[str, Any] = {
        "type": "mlp",
        "dataset": "breast-cancer",
        "metric": "accuracy",
        "base_error": None,
        "high_gap": None,
        "seeds": 1,
        "training": {},
    }
    study_id = add_running_study(database, objective=objective)
    send(database, study_id, 0)
    tell(database, study_id, (0,), finished(0, value=0.75))
    assert (trial_of(database, study_id, 0).value, trial_of(database, study_id, 0).cost) == (0.75, -0.75)


def test_divergence_is_a_result_that_no_retry_changes(database: Database, study_id: str) -> None:
    send(database, study_id, 0, 1)
    tell(database, study_id, (0, 1), diverged(0), finished(1), Done())
    trial = trial_of(database, study_id, 0)
    assert states_of(database, study_id)[:2] == [FAILED, COMPLETE]
    assert (trial.failure_reason, trial.failure) == (FailureReason.DIVERGED, diverged(0).failure)
    assert (trial.attempts, trial.epochs) == (1, 2)


def test_progress_counts_epochs_of_those_that_still_train(database: Database, study_id: str) -> None:
    send(database, study_id, 0, 1, 2)
    tell(database, study_id, (0, 1, 2), finished(0), Progress({1: 7}))
    study, rows = study_of(database, study_id), trials_of(database, study_id)
    assert [row.epochs for row in rows] == [2, 7, 0, None]
    assert [row.version == study.version for row in rows] == [False, True, False, False]


def test_a_sign_of_life_changes_nothing(database: Database, study_id: str) -> None:
    send(database, study_id, 0)
    before = study_of(database, study_id).version
    tell(database, study_id, (0,), Alive())
    assert study_of(database, study_id).version == before


def test_each_change_raises_the_version_and_marks_the_trials_it_touched(database: Database, study_id: str) -> None:
    send(database, study_id, 0, 1, 2)
    version = study_of(database, study_id).version
    story: list[tuple[Message | Lost, set[int]]] = [
        (finished(0), {0}),
        (Progress({1: 3, 2: 3}), {1, 2}),
        (diverged(2), {2}),
        (Lost(), {1}),
    ]
    for message, touched in story:
        tell(database, study_id, (0, 1, 2), message)
        version += 1
        assert study_of(database, study_id).version == version
        assert {row.number for row in trials_of(database, study_id) if row.version == version} == touched


@pytest.mark.parametrize("end", [Lost(), Done(), WorkFailed("ValueError: x"), WorkFailed("MemoryError: x", True)])
def test_the_rest_of_a_pack_that_came_to_nothing_waits_to_run_alone_and_counts_no_attempt(
    database: Database, study_id: str, end: Message | Lost
) -> None:
    send(database, study_id, 0, 1, 2)
    tell(database, study_id, (0, 1, 2), finished(1), end)
    rows = trials_of(database, study_id)
    assert [row.state for row in rows] == [WAITING, COMPLETE, WAITING, WAITING]
    assert [row.alone for row in rows] == [True, False, True, False]
    assert [row.attempts for row in rows] == [0, 1, 0, 0]


def test_the_last_of_a_pack_of_two_to_run_is_not_to_blame_for_its_loss(database: Database, study_id: str) -> None:
    send(database, study_id, 0, 1)
    tell(database, study_id, (0, 1), finished(0), Lost())
    assert (trial_of(database, study_id, 1).state, trial_of(database, study_id, 1).attempts) == (WAITING, 0)


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (Lost(), FailureReason.WORKER_LOST),
        (Done(), FailureReason.WORKER_LOST),
        (WorkFailed("MemoryError: x", may_pass=True), FailureReason.ERROR),
    ],
)
def test_a_trial_lost_alone_is_tried_again_until_its_attempts_are_used_up(
    database: Database, study_id: str, end: Message | Lost, reason: FailureReason
) -> None:
    send(database, study_id, 3)
    tell(database, study_id, (3,), end)
    trial = trial_of(database, study_id, 3)
    assert (trial.state, trial.attempts, trial.alone, trial.failure_reason) == (WAITING, 1, True, None)
    send(database, study_id, 3)
    tell(database, study_id, (3,), end)
    trial = trial_of(database, study_id, 3)
    assert (trial.state, trial.attempts, trial.failure_reason) == (FAILED, 2, reason)
    assert study_of(database, study_id).state is StudyState.RUNNING


def test_a_loss_in_a_pack_leaves_a_trial_all_its_attempts(database: Database, study_id: str) -> None:
    send(database, study_id, 0, 1)
    tell(database, study_id, (0, 1), Lost())
    send(database, study_id, 0)
    tell(database, study_id, (0,), Lost())
    send(database, study_id, 0)
    tell(database, study_id, (0,), finished(0))
    assert (trial_of(database, study_id, 0).state, trial_of(database, study_id, 0).attempts) == (COMPLETE, 2)


def test_an_error_of_a_trial_alone_is_final(database: Database, study_id: str) -> None:
    send(database, study_id, 0)
    tell(database, study_id, (0,), WorkFailed("ValueError: no such thing"))
    trial = trial_of(database, study_id, 0)
    assert (trial.state, trial.attempts) == (FAILED, 1)
    assert (trial.failure_reason, trial.failure) == (FailureReason.ERROR, "ValueError: no such thing")


def test_a_timeout_is_final_alone_and_a_second_chance_alone_in_a_pack(database: Database, study_id: str) -> None:
    def time_out(*numbers: int) -> None:
        with database.writing() as session:
            study = studies.get(session, study_id)
            study.version += 1
            running, was_alone = trials.some(session, study_id, numbers), len(numbers) == 1
            give_back(session, study, running, FailureReason.TIMEOUT, "too long", was_alone=was_alone, final=True)
        assert_consistent(database, study_id)

    send(database, study_id, 0, 1)
    time_out(0, 1)
    assert [(row.state, row.alone, row.attempts) for row in trials_of(database, study_id)[:2]] == [
        (WAITING, True, 0),
        (WAITING, True, 0),
    ]
    send(database, study_id, 1)
    time_out(1)
    trial = trial_of(database, study_id, 1)
    assert (trial.state, trial.failure_reason, trial.attempts) == (FAILED, FailureReason.TIMEOUT, 1)
    assert states_of(database, study_id) == [WAITING, FAILED, WAITING, WAITING]


def test_a_study_whose_dataset_cannot_be_read_fails_and_keeps_what_it_has(database: Database, study_id: str) -> None:
    send(database, study_id, 0, 1)
    tell(database, study_id, (0, 1), finished(0), DatasetUnreadable("ValueError: no whole dataset"))
    study = study_of(database, study_id)
    assert (study.state, study.ended_by) == (StudyState.FAILED, EndedBy.FAILURE)
    assert study.failure == "its dataset cannot be read: ValueError: no whole dataset"
    assert states_of(database, study_id) == [COMPLETE, CANCELLED, CANCELLED, CANCELLED]


@pytest.mark.parametrize("message", LATE_NEWS, ids=repr)
def test_news_of_an_ended_study_is_too_late(database: Database, study_id: str, message: Message | Lost) -> None:
    send(database, study_id, 0, 1)
    with database.writing() as session:
        studies.end(session, studies.get(session, study_id), StudyState.CANCELLED, EndedBy.CANCELLED)
    before = snapshot(database, study_id)
    tell(database, study_id, (0, 1), message)
    assert snapshot(database, study_id) == before


@pytest.mark.parametrize("message", LATE_NEWS, ids=repr)
def test_news_of_a_deleted_study_is_dropped(database: Database, study_id: str, message: Message | Lost) -> None:
    send(database, study_id, 0, 1)
    with database.writing() as session:
        studies.end(session, studies.get(session, study_id), StudyState.CANCELLED, EndedBy.CANCELLED)
        studies.delete(session, study_id)
    with database.writing() as session:
        record(session, study_id, (0, 1), message, was_alone=False)
    with database.reading() as session:
        assert trials.every(session, study_id) == []
        assert curves.of_study(session, study_id) == {}


@pytest.mark.parametrize("message", LATE_NEWS, ids=repr)
def test_news_of_trials_that_were_given_back_is_too_late(
    database: Database, study_id: str, message: Message | Lost
) -> None:
    send(database, study_id, 0, 1)
    tell(database, study_id, (0, 1), Lost())
    before = snapshot(database, study_id)
    tell(database, study_id, (0, 1), message)
    assert snapshot(database, study_id) == before


def test_what_is_said_after_the_last_result_changes_nothing(database: Database, study_id: str) -> None:
    send(database, study_id, 0, 1)
    tell(database, study_id, (0, 1), finished(0), finished(1))
    before = snapshot(database, study_id)
    tell(database, study_id, (0, 1), Done(), Alive(), Lost())
    assert snapshot(database, study_id) == before


def test_the_text_of_a_lost_worker_holds_no_pid_and_no_time(database: Database) -> None:
    study_id = add_running_study(database, max_attempts=1)
    send(database, study_id, 0)
    tell(database, study_id, (0,), Lost())
    failure = trial_of(database, study_id, 0).failure
    assert failure == "its worker ended before the training did"
    assert not re.search(r"\d", failure)


def snapshot(database: Database, study_id: str) -> object:
    study = study_of(database, study_id)
    rows = [(row.number, row.state, row.version, row.attempts, row.alone) for row in trials_of(database, study_id)]
    return study.version, study.state, study.counts, study.failure, rows
