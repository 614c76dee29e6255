"""How the command ends: one clear line per error, and an exit code that a script can tell apart."""

import sys
from enum import IntEnum
from pathlib import Path
from traceback import extract_tb

import typer

from app.cli.console import printable
from app.client import ApiError, Unreachable


class ExitCode(IntEnum):
    REFUSED = 1  # the input was refused, or the study failed
    USAGE = 2  # the command line makes no sense
    UNREACHABLE = 3  # no service answers


class CommandError(Exception):
    """The command cannot do what was asked; the message is one line for a person."""

    def __init__(self, message: str, exit_code: ExitCode = ExitCode.REFUSED) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def report(error: Exception) -> int:
    """Tell on the standard error what went wrong, and return the exit code."""
    lines, exit_code = _explain(error)
    for line in lines:
        print(f"parfocal: {printable(line)}", file=sys.stderr)
    return exit_code


def _explain(error: Exception) -> tuple[list[str], int]:
    match error:
        case typer.TyperException():
            return [f"{_sentence(error.format_message())} (--help tells more)"], error.exit_code
        case CommandError():
            return [str(error)], error.exit_code
        case ApiError():
            return error.messages, ExitCode.REFUSED
        case Unreachable():
            advice = "start one with `make serve` or `parfocal serve`, or name another with --url"
            return [f"{error}: {advice}"], ExitCode.UNREACHABLE
        case OSError():
            place = f"{error.filename}: " if error.filename else ""
            return [f"{place}{error.strerror or error}"], ExitCode.REFUSED
        case _:
            return [f"a fault in parfocal itself: {_where(error)}"], ExitCode.REFUSED


def _sentence(message: str) -> str:
    return message.strip().removesuffix(".").replace("Value error, ", "")


def _where(error: Exception) -> str:
    """The error and the line it comes from: what a bug report needs, in one line."""
    place = extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(place.filename).name}, line {place.lineno})"
