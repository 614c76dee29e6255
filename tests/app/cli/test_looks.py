"""The winner on the test rows, from the command line."""

import json
from typing import Any

from app.client import Client
from tests.app.cli.running import SMALL_STUDY, Parfocal


def test_the_winner_is_tested_and_later_looks_are_called_so(parfocal: Parfocal, client: Client) -> None:
    study = client.wait(client.create_study(SMALL_STUDY | {"name": "looked at"})["id"])
    first = parfocal("test", study["id"])
    assert (first.exit_code, first.err) == (0, "")
    [look] = client.tests(study["id"])
    low, high = (f"{100 * end:.2f} %" for end in look["interval"])
    assert first.out == (
        f"test error of trial {study['winner']['number']}: {100 * look['value']:.2f} % on 114 rows, "
        f"95 % interval {low} to {high}\n"
    )
    again = parfocal("test", study["id"])
    assert "this was look 2 at the test rows" in again.err
    assert again.out == first.out
    told = json.loads(parfocal("test", study["id"], "--json").out)
    assert told == client.tests(study["id"])[2]
    assert "looks at the test rows: 3" in parfocal("show", study["id"]).out


def test_a_study_that_is_not_complete_is_refused(parfocal: Parfocal, long_study: dict[str, Any]) -> None:
    outcome = parfocal("test", long_study["id"])
    assert outcome.exit_code == 1
    assert "only the winner of a complete study is tested" in outcome.complaint
