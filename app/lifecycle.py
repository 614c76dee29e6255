"""The three state machines.

    study   queued → running → complete | failed | cancelled,  complete → running when it is extended
    trial   waiting → running → complete | pruned | failed | cancelled,  running → waiting when its worker was lost,
            pruned → waiting when it goes on to the next rung of its round
    job     waiting → running → complete | failed,  running → waiting when its worker was lost

A study can be cancelled from any state that is not an end, and goes on from complete when it is extended. A trial never
leaves an end but to go on to a next rung, and is pruned again, be it still waiting, if its study ends meanwhile; a job
leaves none. A trial that was imported has begun in one.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar


class StudyState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELLED = "cancelled"


class TrialState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    COMPLETE = "complete"
    PRUNED = "pruned"  # given up, because others had come further by the same epoch
    FAILED = "failed"
    CANCELLED = "cancelled"
    IMPORTED = "imported"  # a result from elsewhere, which only teaches the strategy


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"


class JobKind(StrEnum):
    """What a worker does besides training trials."""

    GRADIENT_CHECK = "gradient_check"
    MODEL = "model"  # trains a study's winner again, and saves it
    TEST = "test"  # trains it again, and evaluates it on the guarded test rows


class FailureReason(StrEnum):
    DIVERGED = "diverged"
    TIMEOUT = "timeout"
    WORKER_LOST = "worker_lost"
    ERROR = "error"


class EndedBy(StrEnum):
    """Why a study ended."""

    BUDGET = "budget"
    MAX_SECONDS = "max_seconds"
    CANCELLED = "cancelled"
    FAILURE = "failure"


State = TypeVar("State", bound=StrEnum)


@dataclass(frozen=True)
class Life(Generic[State]):
    """The states of one kind of thing."""

    steps: Mapping[State, Set[State]]  # what may follow each state; one that is left out is an end
    ways_back: Mapping[State, Set[State]] = field(default_factory=dict)  # out of an end, when somebody asks for it

    def allows(self, old: State, new: State) -> bool:
        return new in self.steps.get(old, ()) or new in self.ways_back.get(old, ())

    @property
    def ends(self) -> frozenset[State]:
        states = type(next(iter(self.steps)))
        return frozenset(state for state in states if state not in self.steps)


STUDY_LIFE = Life(
    {
        StudyState.QUEUED: {StudyState.RUNNING, StudyState.FAILED, StudyState.CANCELLED},
        StudyState.RUNNING: {StudyState.COMPLETE, StudyState.FAILED, StudyState.CANCELLED},
    },
    ways_back={StudyState.COMPLETE: {StudyState.RUNNING}},
)

TRIAL_LIFE = Life(
    {
        TrialState.WAITING: {TrialState.RUNNING, TrialState.PRUNED, TrialState.CANCELLED},
        TrialState.RUNNING: {
            TrialState.WAITING,
            TrialState.COMPLETE,
            TrialState.PRUNED,
            TrialState.FAILED,
            TrialState.CANCELLED,
        },
    },
    ways_back={TrialState.PRUNED: {TrialState.WAITING}},
)

JOB_LIFE = Life(
    {
        JobState.WAITING: {JobState.RUNNING},
        JobState.RUNNING: {JobState.WAITING, JobState.COMPLETE, JobState.FAILED},
    }
)
