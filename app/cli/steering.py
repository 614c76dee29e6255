"""Steering a search on its way: values of one's own to try, results to learn from, more trials."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.arrivals import next_round, waiting
from app.cli.console import hint, program, say
from app.cli.options import StudyReference, Url, connect, find_study
from app.cli.trial_table import read_results, read_values
from app.client import Answer

TRIALS_AT_A_TIME = 1000  # about half of what the service takes in one body

TrialFile = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        exists=True,
        dir_okay=False,
        readable=True,
        help="JSON, a list of objects; or CSV, a line for each trial and a column for each parameter.",
    ),
]


def enqueue(study: StudyReference, file: TrialFile, url: Url = None) -> None:
    """Let a study try values of your own next.

    They are part of its budget. In JSON each is {"learning_rate": 0.01, …}.
    """
    with connect(url) as client:
        found = find_study(client, study)
        values = read_values(file, found["search_space"]["parameters"])
        for start in range(0, len(values), TRIALS_AT_A_TIME):
            client.enqueue(found["id"], values[start : start + TRIALS_AT_A_TIME])
        _tell(client.study(found["id"]))


def import_trials(study: StudyReference, file: TrialFile, url: Url = None) -> None:
    """Let a study learn from finished trials of elsewhere.

    They are none of its budget. In JSON each is {"values": {"learning_rate": 0.01, …}, "value": 0.03}, and a study's
    export will do; CSV has a column `value` and, if wished, `dev_loss`. No value means that the trial had failed.
    """
    with connect(url) as client:
        found = find_study(client, study)
        results = read_results(file, found["search_space"]["parameters"])
        for start in range(0, len(results), TRIALS_AT_A_TIME):
            client.import_trials(found["id"], results[start : start + TRIALS_AT_A_TIME])
        _tell(client.study(found["id"]))


def extend(
    study: StudyReference,
    trials: Annotated[int, typer.Argument(min=1, metavar="TRIALS", help="How many more.")],
    url: Url = None,
) -> None:
    """Let a complete study go on with more trials."""
    with connect(url) as client:
        extended = client.extend_study(find_study(client, study)["id"], trials)
    say(f"study {extended['id']} ({extended['name']}) goes on to {extended['trials']} trials")
    hint(f"next: {program()} watch {extended['id']}")


def _tell(study: Answer) -> None:
    """What waits now; if the next round was quick to open, nothing does any more."""
    told = list(waiting(study)) or [f"round {study['round']} has begun with what was added"]
    for sentence in told:
        say(f"study {study['id']} ({study['name']}): {sentence}")
    if next_round(study) is None:
        hint(f"next: {program()} extend {study['id']} TRIALS")
