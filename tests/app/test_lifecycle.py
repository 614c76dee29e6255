"""The three state machines: what may follow what."""

from enum import StrEnum
from typing import Any

import pytest

from app.lifecycle import JOB_LIFE, STUDY_LIFE, TRIAL_LIFE, JobState, Life, StudyState, TrialState

LIVES: list[tuple[type[StrEnum], Life[Any], set[str], set[str]]] = [
    (
        StudyState,
        STUDY_LIFE,
        {
            "queued → running", "queued → failed", "queued → cancelled",
            "running → complete", "running → failed", "running → cancelled",
            "complete → running",
        },
        {"complete", "failed", "cancelled"},
    ),
    (
        TrialState,
        TRIAL_LIFE,
        {
            "waiting → running", "waiting → pruned", "waiting → cancelled", "pruned → waiting",
            "running → waiting", "running → complete", "running → pruned", "running → failed",
            "running → cancelled",
        },
        {"complete", "pruned", "failed", "cancelled", "imported"},
    ),
    (
        JobState,
        JOB_LIFE,
        {"waiting → running", "running → waiting", "running → complete", "running → failed"},
        {"complete", "failed"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("states", "life", "steps", "ends"), LIVES, ids=["study", "trial", "job"])
def test_each_takes_the_steps_of_its_life_and_no_others_to_its_ends(
    states: type[StrEnum], life: Life[Any], steps: set[str], ends: set[str]
) -> None:
    assert {f"{old} → {new}" for old in states for new in states if life.allows(old, new)} == steps
    assert life.ends == ends


@pytest.mark.parametrize("state", [*StudyState, *TrialState, *JobState])
def test_a_state_is_stored_as_its_word(state: StrEnum) -> None:
    assert f"{state}" == state.value == state.name.lower()
