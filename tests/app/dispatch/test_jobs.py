"""What a dispatcher does with jobs, with simulated workers."""

import time
from dataclasses import replace
from typing import Any, cast

import pytest

from app.dispatch import packing
from app.dispatch.dispatcher import Dispatcher
from app.dispatch.job_orders import GRADIENT_CHECK_SECONDS
from app.dispatch.job_queue import SentJob
from app.dispatch.messages import (
    Alive,
    Checked,
    CheckGradients,
    DatasetUnreadable,
    Done,
    Message,
    ModelDiffers,
    ModelSaved,
    SaveModel,
    TrainPack,
    WorkFailed,
)
from app.dispatch.recording import record
from app.dispatch.workers import Lost, Worker
from app.lifecycle import EndedBy, JobKind, JobState, StudyState
from app.settings import Settings
from app.store import datasets, jobs, studies, trials
from app.store.database import Database
from app.store.dispatchers import Superseded, take_over
from app.store.models import Job
from engine.training import TrainingPlan
from engine.training.environment import numeric_environment
from engine.training.gradient_check import Check, GradientCheck
from tests.app.dispatch.making import STUDY, add_running_study, add_study, finished
from tests.app.dispatch.simulated import SimulatedWorker, SimulatedWorkers, sent_packs, simulated_dispatcher

WAITING, RUNNING, COMPLETE, FAILED = JobState

RIGHT = Check("W1", 1e-9, 1e-5, size=30, checked=29, skipped=1)
WRONG = Check("b1", 0.5, 0.5, size=3, checked=3, skipped=0)
CHECKED = Checked(GradientCheck([RIGHT, WRONG], RIGHT))

Simulation = tuple[Dispatcher, SimulatedWorkers]


@pytest.fixture
def simulation(settings: Settings, database: Database) -> Simulation:
    """A dispatcher with two simulated workers."""
    return simulated_dispatcher(settings, database)


def add_check(database: Database, **changes: Any) -> str:
    request = {"training": {"hidden_units": 3}, "epochs": 2, "seed": 1} | changes
    with database.writing() as session:
        return jobs.add_gradient_check(session, "digits", request).id


def add_model(database: Database) -> str:
    """A study whose one trial came to a value, and the job that makes its model; returns the study's id."""
    study_id = add_running_study(database, trials=1)
    with database.writing() as session:
        study = studies.get(session, study_id)
        trials.start(study, trials.get(session, study_id, 0), 1, "key")
        session.flush()
        record(session, study_id, [0], finished(0, value=0.25))
        studies.end(session, study, StudyState.COMPLETE, EndedBy.BUDGET)
        jobs.add_model(session, study)
    return study_id


def model_job(database: Database, study_id: str) -> Job:
    with database.reading() as session:
        job = jobs.model_of(session, study_id)
    assert job is not None
    return job


def job_of(database: Database, job_id: str) -> Job:
    with database.reading() as session:
        return jobs.get(session, job_id, JobKind.GRADIENT_CHECK)


def states(database: Database, *job_ids: str) -> list[JobState]:
    return [job_of(database, job_id).state for job_id in job_ids]


def kinds(workers: SimulatedWorkers) -> list[type]:
    return [type(worker.order) for worker in workers.working]


def test_a_job_is_sent_with_all_that_its_worker_needs(
    simulation: Simulation, database: Database, settings: Settings
) -> None:
    dispatcher, workers = simulation
    job_id = add_check(database)
    before = time.monotonic()
    dispatcher.tick()
    [worker], [sent] = workers.working, dispatcher.sent.values()
    with database.reading() as session:
        folder = settings.datasets_dir / datasets.get(session, "digits").content_hash
    assert worker.order == CheckGradients(folder, TrainingPlan(seed=1, hidden_units=(3, 3)), epochs=2)
    assert before <= sent.overdue_at - GRADIENT_CHECK_SECONDS <= time.monotonic()
    job = job_of(database, job_id)
    assert (job.state, job.pid, job.process_started) == (RUNNING, worker.pid, worker.started)
    assert job.started_at is not None


def test_the_worker_of_a_model_gets_the_winners_plan_and_what_it_came_to(
    simulation: Simulation, database: Database, settings: Settings
) -> None:
    dispatcher, workers = simulation
    study_id = add_model(database)
    dispatcher.tick()
    with database.reading() as session:
        study, dataset = studies.get(session, study_id), datasets.get(session, "breast-cancer")
        plan = packing.plan_of(study, trials.get(session, study_id, 0))
    assert workers.working[0].order == SaveModel(
        dataset=settings.datasets_dir / dataset.content_hash,
        plan=plan,
        value=0.25,
        class_names=["benign", "malignant"],
        columns=dataset.description["columns"],
        file=settings.data_dir / "models" / f"{study_id}.npz",
    )
    workers.say(workers.working[0], ModelSaved(), Done())
    dispatcher.tick()
    assert model_job(database, study_id).state is COMPLETE


