"""What a dispatcher does at each tick, with simulated workers."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from app.dispatch import packing
from app.dispatch.dispatcher import Dispatcher
from app.dispatch.messages import Alive, DatasetUnreadable, Done, Finished, Member, Message, Progress, WorkFailed
from app.dispatch.workers import Lost
from app.lifecycle import EndedBy, StudyState, TrialState
from app.settings import Settings
from app.store import packs, studies, trials
from app.store.database import Database
from app.store.dispatchers import Superseded, take_over
from app.store.models import Base
from engine.training import LearningCurve
from tests.app.dispatch.making import (
    ONE_KEY,
    add_running_study,
    add_study,
    assert_consistent,
    diverged,
    finished,
    states_of,
    study_of,
    trials_of,
)
from tests.app.dispatch.simulated import SimulatedWorker, SimulatedWorkers, Simulation, sent_packs, simulated_dispatcher

WAITING, RUNNING, COMPLETE, PRUNED, FAILED, CANCELLED, IMPORTED = TrialState


def good(member: Member) -> Finished:
    return finished(member.number)


def sent_numbers(dispatcher: Dispatcher) -> list[list[int]]:
    return [pack.numbers for pack in sent_packs(dispatcher)]


def everything(database: Database) -> list[Any]:
    """Every row of every table."""
    with database.reading() as session:
        return [
            session.execute(select(table).order_by(*table.primary_key)).all() for table in Base.metadata.sorted_tables
        ]


def test_one_tick_starts_a_study_and_gives_every_worker_a_fair_share(
    simulation: Simulation, database: Database
) -> None:
    dispatcher, _ = simulation
    study_id = add_study(database, **ONE_KEY, trials=7)
    dispatcher.tick()
    assert sent_numbers(dispatcher) == [[0, 1, 2, 3], [4, 5, 6]]
    assert [trial.pack_size for trial in trials_of(database, study_id)] == [4] * 4 + [3] * 3
    assert {trial.pack_key for trial in trials_of(database, study_id)} == {"64 relu adam batch 64"}


def test_no_more_packs_train_than_there_are_workers(simulation: Simulation, database: Database) -> None:
    dispatcher, workers = simulation
    add_study(database, trials=80)
    for _ in range(3):
        dispatcher.tick()
        assert len(dispatcher.sent) == 2
        workers.finish(workers.working[0], good)


def test_of_a_long_queue_only_the_first_trials_are_looked_at(
    simulation: Simulation, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The seven last trials have one pack key, but of the three that are looked at only one has it."""
    monkeypatch.setattr(packing, "WINDOW", 3)
    dispatcher, _ = simulation
    study_id = add_study(database, **ONE_KEY, trials=9)
    dispatcher.propose()
    with database.writing() as session:
        for trial in trials.every(session, study_id):
            trial.values = {"hidden_units": 20 if trial.number < 2 else 100}
    dispatcher.send()
    assert sent_numbers(dispatcher) == [[2], [3]]


def test_studies_share_the_workers_however_old_they_are_and_however_much_they_want(
    settings: Settings, database: Database
) -> None:
    dispatcher, workers = simulated_dispatcher(settings.model_copy(update={"workers": 6}), database)
    greedy = add_study(database, **ONE_KEY, trials=60)
    dispatcher.tick()
    late = [add_study(database, trials=12), add_study(database, trials=12)]
    for _ in range(4):
        assert len(dispatcher.sent) == 6
        workers.finish(workers.working[0], good)
        dispatcher.tick()
    assert Counter(pack.study_id for pack in sent_packs(dispatcher)) == dict.fromkeys([greedy, *late], 2)


