from typing import Any

import pytest

from app.cli.arrivals import waiting


def study(**fields: Any) -> dict[str, Any]:
    return {"state": "running", "round": 1, "rounds": 3, "arrivals": {"enqueued": 1, "imported": 2}, **fields}


@pytest.mark.parametrize(
    ("fields", "when"),
    [
        ({}, "when round 2 opens"),
        ({"state": "queued", "round": None}, "when round 0 opens"),
        ({"round": 2}, "once the study is extended"),
        ({"state": "complete", "round": 2}, "once the study is extended"),
        ({"state": "complete"}, "once the study is extended"),  # its time had run out
    ],
)
def test_what_waits_is_told_with_when_it_takes_effect(fields: dict[str, Any], when: str) -> None:
    told = [f"1 trial waits to be tried {when}", f"2 trials wait to be learnt from {when}"]
    assert list(waiting(study(**fields))) == told


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_for_a_study_that_never_goes_on_nothing_waits(state: str) -> None:
    assert list(waiting(study(state=state))) == []
