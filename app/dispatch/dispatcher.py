"""The one process that proposes, packs, sends and records. It remembers nothing: the database does."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

from sqlalchemy.orm import Session

from app.dispatch import packing, proposing, recording
from app.dispatch.messages import DatasetUnreadable, Done, Message, Order, PackFailed
from app.dispatch.processes import end_left_behind
from app.dispatch.workers import Lost, NotStarted, Worker, Workers
from app.lifecycle import FailureReason, StudyState, TrialState
from app.settings import Settings
from app.store import dispatchers, packs, studies, trials
from app.store.database import Database
from app.store.models import Study

TICK_SECONDS = 0.1  # how long a new study may go unnoticed
BEAT_SECONDS = 1.0


@dataclass(frozen=True)
class SentPack:
    id: int
    study_id: str
    numbers: list[int]
    overdue_at: float  # by the monotonic clock


class Dispatcher:
    def __init__(self, settings: Settings, database: Database, epoch: int) -> None:
        self.settings = settings
        self.database = database
        self.epoch = epoch
        self.workers = Workers(settings.workers)
        self.sent: dict[Worker, SentPack] = {}
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
        """End what an earlier dispatcher left training, and let its trials wait again. That counts no attempt."""
        with self.database.reading() as session:
            left = packs.every(session)
        for pack in left:
            end_left_behind(pack.pid, pack.process_started)
        with self._writing() as session:
            for pack in left:
                packs.remove(session, pack.id)
            for trial in trials.running(session):
                study = studies.get(session, trial.study_id)
                study.version += 1
                trials.give_back(study, trial)

    def collect(self) -> None:
        """Record all that the workers have said since the last tick, in one transaction."""
        news = self.workers.receive(TICK_SECONDS)
        if not news:
            return
        with self._writing() as session:
            for worker, message in news:
                pack = self.sent[worker]
                recording.record(session, pack.study_id, pack.numbers, message)
                if _is_last(message):
                    packs.remove(session, pack.id)
        for worker, message in news:
            if _is_last(message) and worker in self.sent:  # Done and then the closed pipe: both are the last
                self._forget(worker)

    def end_overdue(self) -> None:
        """Kill the workers that took too long or have gone silent."""
        now = time.monotonic()
        for worker, pack in list(self.sent.items()):
            if now > pack.overdue_at:
                self._end(worker, FailureReason.TIMEOUT, "its training took longer than `trial_timeout_seconds`", True)
            elif now - worker.last_heard > self.settings.worker_silence_seconds:
                self._end(worker, FailureReason.WORKER_LOST, "its worker has gone silent", False)

    def end_unwanted(self) -> None:
        """Kill the workers of studies that no longer run: cancelled, deleted, out of time."""
        if not self.sent:
            return
        with self.database.reading() as session:
            wanted = studies.still_running(session, [pack.study_id for pack in self.sent.values()])
        for worker, pack in list(self.sent.items()):
            if pack.study_id not in wanted:
                self._forget(worker)
                with self._writing() as session:
                    packs.remove(session, pack.id)

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
        """Give each free worker a pack, as long as trials wait."""
        while self.workers.free and (study_id := self._next_study()):
            try:
                worker = self.workers.start()
            except NotStarted:
                return  # the next tick tries again
            order = self._claim(study_id, worker)
            if order is None:
                self.workers.kill(worker)
                return
            worker.send(order)

    def _next_study(self) -> str | None:
        """The study with the fewest packs in training, the oldest of equals."""
        busy = Counter(pack.study_id for pack in self.sent.values())
        with self.database.reading() as session:
            waiting = [study.id for study in studies.unfinished(session) if study.counts[TrialState.WAITING]]
        return min(waiting, key=lambda study_id: busy[study_id], default=None)

    def _claim(self, study_id: str, worker: Worker) -> Order | None:
        """Mark a pack's trials as running by `worker`. The worker starts once that is committed."""
        with self._writing() as session:
            study = session.get(Study, study_id)
            if study is None or study.state is not StudyState.RUNNING:
                return None
            waiting = trials.waiting(session, study_id, packing.WINDOW)
            dataset = studies.dataset(session, study)
            shape = packing.data_shape(dataset.description)
            chosen = packing.choose_pack(study, waiting, self.workers.free + 1, shape)
            if chosen is None:
                return None
            study.version += 1
            for trial in trials.some(session, study_id, chosen.numbers):
                trials.start(study, trial, len(chosen.members), chosen.key)
            pack = packs.add(session, study_id, chosen.numbers, worker.pid, worker.started)
            folder = self.settings.datasets_dir / dataset.content_hash
            overdue_at = time.monotonic() + study.trial_timeout_seconds
        self.sent[worker] = SentPack(pack.id, study_id, chosen.numbers, overdue_at)
        return Order(folder, chosen.members)

    def beat(self) -> None:
        if time.monotonic() - self.last_beat >= BEAT_SECONDS:
            with self._writing():
                self.last_beat = time.monotonic()

    def _end(self, worker: Worker, reason: FailureReason, text: str, final: bool) -> None:
        pack = self.sent[worker]
        self._forget(worker)
        with self._writing() as session:
            packs.remove(session, pack.id)
            study = session.get(Study, pack.study_id)
            running = [t for t in trials.some(session, pack.study_id, pack.numbers) if t.state is TrialState.RUNNING]
            if study is not None and running:
                study.version += 1
                recording.give_back(study, running, reason, text, final=final)

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
    return isinstance(message, Lost | Done | PackFailed | DatasetUnreadable)
