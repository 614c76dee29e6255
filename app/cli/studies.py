"""Studies: submit one, watch it, look at what it found, take it along."""

from typing import Annotated, Literal

import typer
from rich.text import Text

from app.cli.console import (
    console,
    hint,
    plain_table,
    print_json,
    print_json_list,
    printable,
    program,
    say,
    write_document,
)
from app.cli.errors import CommandError
from app.cli.figures import measured, metric_words, moment, progress_counts
from app.cli.options import AsJson, Limit, Output, StudyReference, Url, connect, find_study
from app.cli.overview import STATE_STYLES, show_study
from app.cli.progress import follow
from app.client import Answer, Client
from app.lifecycle import StudyState


def submit(
    file: Annotated[
        typer.FileBinaryRead, typer.Argument(metavar="FILE", help="The study as JSON; - reads the standard input.")
    ],
    watch: Annotated[bool, typer.Option("--watch", help="Watch it to its end.")] = False,
    url: Url = None,
) -> None:
    """Submit a study and print its id.

    The smallest one is {"objective": {"dataset": "digits"}}.
    """
    with connect(url) as client:
        study = client.create_study(file.read())
        say(study["id"])
        if watch:
            watch_to_its_end(client, study)
        else:
            hint(f"next: {program()} watch {study['id']}, and {program()} show {study['id']}")


def watch(study: StudyReference, url: Url = None) -> None:
    """Watch a study to its end. Ctrl-C ends the watching, not the study."""
    with connect(url) as client:
        watch_to_its_end(client, find_study(client, study))


def show(study: StudyReference, url: Url = None, as_json: AsJson = False) -> None:
    """Show a study: its best values and how it zoomed in."""
    with connect(url) as client:
        found = find_study(client, study)
        if as_json:
            print_json(found)
        else:
            show_study(client, found)


def studies(url: Url = None, limit: Limit = None, as_json: AsJson = False) -> None:
    """List the studies, the newest first."""
    with connect(url) as client:
        found = list(client.studies(limit))
    if as_json:
        print_json_list(found)
    elif found:
        table = plain_table("id", "name", "state", "trials", "best on dev", "created", right=["trials"])
        for study in found:
            table.add_row(*_study_row(study))
        console.print(table)
    else:
        hint(f"there is no study yet: {program()} tune FILE --target COLUMN starts one")


def export(
    study: StudyReference,
    output: Output = None,
    form: Annotated[
        Literal["json", "csv"], typer.Option("--format", help="csv: its trials alone, a line for each.")
    ] = "json",
    url: Url = None,
) -> None:
    """Write all of a study as JSON, or its trials as CSV.

    The same study gives the same bytes, for any number of workers.
    """
    with connect(url) as client:
        document = client.export(find_study(client, study)["id"], form)
    write_document(document, output)


def cancel(study: StudyReference, url: Url = None) -> None:
    """Stop a study now. What its trials have found so far stays."""
    with connect(url) as client:
        ended = client.cancel_study(find_study(client, study)["id"])
    done = sum(ended["counts"][state] for state in ("complete", "pruned", "failed"))
    say(f"study {ended['id']} ({ended['name']}) is cancelled after {done} of {ended['trials']} trials")


def watch_to_its_end(client: Client, study: Answer) -> None:
    """Show the study's progress and what it has found. Raises CommandError unless it ends complete."""
    try:
        ended = follow(client, study["id"])
    except KeyboardInterrupt:
        hint(f"the study goes on; look again with {program()} watch {study['id']}, or end it with {program()} cancel")
        raise
    console.print()
    show_study(client, ended)
    if ended["state"] != StudyState.COMPLETE:
        raise CommandError(f"study {ended['id']} {_end(ended)}")


def _end(study: Answer) -> str:
    return f"has failed: {study['failure']}" if study["state"] == StudyState.FAILED else "was cancelled"


def _study_row(study: Answer) -> list[str | Text]:
    metric, best = study["objective"]["metric"], study["best_trial"]
    done, total = progress_counts(study)
    return [
        study["id"],
        printable(study["name"]),
        Text(study["state"], style=STATE_STYLES.get(study["state"], "cyan")),
        f"{done}/{total}",
        f"{metric_words(metric)} {measured(metric, best['value'])}" if best else "–",
        moment(study["created_at"], "%d %b, %H:%M"),
    ]