def test_a_worker_started_for_a_study_that_has_just_been_cancelled_is_sent_home(
    simulation: Simulation, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatcher, workers = simulation
    study_id = add_study(database)
    start = workers.start

    def start_too_late() -> SimulatedWorker:
        with database.writing() as session:
            studies.end(session, studies.get(session, study_id), StudyState.CANCELLED, EndedBy.CANCELLED)
        return start()

    monkeypatch.setattr(workers, "start", start_too_late)
    dispatcher.tick()
    assert (dispatcher.sent, workers.working) == ({}, [])
    assert set(states_of(database, study_id)) == {CANCELLED}


def test_what_a_worker_said_before_it_was_lost_is_kept(simulation: Simulation, database: Database) -> None:
    dispatcher, workers = simulation
    study_id = add_study(database, **ONE_KEY)
    dispatcher.tick()
    workers.say(workers.working[0], Progress({0: 1}), finished(1), Alive(), diverged(0), Lost())
    dispatcher.tick()
    assert states_of(database, study_id)[:3] == [FAILED, COMPLETE, RUNNING]
    assert [trial.attempts for trial in trials_of(database, study_id)[:3]] == [1, 1, 0]
    assert_consistent(database, study_id)


@pytest.mark.parametrize("end", [Lost(), Done(), WorkFailed("ValueError: x"), DatasetUnreadable("x")])
def test_a_worker_that_has_said_its_last_is_forgotten_and_its_place_is_free(
    simulation: Simulation, database: Database, end: Message | Lost
) -> None:
    dispatcher, workers = simulation
    add_study(database, **ONE_KEY)
    dispatcher.tick()
    first = workers.working[0]
    workers.say(first, end, Lost())  # the pipe closes after every other last message
    dispatcher.collect()
    assert first not in workers.working
    assert len(dispatcher.sent) == 1
    with database.reading() as session:
        assert len(packs.every(session)) == 1


def test_a_trial_never_trains_twice_at_a_time(simulation: Simulation, database: Database) -> None:
    dispatcher, workers = simulation
    add_study(database, **ONE_KEY, trials=30)
    for _ in range(12):
        dispatcher.tick()
        numbers = [number for pack in sent_packs(dispatcher) for number in pack.numbers]
        assert len(numbers) == len(set(numbers))
        workers.say(workers.working[0], Lost())


def idle(dispatcher: Dispatcher, workers: SimulatedWorkers, database: Database) -> None:
    del workers, database
    dispatcher.last_beat = 0


def with_news(dispatcher: Dispatcher, workers: SimulatedWorkers, database: Database) -> None:
    add_study(database, **ONE_KEY)
    dispatcher.tick()
    workers.finish(workers.working[0], good)


def with_a_lost_worker(dispatcher: Dispatcher, workers: SimulatedWorkers, database: Database) -> None:
    add_study(database, **ONE_KEY)
    dispatcher.tick()
    workers.working[0].last_heard -= 1000


def with_a_cancelled_study(dispatcher: Dispatcher, workers: SimulatedWorkers, database: Database) -> None:
    del workers
    study_id = add_study(database, **ONE_KEY)
    dispatcher.tick()
    with database.writing() as session:
        studies.end(session, studies.get(session, study_id), StudyState.CANCELLED, EndedBy.CANCELLED)


def with_a_new_study(dispatcher: Dispatcher, workers: SimulatedWorkers, database: Database) -> None:
    del dispatcher, workers
    add_study(database)


def with_waiting_trials(dispatcher: Dispatcher, workers: SimulatedWorkers, database: Database) -> None:
    del dispatcher, workers
    add_running_study(database)


@pytest.mark.parametrize(
    "prepare", [idle, with_news, with_a_lost_worker, with_a_cancelled_study, with_a_new_study, with_waiting_trials]
)
def test_a_dispatcher_that_was_superseded_writes_nothing(
    simulation: Simulation, database: Database, prepare: Callable[[Dispatcher, SimulatedWorkers, Database], None]
) -> None:
    dispatcher, workers = simulation
    prepare(dispatcher, workers, database)
    with database.writing() as session:
        take_over(session, pid=1)
    before = everything(database)
    with pytest.raises(Superseded):
        dispatcher.tick()
    with pytest.raises(Superseded):
        dispatcher.return_orphans()
    assert everything(database) == before


def test_a_full_disk_ends_the_dispatcher_with_nothing_half_written_and_the_next_one_goes_on(
    settings: Settings, database: Database
) -> None:
    dispatcher, workers = simulated_dispatcher(settings, database)
    study_id = add_study(database, **ONE_KEY)
    dispatcher.tick()
    before = everything(database)
    dispatcher.database = cannot_grow(settings)
    curve = LearningCurve(list(range(50_000)), [0.5] * 50_000, [0.5] * 50_000)
    large = replace(finished(1), curve=curve)
    workers.say(workers.working[0], finished(0), large)
    with pytest.raises(OperationalError, match="disk is full"):
        dispatcher.tick()
    dispatcher.database.dispose()
    assert everything(database) == before
    dispatcher, workers = simulated_dispatcher(settings, database)
    dispatcher.return_orphans()
    while study_of(database, study_id).state is StudyState.RUNNING:
        for worker in workers.working:
            workers.finish(worker, good)
        dispatcher.tick()
    assert states_of(database, study_id) == [COMPLETE] * 6
    assert [trial.attempts for trial in trials_of(database, study_id)] == [1] * 6


def cannot_grow(settings: Settings) -> Database:
    """The database on a disk that is full."""
    database = Database(settings.resolved_database_url)
    event.listen(database.engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count = 1"))
    return database
