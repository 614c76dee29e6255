"""The `parfocal` command: all commands in one place.

Exit codes: 0 done, 1 refused or the study failed, 2 a command line that makes no sense, 3 no service answers,
130 after Ctrl-C.
"""

import io
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer

from app.cli.datasets import datasets
from app.cli.demo import demo
from app.cli.errors import report
from app.cli.gradient_check import gradient_check
from app.cli.looks import test
from app.cli.options import show_help_without_command
from app.cli.predict import predict
from app.cli.serving import database, serve
from app.cli.spaces import spaces
from app.cli.steering import enqueue, extend, import_trials
from app.cli.studies import cancel, export, show, studies, submit, watch
from app.cli.trials import trials
from app.cli.tune import tune

command = typer.Typer(add_completion=False, rich_markup_mode=None)


@command.callback(invoke_without_command=True)
def parfocal(
    context: typer.Context, show_version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False
) -> None:
    """Parfocal: hyperparameter search that starts wide and zooms in."""
    if show_version:
        print(f"parfocal {version('parfocal')}")
    else:
        show_help_without_command(context)


for function in (
    demo,
    serve,
    tune,
    submit,
    watch,
    show,
    studies,
    trials,
    export,
    cancel,
    enqueue,
    extend,
    predict,
    test,
    spaces,
    gradient_check,
):
    command.command()(function)
command.command("import")(import_trials)
command.add_typer(datasets, name="datasets")
command.add_typer(database, name="db")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    _accept_any_character()
    try:
        exit_code = command(arguments, prog_name="parfocal", standalone_mode=False) or 0
        sys.stdout.flush()
    except BrokenPipeError:
        return _after_broken_pipe()
    except Exception as error:
        return report(error)
    return int(exit_code)


def _accept_any_character() -> None:
    """A terminal that lacks a character shows another in its place, instead of ending the command."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def _after_broken_pipe() -> int:
    """Whoever reads has enough, as `head` does. What is still buffered goes nowhere, or Python complains at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1
