"""What the news of simulated workers does to their jobs."""

import time
from dataclasses import replace
from typing import cast

import pytest

from app.dispatch.job_queue import SentJob
from app.dispatch.messages import Alive, DatasetUnreadable, Done, Message, ModelDiffers, WorkFailed
from app.dispatch.workers import Lost, Worker
from app.store import studies
from app.store.database import Database
from engine.training.environment import numeric_environment
from tests.app.dispatch.making_jobs import (
    CHECKED,
    COMPLETE,
    FAILED,
    RUNNING,
    add_check,
    add_model,
    job_of,
    model_job,
)
from tests.app.dispatch.simulated import SimulatedWorker, Simulation


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
