from typing import Any

import pytest

from app.cli.progress import PlainLines

STUDY: dict[str, Any] = {
    "state": "running",
    "round": 1,
    "rung": None,
    "rounds": 9,
    "finalists": None,
    "trials": 100,
    "counts": {"complete": 20, "running": 5},
    "best_trial": None,
    "objective": {"metric": "error_rate"},
}


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({}, "round 1 of 0–8, 20/100 trials"),
        ({"round": None, "state": "queued"}, "queued, 20/100 trials"),
        ({"round": 0, "rounds": 1}, "running, 20/100 trials"),
        ({"round": 0, "rounds": 1, "rung": 2}, "running, rung 2, 20/100 trials"),
        ({"rung": 0}, "round 1 of 0–8, rung 0, 20/100 trials"),
        ({"round": 8, "rung": 2, "finalists": [3, 5]}, "confirming 2 finalists, 20/100 trials"),
        ({"state": "complete"}, "complete, 20/100 trials"),
    ],
)
def test_a_line_tells_how_far_a_study_is(fields: dict[str, Any], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    PlainLines().show(STUDY | fields)
    assert capsys.readouterr().out == f"{line}\n"
