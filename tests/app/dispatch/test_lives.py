"""Whatever happens on the way, a study comes to the same answer."""

import math
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, cast, get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.dispatch.dispatcher import Dispatcher
from app.dispatch.messages import Alive, Diverged, Finished, Member, Progress, WorkFailed
from app.dispatch.trial_queue import SentPacks
from app.dispatch.workers import Lost, Worker
from app.lifecycle import StudyState
from app.settings import Settings
from app.store.database import Database
from engine.seeding import Purpose, derived_seed
from tests.app.dispatch.making import SPACE, add_study, answer_of, assert_consistent, diverged, finished, study_of
from tests.app.dispatch.simulated import SimulatedWorker, SimulatedWorkers, simulated_dispatcher

MAX_STEPS = 30
STUDY: dict[str, Any] = {
    "search_space": SPACE.to_json(),
    "strategy": {"type": "coarse_to_fine", "rounds": 3},
    "trials": 20,
    "confirm": {"finalists": 3, "repeats": 2},
    "max_attempts": MAX_STEPS + 1,  # so that no trial uses them up
}

Event = Literal["result", "end", "lost", "error", "out of memory", "silent", "overdue", "talk", "restart"]
EVENTS: tuple[Event, ...] = get_args(Event)
Step = tuple[Event, int]  # what happens, and to which of the workers


def result(member: Member) -> Finished | Diverged:
    """What a trial always comes to: ties, a valley to zoom into, and divergence beyond it."""
    rate = math.log10(member.plan.learning_rate)
    if rate > -1.2:
        return diverged(member.number)
    luck = derived_seed(member.plan.seed, Purpose.WEIGHTS) / 2**53
    return finished(member.number, value=round(abs(rate + 2) + 0.2 * luck, 1), dev_loss=round(luck, 1))


class Life:
    """A study, and the dispatchers and workers that it has one after another."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings, self.database = settings, database
        self.study_id = add_study(database, **STUDY)
        self.start_dispatcher()

    def start_dispatcher(self) -> None:
        self.dispatcher: Dispatcher
        self.workers: SimulatedWorkers
        self.dispatcher, self.workers = simulated_dispatcher(self.settings, self.database)
        self.dispatcher.return_orphans()

    @property
    def has_ended(self) -> bool:
        return study_of(self.database, self.study_id).state is not StudyState.RUNNING

    def tick(self) -> None:
        self.dispatcher.tick()
        assert_consistent(self.database, self.study_id)

    def go_on_undisturbed(self) -> bytes:
        self.tick()
        while not self.has_ended:
            for worker in self.workers.working:
                self.workers.finish(worker, result)
            self.tick()
        return answer_of(self.database, self.study_id)

    def take(self, step: Step) -> None:
        event, position = step
        if event == "restart":
            self.start_dispatcher()
        elif self.workers.working:
            self.happen(event, self.workers.working[position % len(self.workers.working)])
        self.tick()

    def happen(self, event: Event, worker: SimulatedWorker) -> None:
        key = cast("Worker", worker)
        pack = cast("SentPacks", self.dispatcher.sent[key])
        is_alone = len(pack.numbers) == 1  # errors and overruns are a trial's own then, and final
        match event:
            case "result" if worker.untold:
                self.workers.say(worker, result(worker.untold.pop()))
            case "end":
                self.workers.finish(worker, result)
            case "lost":
                self.workers.say(worker, Lost())
            case "error" if not is_alone:
                self.workers.say(worker, WorkFailed("ValueError: x"), Lost())
            case "out of memory":
                self.workers.say(worker, WorkFailed("MemoryError: x", may_pass=True), Lost())
            case "silent":
                worker.last_heard = -math.inf
            case "overdue" if not is_alone:
                self.dispatcher.sent[key] = replace(pack, overdue_at=-math.inf)
            case "talk":
                self.workers.say(worker, Alive(), Progress({member.number: 1 for member in worker.untold}))
            case _:
                pass


@contextmanager
def new_life(pristine_data_dir: Path) -> Iterator[Life]:
    with TemporaryDirectory() as folder:
        for file in pristine_data_dir.glob("parfocal.db*"):
            shutil.copy(file, folder)
        own = Settings(data_dir=Path(folder), workers=2)
        database = Database(own.resolved_database_url)
        yield Life(own, database)
        database.dispose()


@pytest.fixture(scope="module")
def answer(pristine_data_dir: Path) -> bytes:
    """That of the study left in peace."""
    with new_life(pristine_data_dir) as life:
        answer = life.go_on_undisturbed()
        assert study_of(life.database, life.study_id).state is StudyState.COMPLETE
    assert b'"failure_reason": "diverged"' in answer
    assert answer.count(b'"repeat": 2') == 3
    return answer


@settings(max_examples=12, deadline=None, derandomize=True, database=None)
@given(steps=st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 1)), max_size=MAX_STEPS))
@example(steps=[("restart", 0)] * 3)
@example(steps=[("lost", 0), ("silent", 1)] * 10)
@example(steps=[("result", 0), ("result", 1), ("lost", 0), ("result", 1), ("overdue", 1), ("restart", 0)] * 5)
def test_a_study_has_the_same_answer_whatever_its_workers_and_dispatchers_go_through(
    pristine_data_dir: Path, answer: bytes, steps: list[Step]
) -> None:
    with new_life(pristine_data_dir) as life:
        life.tick()
        for step in steps:
            life.take(step)
        assert life.go_on_undisturbed() == answer
