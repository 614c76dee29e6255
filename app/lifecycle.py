"""The three state machines.

    study   queued → running → complete | failed | cancelled
    trial   waiting → running → complete | failed | cancelled,  running → waiting when its worker was lost
    job     waiting → running → complete | failed,  running → waiting when its worker was lost

A study can be cancelled from any state that is not an end. A trial or a job never leaves an end.
"""

from enum import StrEnum


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
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"


class JobKind(StrEnum):
    """What a worker does besides training trials."""

    GRADIENT_CHECK = "gradient_check"
    MODEL = "model"  # trains a study's winner again, and saves it


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


_STUDY_STEPS = {
    StudyState.QUEUED: {StudyState.RUNNING, StudyState.FAILED, StudyState.CANCELLED},
    StudyState.RUNNING: {StudyState.COMPLETE, StudyState.FAILED, StudyState.CANCELLED},
}

_TRIAL_STEPS = {
    TrialState.WAITING: {TrialState.RUNNING, TrialState.CANCELLED},
    TrialState.RUNNING: {TrialState.WAITING, TrialState.COMPLETE, TrialState.FAILED, TrialState.CANCELLED},
}

_JOB_STEPS = {
    JobState.WAITING: {JobState.RUNNING},
    JobState.RUNNING: {JobState.WAITING, JobState.COMPLETE, JobState.FAILED},
}


def study_can_become(old: StudyState, new: StudyState) -> bool:
    return new in _STUDY_STEPS.get(old, set())


def trial_can_become(old: TrialState, new: TrialState) -> bool:
    return new in _TRIAL_STEPS.get(old, set())


def job_can_become(old: JobState, new: JobState) -> bool:
    return new in _JOB_STEPS.get(old, set())


ENDED_STUDY = frozenset(state for state in StudyState if state not in _STUDY_STEPS)
ENDED_TRIAL = frozenset(state for state in TrialState if state not in _TRIAL_STEPS)
ENDED_JOB = frozenset(state for state in JobState if state not in _JOB_STEPS)
