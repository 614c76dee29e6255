"""Jobs that wait, and those that workers do."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.dispatch import job_orders, job_recording
from app.dispatch.assignment import Assignment
from app.dispatch.messages import Message, Order
from app.dispatch.workers import Lost, Worker
from app.lifecycle import FailureReason, JobState
from app.settings import Settings
from app.store import jobs
from app.store.models import Job
from engine.errors import InvalidField


@dataclass(frozen=True)
class SentJob:
    id: str
    timeout_seconds: float
    overdue_at: float

    def is_wanted(self, session: Session) -> bool:
        return self._running(session) is not None

    def record(self, session: Session, message: Message | Lost) -> None:
        job = self._running(session)
        if job is not None:
            job_recording.record(session, job, message)

    def give_up(self, session: Session, reason: FailureReason) -> None:
        job = self._running(session)
        if job is None:
            return
        if reason is FailureReason.TIMEOUT:
            jobs.fail(job, f"it took longer than {self.timeout_seconds:g} seconds")
        else:
            jobs.lose(job, "its worker has gone silent")

    def leave(self, session: Session) -> None:
        """Nothing is left to do: a job's own row tells whether it has a worker."""

    def _running(self, session: Session) -> Job | None:
        job = session.get(Job, self.id)
        return job if job is not None and job.state is JobState.RUNNING else None


class JobQueue:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def waits(self, session: Session) -> bool:
        return jobs.next_waiting(session) is not None

    def claim(
        self, session: Session, worker: Worker, sent: Collection[Assignment], free_workers: int
    ) -> tuple[SentJob, Order] | None:
        del sent, free_workers  # a job is one, and the oldest goes first
        job = jobs.next_waiting(session)
        if job is None:
            return None
        jobs.start(job, worker.pid, worker.started)
        try:
            order, timeout_seconds = job_orders.order_for(session, job, self.settings)
        except InvalidField as complaint:  # of a study that goes on, or that an earlier version's rules allowed
            jobs.fail(job, complaint.message)
            return None
        return SentJob(job.id, timeout_seconds, time.monotonic() + timeout_seconds), order

    def left_behind(self, session: Session) -> Sequence[tuple[int, str]]:
        return [(job.pid, job.process_started) for job in jobs.running(session) if job.pid and job.process_started]

    def return_orphans(self, session: Session) -> None:
        for job in jobs.running(session):
            jobs.give_back(job)
