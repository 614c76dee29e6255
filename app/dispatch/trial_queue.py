"""Trials that wait, and packs of them that workers train."""

import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.orm import Session

from app.dispatch import packing, pruning, recording
from app.dispatch.assignment import Assignment
from app.dispatch.messages import Diverged, Finished, Message, TrainPacks
from app.dispatch.packing import ChosenPack
from app.dispatch.workers import Lost, Worker
from app.lifecycle import FailureReason, StudyState, TrialState
from app.store import packs, rounds, studies, trials
from app.store.models import Study, Trial
from engine.training.data_shape import DataShape
from engine.training.pruning import StopCurve

TEXTS = {
    FailureReason.TIMEOUT: "its training took longer than `trial_timeout_seconds`",
    FailureReason.WORKER_LOST: "its worker has gone silent",
}


@dataclass(frozen=True)
class SentPacks:
    id: int
    study_id: str
    numbers: list[int]
    overdue_at: float
    told: set[int] = field(default_factory=set)  # their results: what becomes of them then is no matter of this worker

    def is_wanted(self, session: Session) -> bool:
        study = session.get(Study, self.study_id)
        return study is not None and study.state is StudyState.RUNNING

    def record(self, session: Session, message: Message | Lost) -> None:
        recording.record(session, self.study_id, self._open(), message, was_alone=self._was_alone)
        if isinstance(message, Finished | Diverged):
            self.told.add(message.number)

    def give_up(self, session: Session, reason: FailureReason) -> None:
        study = session.get(Study, self.study_id)
        running = [t for t in trials.some(session, self.study_id, self._open()) if t.state is TrialState.RUNNING]
        if study is not None and running:
            study.version += 1
            final = reason is FailureReason.TIMEOUT
            recording.give_back(session, study, running, reason, TEXTS[reason], was_alone=self._was_alone, final=final)

    def leave(self, session: Session) -> None:
        packs.remove(session, self.id)

    @property
    def _was_alone(self) -> bool:
        return len(self.numbers) == 1

    def _open(self) -> list[int]:
        """Those without a result yet. Others may be on their next rung already, with another worker."""
        return [number for number in self.numbers if number not in self.told]


class TrialQueue:
    def __init__(self, datasets_dir: Path, pack_bytes: int) -> None:
        """No pack takes more memory than `pack_bytes`, unless a single trial does."""
        self.datasets_dir = datasets_dir
        self.pack_bytes = pack_bytes

    def waits(self, session: Session) -> bool:
        return bool(_studies_with_work(session))

    def claim(
        self, session: Session, worker: Worker, sent: Collection[Assignment], free_workers: int
    ) -> tuple[SentPacks, TrainPacks] | None:
        study = _next_study(session, sent)
        if study is None:
            return None
        dataset, waiting = studies.dataset(session, study), trials.waiting(session, study.id, packing.WINDOW)
        shape = DataShape.described(dataset.description)
        chosen = packing.choose_packs(study, waiting, free_workers, shape, self.pack_bytes)
        if not chosen:
            return None
        study.version += 1
        by_number = {trial.number: trial for trial in waiting}
        for pack in chosen:
            _start(study, pack, by_number)
        numbers = [number for pack in chosen for number in pack.numbers]
        sent_packs = packs.add(session, study.id, numbers, worker.pid, worker.started)
        overdue_at = time.monotonic() + study.trial_timeout_seconds * len(chosen)
        order = TrainPacks(
            self.datasets_dir / dataset.content_hash,
            tuple(member for pack in chosen for member in pack.members),
            _stop_curve(session, study, waiting),
        )
        return SentPacks(sent_packs.id, study.id, numbers, overdue_at), order

    def left_behind(self, session: Session) -> Sequence[tuple[int, str]]:
        return [(pack.pid, pack.process_started) for pack in packs.every(session)]

    def return_orphans(self, session: Session) -> None:
        for pack in packs.every(session):
            packs.remove(session, pack.id)
        for trial in trials.running(session):
            study = studies.get(session, trial.study_id)
            study.version += 1
            trials.give_back(study, trial)


def _start(study: Study, pack: ChosenPack, waiting: Mapping[int, Trial]) -> None:
    for number in pack.numbers:
        trials.start(study, waiting[number], len(pack.members), pack.key)
    studies.count_pack(study, len(pack.members))


def _stop_curve(session: Session, study: Study, waiting: Sequence[Trial]) -> StopCurve:
    """That of the open round; repeats are trained to their end."""
    return () if waiting[0].repeat_of is not None else pruning.limits(study, rounds.open_one(session, study))


def _next_study(session: Session, sent: Collection[Assignment]) -> Study | None:
    """The study with the fewest workers, the oldest of equals."""
    busy = Counter(each.study_id for each in sent if isinstance(each, SentPacks))
    return min(_studies_with_work(session), key=lambda study: busy[study.id], default=None)


def _studies_with_work(session: Session) -> list[Study]:
    return [
        study
        for study in studies.unfinished(session)
        if study.state is StudyState.RUNNING and study.counts[TrialState.WAITING]
    ]
