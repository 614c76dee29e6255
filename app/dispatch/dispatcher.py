"""The one process that proposes, packs, sends and records. It remembers nothing: the database does."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from sqlalchemy.orm import Session

from app.dispatch import proposing
from app.dispatch.assignment import Assignment, Queue
from app.dispatch.job_queue import JobQueue, SentJob
from app.dispatch.messages import End, Message, Order
from app.dispatch.processes import end_left_behind
from app.dispatch.trial_queue import TrialQueue
from app.dispatch.workers import Lost, NotStarted, Worker, Workers
from app.lifecycle import FailureReason, StudyState
from app.settings import Settings
from app.store import dispatchers, studies
from app.store.database import Database
from app.store.models import Study

TICK_SECONDS = 0.1  # how long a new study may go unnoticed
BEAT_SECONDS = 1.0


class Dispatcher:
    def __init__(self, settings: Settings, database: Database, epoch: int) -> None:
        self.settings = settings
        self.database = database
        self.epoch = epoch
        self.workers = Workers(settings.workers)
        self.jobs: Queue = JobQueue(settings)
        self.trials: Queue = TrialQueue(settings.datasets_dir, settings.pack_bytes)
        self.sent: dict[Worker, Assignment] = {}
        self.last_beat = 0.0

    def run(self) -> NoReturn:
        self.return_orphans()
        while True:
            self.tick()

    def tick(self) -> None:
        self.collect()
        self.end_overdue()
        self.end_unwanted()
        self.propose()
        self.send()
        self.beat()

    def return_orphans(self) -> None:
        """End what an earlier dispatcher left working, and let its work wait again. That counts no attempt."""
        queues = (self.jobs, self.trials)
        with self.database.reading() as session:
            left = [process for queue in queues for process in queue.left_behind(session)]
        for pid, started in left:
            end_left_behind(pid, started)
        with self._writing() as session:
            for queue in queues:
                queue.return_orphans(session)

    def collect(self) -> None:
        """Record all that the workers have said since the last tick, in one transaction."""
        news = self.workers.receive(TICK_SECONDS)
        if not news:
            return
        with self._writing() as session:
            for worker, message in news:
                self.sent[worker].record(session, message)
                if _is_last(message):
                    self.sent[worker].leave(session)
        for worker, message in news:
            if _is_last(message) and worker in self.sent:  # Done and then the closed pipe: both are the last
                self._forget(worker)

    def end_overdue(self) -> None:
        """Kill the workers that took too long or have gone silent."""
        now = time.monotonic()
        for worker, assignment in list(self.sent.items()):
            if now > assignment.overdue_at:
                self._give_up(worker, FailureReason.TIMEOUT)
            elif now - worker.last_heard > self.settings.worker_silence_seconds:
                self._give_up(worker, FailureReason.WORKER_LOST)

    def _give_up(self, worker: Worker, reason: FailureReason) -> None:
        assignment = self.sent[worker]
        self._forget(worker)
        with self._writing() as session:
            assignment.leave(session)
            assignment.give_up(session, reason)

    def end_unwanted(self) -> None:
        """Kill the workers whose work nobody waits for: it was cancelled, deleted, or ran out of time."""
        if not self.sent:
            return
        with self.database.reading() as session:
            unwanted = [worker for worker, assignment in self.sent.items() if not assignment.is_wanted(session)]
        for worker in unwanted:
            assignment = self.sent[worker]
            self._forget(worker)
            with self._writing() as session:
                assignment.leave(session)

    def propose(self) -> None:
        for study_id in self._studies_to_advance():
            with self._writing() as session:
                study = session.get(Study, study_id)
                if study is not None and study.state in (StudyState.QUEUED, StudyState.RUNNING):
                    proposing.advance(session, study)

    def _studies_to_advance(self) -> list[str]:
        with self.database.reading() as session:
            return [study.id for study in studies.unfinished(session) if proposing.needs_attention(study)]

    def send(self) -> None:
        """Give each free worker something to do, as long as there is."""
        while self.workers.free and (queue := self._next_queue()):
            try:
                worker = self.workers.start()
            except NotStarted:
                return  # the next tick tries again
            order = self._claim(queue, worker)
            if order is None:
                self.workers.kill(worker)
                return
            worker.send(order)

    def _next_queue(self) -> Queue | None:
        """Jobs go first, because a person waits for each; where trials wait too, one job at a time."""
        has_job = any(isinstance(assignment, SentJob) for assignment in self.sent.values())
        with self.database.reading() as session:
            trials_wait = self.trials.waits(session)
            if self.jobs.waits(session) and not (has_job and trials_wait):
                return self.jobs
        return self.trials if trials_wait else None

    def _claim(self, queue: Queue, worker: Worker) -> Order | None:
        with self._writing() as session:
            claimed = queue.claim(session, worker, self.sent.values(), self.workers.free + 1)
        if claimed is None:
            return None
        self.sent[worker], order = claimed
        return order

    def beat(self) -> None:
        if time.monotonic() - self.last_beat >= BEAT_SECONDS:
            with self._writing():
                self.last_beat = time.monotonic()

    def _forget(self, worker: Worker) -> None:
        del self.sent[worker]
        self.workers.kill(worker)

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        """A transaction that writes only while this dispatcher is the newest."""
        with self.database.writing() as session:
            dispatchers.check(session, self.epoch)
            yield session


def _is_last(message: Message | Lost) -> bool:
    return isinstance(message, Lost | End)
