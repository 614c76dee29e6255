"""The winner of a study on the test rows, which are there for one look."""

from app.cli.console import busy, hint, print_json, say
from app.cli.errors import CommandError
from app.cli.figures import measured, metric_label
from app.cli.options import AsJson, StudyReference, Url, connect, find_study
from app.client import Answer
from app.lifecycle import JobState


def test(study: StudyReference, url: Url = None, as_json: AsJson = False) -> None:  # noqa: PT028 - a command, no test
    """Evaluate the winner of a complete study on its test rows.

    Every look is counted: whoever goes on choosing after one has nothing left that tells the truth.
    """
    with connect(url) as client, busy("Evaluating the winner on the test rows …"):
        study_id = find_study(client, study)["id"]
        found = client.wait_for_test(study_id, client.test_winner(study_id)["id"])
    if as_json:
        print_json(found)
    elif found["state"] == JobState.COMPLETE:
        _show(found)
    if found["state"] != JobState.COMPLETE:
        raise CommandError(f"the winner could not be tested: {found['failure']}")


def _show(found: Answer) -> None:
    metric = found["metric"]
    low, high = (measured(metric, end) for end in found["interval"])
    say(
        f"{metric_label(metric, 'test')} of trial {found['trial']}: {measured(metric, found['value'])} "
        f"on {found['rows']:,} rows, 95 % interval {low} to {high}"
    )
    if found["look"] > 1:
        hint(f"this was look {found['look']} at the test rows: what was chosen since the first makes it look too good")
