"""Which jobs a dispatcher gives to simulated workers, and when."""

import time

import pytest

from app.dispatch import packing
from app.dispatch.job_orders import GRADIENT_CHECK_SECONDS
from app.dispatch.messages import CheckGradients, Done, ModelSaved, SaveModel, TrainPacks
from app.lifecycle import JobKind
from app.settings import Settings
from app.store import datasets, jobs, studies, trials
from app.store.database import Database
from app.store.dispatchers import Superseded, take_over
from engine.training import TrainingPlan
from tests.app.dispatch.making import STUDY, add_running_study, add_study
from tests.app.dispatch.making_jobs import (
    CHECKED,
    COMPLETE,
    FAILED,
    RUNNING,
    WAITING,
    add_check,
    add_model,
    job_of,
    model_job,
    states,
)
from tests.app.dispatch.simulated import SimulatedWorkers, Simulation, sent_packs, simulated_dispatcher


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
        assert sorted(kind.__name__ for kind in kinds(workers)) == ["CheckGradients", "TrainPacks"]
        assert len(sent_packs(dispatcher)) == 1
        assert states(database, *ids) == [COMPLETE] * done + [RUNNING] + [WAITING] * (2 - done)
        worker = next(worker for worker in workers.working if isinstance(worker.order, CheckGradients))
        workers.say(worker, CHECKED, Done())
    dispatcher.tick()
    assert kinds(workers) == [TrainPacks, TrainPacks]


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
