"""A dispatcher with real workers, driven tick by tick in this process."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

import pytest

from app.dispatch import packing
from app.dispatch.dispatcher import Dispatcher
from app.dispatch.processes import process_started
from app.dispatch.trial_queue import SentPacks
from app.dispatch.workers import Worker
from app.lifecycle import EndedBy, FailureReason, StudyState, TrialState
from app.settings import Settings
from app.store import packs, rounds, studies, trials
from app.store.database import Database
from engine.search import Observation, strategy_from_json
from engine.seeding import Purpose, derived_seed
from engine.training import TrainingPlan, open_dataset, train_pack
from tests.app.dispatch.making import (
    ONE_KEY,
    SPACE,
    STUDY,
    add_running_study,
    add_study,
    assert_consistent,
    states_of,
    study_of,
    trials_of,
)
from tests.app.dispatch.simulated import new_dispatcher, sent_packs
from tests.app.waiting import wait_until

Found = TypeVar("Found")

WAITING, RUNNING, COMPLETE, PRUNED, FAILED, CANCELLED, IMPORTED = TrialState

DIABETES = {
    "type": "mlp",
    "dataset": "diabetes",
    "metric": "rmse",
    "base_error": None,
    "high_gap": None,
    "seeds": 1,
    "training": {"epochs": 1},
}

EPOCHS = {"name": "epochs", "type": "categorical", "choices": [1, 100_000]}  # the latter end within no test
SHORT_AND_ENDLESS = STUDY | {
    "search_space": {"parameters": [EPOCHS]},
    "objective": STUDY["objective"] | {"training": {"hidden_units": 8, "hidden_layers": 1}},
    "seed": 23,  # draws 1, 100,000, 100,000 and 1 epochs
    "trials": 4,
}
ENDLESS = SHORT_AND_ENDLESS | {"search_space": {"parameters": [EPOCHS | {"choices": [100_000]}]}}


@pytest.fixture
def dispatcher(settings: Settings, database: Database) -> Iterator[Dispatcher]:
    dispatcher = new_dispatcher(settings, database)
    yield dispatcher
    dispatcher.workers.kill_all()


def tick_until(dispatcher: Dispatcher, condition: Callable[[], Found | None]) -> Found:
    def tick() -> Found | None:
        dispatcher.tick()
        return condition()

    return wait_until(tick)


def has_ended(database: Database, study_id: str) -> bool:
    return study_of(database, study_id).state not in (StudyState.QUEUED, StudyState.RUNNING)


def sent(dispatcher: Dispatcher) -> tuple[Worker, SentPacks]:
    """The one pack in training."""
    [(worker, pack)] = dispatcher.sent.items()
    assert isinstance(pack, SentPacks)
    return worker, pack


def is_gone(worker: Worker) -> bool:
    return process_started(worker.pid) is None


def train_short_ones(dispatcher: Dispatcher, database: Database) -> str:
    """A study whose trials are all in one pack, of which those of one epoch have ended; returns its id."""
    study_id = add_study(database, **SHORT_AND_ENDLESS)
    dispatcher.workers.limit = 1
    tick_until(dispatcher, lambda: states_of(database, study_id) == [COMPLETE, RUNNING, RUNNING, COMPLETE])
    assert [trial.pack_size for trial in trials_of(database, study_id)] == [4] * 4
    return study_id


def test_a_study_finds_what_search_and_training_find_without_any_dispatcher(
    dispatcher: Dispatcher, database: Database, settings: Settings
) -> None:
    study_id = add_study(
        database, strategy={"type": "coarse_to_fine", "rounds": 2, "first_round_share": 0.4}, trials=10
    )
    tick_until(dispatcher, lambda: has_ended(database, study_id))
    with database.reading() as session:
        study, rows = studies.get(session, study_id), rounds.of_study(session, study_id)
        dataset = open_dataset(settings.datasets_dir / studies.dataset(session, study).content_hash)
        found = trials.every(session, study_id)
    strategy, sizes = strategy_from_json(study.strategy), (4, 6)
    observations: list[Observation] = []
    for number, row in enumerate(rows):
        proposals = strategy.propose(SPACE, STUDY["seed"], number, sizes, observations)
        assert row.box == proposals.box.to_json()
        own = range(sum(sizes[:number]), sum(sizes[: number + 1]))
        plans = [
            TrainingPlan.from_values(
                STUDY["objective"]["training"] | values,
                derived_seed(STUDY["seed"], Purpose.TRAINING, n),
                "error_rate",
                packing.WIDTH_STEP,  # hidden sizes are searched
            )
            for n, values in zip(own, proposals.values, strict=True)
        ]
        for trial, plan, result in zip([found[n] for n in own], plans, train_pack(plans, dataset), strict=True):
            assert trial.values["learning_rate"] == plan.learning_rate
            assert (trial.state, trial.value, trial.metrics) == (COMPLETE, result.value, result.metrics)
            observations.append(Observation(trial.number, trial.values, result.value, result.metrics["dev_loss"]))
        assert row.elites == strategy.elites(number, sizes, observations)
    assert (study.state, study.ended_by) == (StudyState.COMPLETE, EndedBy.BUDGET)


def test_a_pack_is_known_to_the_database_as_long_as_it_trains(dispatcher: Dispatcher, database: Database) -> None:
    study_id = add_study(database, trials=1)
    tick_until(dispatcher, lambda: dispatcher.sent)
    worker, _ = sent(dispatcher)
    with database.reading() as session:
        [row] = packs.every(session)
    assert (row.study_id, row.numbers, row.pid, row.process_started) == (study_id, [0], worker.pid, worker.started)
    tick_until(dispatcher, lambda: not dispatcher.sent)
    assert has_ended(database, study_id)
    with database.reading() as session:
        assert packs.every(session) == []
    assert is_gone(worker)


def test_the_rest_of_a_pack_whose_worker_was_killed_runs_alone(dispatcher: Dispatcher, database: Database) -> None:
    study_id = train_short_ones(dispatcher, database)
    worker, _ = sent(dispatcher)
    os.kill(worker.pid, signal.SIGKILL)
    tick_until(dispatcher, lambda: worker not in dispatcher.sent)
    rows = trials_of(database, study_id)
    assert [(row.state, row.attempts) for row in rows] == [(COMPLETE, 1), (RUNNING, 0), (WAITING, 0), (COMPLETE, 1)]
    assert (rows[1].pack_size, rows[2].alone) == (1, True)


def fall_silent(dispatcher: Dispatcher) -> None:
    """Stop the worker, and let as much time pass as it may say nothing."""
    worker, _ = sent(dispatcher)
    os.kill(worker.pid, signal.SIGSTOP)

    def is_lost() -> bool:
        worker.last_heard -= dispatcher.settings.worker_silence_seconds
        return worker not in dispatcher.sent

    tick_until(dispatcher, is_lost)
    assert is_gone(worker)


def test_the_rest_of_a_pack_whose_worker_is_silent_runs_alone(dispatcher: Dispatcher, database: Database) -> None:
    study_id = train_short_ones(dispatcher, database)
    fall_silent(dispatcher)
    rows = trials_of(database, study_id)
    assert [(row.state, row.attempts) for row in rows] == [(COMPLETE, 1), (RUNNING, 0), (WAITING, 0), (COMPLETE, 1)]


def test_a_trial_that_falls_silent_alone_fails_with_its_last_attempt_and_others_complete(
    dispatcher: Dispatcher, database: Database
) -> None:
    study_id = add_study(database, **SHORT_AND_ENDLESS | {"max_attempts": 2, "trials": 2})
    tick_until(dispatcher, lambda: states_of(database, study_id) == [COMPLETE, RUNNING] and len(dispatcher.sent) == 1)
    fall_silent(dispatcher)
    fall_silent(dispatcher)
    tick_until(dispatcher, lambda: has_ended(database, study_id))
    _, trial = trials_of(database, study_id)
    assert (trial.state, trial.attempts, trial.failure_reason) == (FAILED, 2, FailureReason.WORKER_LOST)
    assert trial.failure == "its worker has gone silent"
    assert study_of(database, study_id).state is StudyState.COMPLETE


def test_trials_that_overrun_their_time_run_alone_and_then_fail_and_the_study_goes_on(
    dispatcher: Dispatcher, database: Database
) -> None:
    study_id = train_short_ones(dispatcher, database)
    let_time_pass(dispatcher)
    rows = trials_of(database, study_id)
    assert [(row.state, row.attempts) for row in rows] == [(COMPLETE, 1), (RUNNING, 0), (WAITING, 0), (COMPLETE, 1)]
    let_time_pass(dispatcher)
    let_time_pass(dispatcher)
    tick_until(dispatcher, lambda: has_ended(database, study_id))
    for trial in trials_of(database, study_id)[1:3]:
        assert (trial.state, trial.attempts, trial.failure_reason) == (FAILED, 1, FailureReason.TIMEOUT)
        assert trial.failure == "its training took longer than `trial_timeout_seconds`"
    assert study_of(database, study_id).state is StudyState.COMPLETE
    assert_consistent(database, study_id)


def let_time_pass(dispatcher: Dispatcher) -> None:
    """More than the trials in training may take."""
    worker, pack = sent(dispatcher)
    dispatcher.sent[worker] = replace(pack, overdue_at=time.monotonic())
    tick_until(dispatcher, lambda: worker not in dispatcher.sent)
    assert is_gone(worker)


def test_a_pack_is_overdue_when_the_time_of_one_trial_is_over(dispatcher: Dispatcher, database: Database) -> None:
    add_study(database, **SHORT_AND_ENDLESS | {"trial_timeout_seconds": 1234.0})
    dispatcher.workers.limit = 1
    before = time.monotonic()
    dispatcher.tick()
    assert before + 1234 <= sent(dispatcher)[1].overdue_at <= time.monotonic() + 1234


@pytest.mark.parametrize("deleted", [False, True])
def test_cancelling_a_study_kills_its_workers_and_no_others(
    dispatcher: Dispatcher, database: Database, deleted: bool
) -> None:
    cancelled, other = add_study(database, **ENDLESS), add_study(database, **ENDLESS)
    tick_until(dispatcher, lambda: len(dispatcher.sent) == 2)
    workers = dict(zip((pack.study_id for pack in sent_packs(dispatcher)), dispatcher.sent, strict=True))
    with database.writing() as session:
        studies.end(session, studies.get(session, cancelled), StudyState.CANCELLED, EndedBy.CANCELLED)
        if deleted:
            studies.delete(session, cancelled)
    tick_until(dispatcher, lambda: workers[cancelled] not in dispatcher.sent)
    assert is_gone(workers[cancelled])
    assert not is_gone(workers[other])
    with database.reading() as session:
        assert {pack.study_id for pack in packs.every(session)} == {other}
    if not deleted:
        assert set(states_of(database, cancelled)) == {CANCELLED}


def test_two_studies_share_the_workers(dispatcher: Dispatcher, database: Database) -> None:
    first, second = add_study(database, **ENDLESS), add_study(database, **ENDLESS)
    dispatcher.tick()
    assert {pack.study_id for pack in sent_packs(dispatcher)} == {first, second}


def test_a_study_whose_dataset_is_gone_fails_and_others_go_on(
    dispatcher: Dispatcher, database: Database, settings: Settings
) -> None:
    broken, other = add_study(database), add_study(database, dataset_id="diabetes", objective=DIABETES)
    with database.reading() as session:
        content_hash = studies.dataset(session, studies.get(session, broken)).content_hash
    shutil.rmtree(settings.datasets_dir / content_hash)
    tick_until(dispatcher, lambda: has_ended(database, broken) and has_ended(database, other))
    study = study_of(database, broken)
    assert (study.state, study.ended_by) == (StudyState.FAILED, EndedBy.FAILURE)
    assert study.failure is not None
    assert study.failure.startswith("its dataset cannot be read: FileNotFoundError: ")
    assert str(settings.data_dir) not in study.failure
    assert set(states_of(database, broken)) == {CANCELLED}
    assert study_of(database, other).state is StudyState.COMPLETE
    assert set(states_of(database, other)) == {COMPLETE}


def test_a_worker_that_dies_before_its_order_comes_costs_its_trials_nothing(
    dispatcher: Dispatcher, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    study_id = add_study(database, **ONE_KEY)  # packs of several
    start = dispatcher.workers.start

    def start_and_die() -> Worker:
        worker = start()
        os.kill(worker.pid, signal.SIGKILL)
        wait_until(lambda: is_gone(worker))
        return worker

    with monkeypatch.context() as patch:
        patch.setattr(dispatcher.workers, "start", start_and_die)
        dispatcher.tick()
    tick_until(dispatcher, lambda: has_ended(database, study_id))
    assert [trial.attempts for trial in trials_of(database, study_id)] == [1] * 6
    assert states_of(database, study_id) == [COMPLETE] * 6


def test_a_new_dispatcher_ends_what_was_left_training_and_counts_no_attempt(
    settings: Settings, database: Database
) -> None:
    study_id = add_running_study(database)
    with sleeping() as left, sleeping() as other:
        with database.writing() as session:
            study = studies.get(session, study_id)
            packs.add(session, study_id, [0, 1], left.pid, process_started(left.pid) or "")
            packs.add(session, study_id, [2], other.pid, "1")  # its number went to another process meanwhile
            for trial in trials.some(session, study_id, [0, 1, 2]):
                trials.start(study, trial, 2, "")
        version = study_of(database, study_id).version
        new_dispatcher(settings, database).return_orphans()
        assert left.wait() == -signal.SIGKILL
        assert other.poll() is None
    assert [(trial.state, trial.attempts, trial.alone) for trial in trials_of(database, study_id)] == [
        (WAITING, 0, False)
    ] * 6
    assert study_of(database, study_id).version > version
    assert_consistent(database, study_id)
    with database.reading() as session:
        assert packs.every(session) == []


@contextmanager
def sleeping() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "1000"], start_new_session=True) as process:
        yield process
        process.kill()
