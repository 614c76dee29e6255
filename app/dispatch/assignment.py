"""What a worker is busy with, a pack of trials or a job, and where more waits. The dispatcher treats both alike."""

from collections.abc import Collection, Sequence
from typing import Protocol

from sqlalchemy.orm import Session

from app.dispatch.messages import Message, Order
from app.dispatch.workers import Lost, Worker
from app.lifecycle import FailureReason


class Assignment(Protocol):
    """Work that a worker has."""

    @property
    def overdue_at(self) -> float:
        """When its worker is killed, by the monotonic clock."""

    def is_wanted(self, session: Session) -> bool:
        """Whether anybody still waits for it: nobody does once it was cancelled or deleted."""

    def record(self, session: Session, message: Message | Lost) -> None:
        """Keep what its worker said. News that comes too late is dropped."""

    def give_up(self, session: Session, reason: FailureReason) -> None:
        """Its worker was killed, because it took too long or fell silent."""

    def leave(self, session: Session) -> None:
        """Its worker has ended, one way or the other."""


class Queue(Protocol):
    """Work of one kind, in the database."""

    def waits(self, session: Session) -> bool:
        """Whether there is work to claim."""

    def claim(
        self, session: Session, worker: Worker, sent: Collection[Assignment], free_workers: int
    ) -> tuple[Assignment, Order] | None:
        """Mark the next work as running by `worker`, which starts once that is committed; None if none is left.

        `sent` is what other workers have, and `free_workers` counts this one in.
        """

    def left_behind(self, session: Session) -> Sequence[tuple[int, str]]:
        """The workers, by pid and start, that an earlier dispatcher sent."""

    def return_orphans(self, session: Session) -> None:
        """Let what an earlier dispatcher sent wait again, once its workers are gone. That counts no attempt."""
