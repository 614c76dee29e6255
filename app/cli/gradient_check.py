"""Whether the gradients of a network are right, checked by a worker."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.text import Text

from app.cli.console import busy, plain_table, print_json, printable, say, show
from app.cli.errors import CommandError, ExitCode
from app.cli.options import AsJson, Url, connect
from app.client import Answer
from app.lifecycle import JobState

VERDICT_STYLES = {"right": "green", "look_closer": "yellow", "wrong": "red"}


def gradient_check(
    dataset: Annotated[str, typer.Argument(help="Its id: `parfocal datasets` lists them.")] = "digits",
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A training value, as often as needed.", show_default=False),
    ] = None,
    epochs: Annotated[int, typer.Option(min=0, help="Train so many before: at the start mistakes can hide.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Draws the initial weights.")] = 0,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Compare the gradients of a network with numerical ones.

    The exit code is 0 if all are right, else 1.
    """
    request = {"dataset": dataset, "training": _training(assignments or []), "epochs": epochs, "seed": seed}
    with connect(url) as client, busy("Checking the gradients …"):
        check = client.wait_for_gradient_check(client.create_gradient_check(request)["id"])
    if as_json:
        print_json(check)
    elif check["state"] == JobState.COMPLETE:
        _show(check)
    if check["verdict"] != "right":
        raise CommandError(_complaint(check))


def _training(assignments: Sequence[str]) -> dict[str, Any]:
    training = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise CommandError(f"--set takes NAME=VALUE, but got {assignment!r}", ExitCode.USAGE)
        training[name.strip()] = _value(text.strip())
    return training


def _value(text: str) -> Any:
    """JSON where it is, else the text itself: `--set activation=tanh` needs no quotes within quotes."""
    try:
        value = json.loads(text)
        json.dumps(value, allow_nan=False)  # Python reads NaN, which no JSON can hold
    except ValueError:
        return text
    return value


def _show(check: Answer) -> None:
    headings = ("relative error", "one-sided", "checked", "skipped")
    table = plain_table("array", "verdict", *headings, right=headings)
    for array in [*check["layers"], check["overall"] | {"name": "all together"}]:
        table.add_row(array["name"], _verdict(array["verdict"]), *_figures(array))
    when = f"after {check['epochs']} epochs" if check["epochs"] else "at the initial weights"
    show(f"Gradients of a network for {printable(check['dataset'])}, {when}", table)
    say(f"verdict: {_words(check['verdict'])}", style=VERDICT_STYLES[check["verdict"]])


def _figures(array: Answer) -> list[str]:
    whole = array["checked"] + array["skipped"] == array["size"]
    checked = f"{array['checked']:,}" if whole else f"{array['checked']:,} of {array['size']:,}"
    return [f"{array['relative_error']:.1e}", f"{array['one_sided_error']:.1e}", checked, f"{array['skipped']:,}"]


def _verdict(verdict: str) -> Text:
    return Text(_words(verdict), style=VERDICT_STYLES[verdict])


def _words(verdict: str) -> str:
    return verdict.replace("_", " ")


def _complaint(check: Answer) -> str:
    if check["state"] == JobState.FAILED:
        return f"the gradients could not be checked: {check['failure']}"
    doubtful = ", ".join(array["name"] for array in check["layers"] if array["verdict"] == check["verdict"])
    if check["verdict"] == "look_closer":
        return f"not every gradient is surely right: look closer at {doubtful}"
    return f"the gradients are not right: wrong at {doubtful}"
