"""The three state machines: what may follow what."""

from enum import StrEnum

import pytest

from app.lifecycle import (
    ENDED_JOB,
    ENDED_STUDY,
    ENDED_TRIAL,
    JobState,
    StudyState,
    TrialState,
    job_can_become,
    study_can_become,
    trial_can_become,
)

STUDY_STEPS = {
    "queued → running", "queued → failed", "queued → cancelled",
    "running → complete", "running → failed", "running → cancelled",
}  # fmt: skip
TRIAL_STEPS = {
    "waiting → running", "waiting → cancelled",
    "running → waiting", "running → complete", "running → failed", "running → cancelled",
}  # fmt: skip

JOB_STEPS = {"waiting → running", "running → waiting", "running → complete", "running → failed"}


def test_a_study_takes_the_steps_of_its_life_and_no_others() -> None:
    steps = {f"{old} → {new}" for old in StudyState for new in StudyState if study_can_become(old, new)}
    assert steps == STUDY_STEPS


def test_a_trial_takes_the_steps_of_its_life_and_no_others() -> None:
    steps = {f"{old} → {new}" for old in TrialState for new in TrialState if trial_can_become(old, new)}
    assert steps == TRIAL_STEPS


def test_a_job_takes_the_steps_of_its_life_and_no_others() -> None:
    steps = {f"{old} → {new}" for old in JobState for new in JobState if job_can_become(old, new)}
    assert steps == JOB_STEPS


def test_an_end_is_a_state_that_nothing_follows() -> None:
    assert {"complete", "failed", "cancelled"} == ENDED_STUDY
    assert {"complete", "failed", "cancelled"} == ENDED_TRIAL
    assert {"complete", "failed"} == ENDED_JOB


@pytest.mark.parametrize("state", [*StudyState, *TrialState, *JobState])
def test_a_state_is_stored_as_its_word(state: StrEnum) -> None:
    assert f"{state}" == state.value == state.name.lower()