@pytest.mark.parametrize(
    ("value", "found"), [(0.5, "came to a dev error_rate of 0.5 instead of 0.25"), (None, "diverged instead of 0.25")]
)
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "a machine that computes wrongly, or a fault of Parfocal"),
        (
            {"numpy": "1.0", "blas": "other"},
            "the environment has changed (numpy was 1.0 and is {numpy}; blas was other and is {blas}), "
            "so go back to it or run the study again",
        ),
    ],
)
def test_a_model_that_differs_from_what_the_study_found_fails_with_the_reason(
    value: float | None, found: str, changes: dict[str, str], reason: str, simulation: Simulation, database: Database
) -> None:
    dispatcher, workers = simulation
    study_id = add_model(database)
    current = numeric_environment()
    with database.writing() as session:
        studies.get(session, study_id).environment = current | changes
    dispatcher.tick()
    workers.say(workers.working[0], ModelDiffers(value), Done())
    dispatcher.tick()
    job = model_job(database, study_id)
    assert job.state is FAILED
    assert job.failure == f"trial 0, trained again, {found}: {reason.format(**current)}"


def test_a_plan_that_today_breaks_a_rule_fails_its_job_and_nothing_else(
    simulation: Simulation, database: Database
) -> None:
    dispatcher, workers = simulation
    study_id, check_id = add_model(database), add_check(database)
    with database.writing() as session:
        study = studies.get(session, study_id)
        study.objective = study.objective | {"training": {"epochs": 0}}
    dispatcher.tick()
    dispatcher.tick()
    job = model_job(database, study_id)
    assert (job.state, job.failure) == (FAILED, "`epochs` must be a whole number from 1 to 100000, but got 0")
    assert states(database, check_id) == [RUNNING]
    assert len(workers.working) == 1


def test_a_model_may_take_as_long_as_a_trial(simulation: Simulation, database: Database) -> None:
    dispatcher, _ = simulation
    add_model(database)
    before = time.monotonic()
    dispatcher.tick()
    [sent] = dispatcher.sent.values()
    assert before <= sent.overdue_at - STUDY["trial_timeout_seconds"] <= time.monotonic()


def test_the_worker_of_a_model_whose_study_was_deleted_is_killed(simulation: Simulation, database: Database) -> None:
    dispatcher, workers = simulation
    study_id = add_model(database)
    dispatcher.tick()
    with database.writing() as session:
        studies.delete(session, study_id)
    dispatcher.tick()
    assert (dispatcher.sent, workers.working) == ({}, [])


def test_what_its_worker_found_is_kept_and_its_place_is_free(simulation: Simulation, database: Database) -> None:
    dispatcher, workers = simulation
    job_id = add_check(database)
    dispatcher.tick()
    workers.say(workers.working[0], Alive(), CHECKED, Done(), Lost())
    dispatcher.tick()
    job = job_of(database, job_id)
    assert (job.state, job.attempts, job.failure, job.pid) == (COMPLETE, 1, None, None)
    assert job.finished_at is not None
    array = {"name": "W1", "relative_error": 1e-9, "one_sided_error": 1e-5, "size": 30, "checked": 29, "skipped": 1}
    assert job.result is not None
    assert job.result["verdict"] == "wrong"
    assert job.result["layers"][0] == job.result["overall"] == array | {"verdict": "right"}
    assert (dispatcher.sent, workers.working) == ({}, [])


@pytest.mark.parametrize(
    ("end", "failure"),
    [
        (WorkFailed("ValueError: x"), "ValueError: x"),
        (DatasetUnreadable("FileNotFoundError: x"), "its dataset cannot be read: FileNotFoundError: x"),
    ],
)
def test_what_would_come_to_the_same_again_fails_at_once(
    simulation: Simulation, database: Database, end: Message, failure: str
) -> None:
    dispatcher, workers = simulation
    job_id = add_check(database)
    dispatcher.tick()
    workers.say(workers.working[0], end, Lost())
    dispatcher.tick()
    job = job_of(database, job_id)
    assert (job.state, job.failure, job.attempts, job.result) == (FAILED, failure, 1, None)


@pytest.mark.parametrize(
    ("end", "failure"),
    [
        (Lost(), "its worker ended before its work did"),
        (Done(), "its worker ended before its work did"),
        (WorkFailed("MemoryError: x", may_pass=True), "MemoryError: x"),
        (None, "its worker has gone silent"),
    ],
)
def test_a_job_whose_worker_is_lost_is_tried_three_times(
    simulation: Simulation, database: Database, end: Message | Lost | None, failure: str
) -> None:
    dispatcher, workers = simulation
    job_id = add_check(database)
    for attempts in (0, 1, 2):
        dispatcher.tick()
        job = job_of(database, job_id)
        assert (job.state, job.attempts, job.failure) == (RUNNING, attempts, None)
        if end is None:
            workers.working[0].last_heard -= 1000
        else:
            workers.say(workers.working[0], end)
    dispatcher.tick()
    job = job_of(database, job_id)
    assert (job.state, job.attempts, job.failure) == (FAILED, 3, failure)
    assert workers.working == []


