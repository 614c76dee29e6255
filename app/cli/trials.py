"""Trials: what was tried, and what came of each."""

from typing import Annotated, Literal

import typer

from app.cli.console import console, hint, plain_table, print_json_list
from app.cli.diagnosis import findings
from app.cli.figures import measured, metric_label, values
from app.cli.options import AsJson, Limit, StudyReference, Url, connect, find_study
from app.client import Answer
from app.lifecycle import TrialState

DIAGNOSIS_WIDTH = 12  # leaves the values, in a terminal of 80 characters, so much that no name stands without its value


def trials(
    study: StudyReference,
    order_by: Annotated[Literal["number", "value"], typer.Option(help="value: the best first.")] = "number",
    state: Annotated[TrialState | None, typer.Option(help="Only those.", show_default=False)] = None,
    round_number: Annotated[
        int | None, typer.Option("--round", min=0, help="Only its own.", show_default=False)
    ] = None,
    limit: Limit = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List the trials of a study with the values they tried."""
    with connect(url) as client:
        of_study = find_study(client, study)
        asked = client.trials(of_study["id"], state=state, round_number=round_number, order_by=order_by, limit=limit)
        found = list(asked)
    if as_json:
        print_json_list(found)
        return
    if not found:
        hint("there are no such trials")
        return
    metric = of_study["objective"]["metric"]
    label = metric_label(metric)
    figures = ["trial", "round", "epochs", label]
    table = plain_table("trial", "round", "state", "epochs", label, "diagnosis", "values", right=figures)
    table.columns[-2].max_width = DIAGNOSIS_WIDTH
    for trial in found:
        table.add_row(*_trial_row(metric, trial))
    console.print(table)


def _trial_row(metric: str, trial: Answer) -> list[str]:
    state = trial["failure_reason"] or trial["state"]
    return [
        str(trial["number"]),
        str(trial["round"]),
        state,
        "–" if trial["epochs"] is None else str(trial["epochs"]),
        measured(metric, trial["value"]),
        findings(trial["diagnosis"]),
        values(trial["values"]),
    ]