def test_a_job_that_takes_too_long_fails_and_its_worker_is_killed(simulation: Simulation, database: Database) -> None:
    dispatcher, workers = simulation
    job_id = add_check(database)
    dispatcher.tick()
    [(worker, sent)] = dispatcher.sent.items()
    assert isinstance(sent, SentJob)
    dispatcher.sent[worker] = replace(sent, overdue_at=time.monotonic())
    dispatcher.tick()
    job = job_of(database, job_id)
    assert (job.state, job.failure) == (FAILED, "it took longer than 600 seconds")
    assert workers.working == []


def test_the_worker_of_a_job_that_was_deleted_is_killed(simulation: Simulation, database: Database) -> None:
    dispatcher, workers = simulation
    job_id = add_check(database)
    dispatcher.tick()
    workers.say(workers.working[0], CHECKED)
    with database.writing() as session:
        session.delete(jobs.get(session, job_id, JobKind.GRADIENT_CHECK))
    dispatcher.tick()
    assert (dispatcher.sent, workers.working) == ({}, [])


def test_a_new_dispatcher_gives_a_job_back_and_counts_no_attempt(simulation: Simulation, database: Database) -> None:
    dispatcher, _ = simulation
    job_id = add_check(database)
    dispatcher.tick()
    for _ in range(5):
        dispatcher, _ = simulated_dispatcher(dispatcher.settings, database)
        dispatcher.return_orphans()
        job = job_of(database, job_id)
        assert (job.state, job.attempts, job.pid, job.started_at) == (WAITING, 0, None, None)
        dispatcher.tick()
        assert states(database, job_id) == [RUNNING]


def test_the_oldest_job_goes_first_and_jobs_use_all_workers_while_no_trial_waits(
    simulation: Simulation, database: Database
) -> None:
    dispatcher, workers = simulation
    ids = [add_check(database) for _ in range(3)]
    dispatcher.tick()
    assert states(database, *ids) == [RUNNING, RUNNING, WAITING]
    workers.say(workers.working[0], CHECKED, Done())
    dispatcher.tick()
    assert states(database, *ids) == [COMPLETE, RUNNING, RUNNING]


def test_a_job_goes_before_trials_that_wait(settings: Settings, database: Database) -> None:
    dispatcher, workers = simulated_dispatcher(settings.model_copy(update={"workers": 1}), database)
    add_running_study(database)
    add_check(database)
    dispatcher.tick()
    assert kinds(workers) == [CheckGradients]


def test_where_trials_wait_too_jobs_have_one_worker_at_a_time(simulation: Simulation, database: Database) -> None:
    dispatcher, workers = simulation
    add_study(database, trials=60)
    ids = [add_check(database) for _ in range(3)]
    for done in range(3):
        dispatcher.tick()
        assert sorted(kind.__name__ for kind in kinds(workers)) == ["CheckGradients", "TrainPack"]
        assert len(sent_packs(dispatcher)) == 1
        assert states(database, *ids) == [COMPLETE] * done + [RUNNING] + [WAITING] * (2 - done)
        worker = next(worker for worker in workers.working if isinstance(worker.order, CheckGradients))
        workers.say(worker, CHECKED, Done())
    dispatcher.tick()
    assert kinds(workers) == [TrainPack, TrainPack]


def test_a_dispatcher_that_was_superseded_sends_no_job_and_records_none(
    simulation: Simulation, database: Database
) -> None:
    dispatcher, workers = simulation
    first, second = add_check(database), add_check(database)
    dispatcher.workers.limit = 1
    dispatcher.tick()
    with database.writing() as session:
        take_over(session, pid=1)
    workers.say(workers.working[0], CHECKED, Done())
    with pytest.raises(Superseded):
        dispatcher.tick()
    workers.working.clear()
    with pytest.raises(Superseded):
        dispatcher.send()
    assert states(database, first, second) == [RUNNING, WAITING]


def test_news_of_a_job_that_came_to_an_end_is_dropped(simulation: Simulation, database: Database) -> None:
    dispatcher, workers = simulation
    job_id = add_check(database)
    dispatcher.tick()
    worker: SimulatedWorker = workers.working[0]
    sent = dispatcher.sent[cast("Worker", worker)]
    workers.say(worker, CHECKED, WorkFailed("ValueError: x"), Lost())
    dispatcher.tick()
    before = job_of(database, job_id)
    with database.writing() as session:
        sent.record(session, Lost())
    after = job_of(database, job_id)
    assert (after.state, after.attempts, after.failure) == (COMPLETE, 1, None) == (before.state, before.attempts, None)
