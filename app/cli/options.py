"""The arguments and options that several commands share, and what they lead to."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.errors import CommandError, ExitCode
from app.client import Answer, ApiError, Client

if TYPE_CHECKING:
    from app.settings import Settings

Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        help="Where the service answers; left out: PARFOCAL_URL, else http://HOST:PORT from the settings.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the API's answer as it is.")]
StudyReference = Annotated[
    str,
    typer.Argument(
        metavar="STUDY", help="Its id, its name (then the newest of that name), or the first characters of its id."
    ),
]
TableFile = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        exists=True,
        dir_okay=False,
        readable=True,
        help="A CSV file with a header line, or an NPZ file.",
    ),
]
Target = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN", help="The column to predict; not for an NPZ file, whose `y` it is.", show_default=False
    ),
]
Task = Annotated[
    str | None,
    typer.Option(help="classification or regression; left out: from the target's values.", show_default=False),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write here.", show_default="standard output")
]
Limit = Annotated[int | None, typer.Option(min=1, help="Show at most so many.", show_default=False)]


@contextmanager
def connect(url: str | None) -> Iterator[Client]:
    try:
        client = Client(url or os.environ.get("PARFOCAL_URL") or load_settings().base_url)
    except ValueError as error:
        raise CommandError(str(error), ExitCode.USAGE) from None
    with client:
        yield client


def load_settings(**given: Any) -> "Settings":
    """The settings from the environment; what is given and not None goes before it."""
    # Here, because pydantic takes longer to load than `--help` may take.
    from pydantic import ValidationError

    from app.settings import Settings

    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise CommandError("; ".join(map(_setting_error, error.errors())), ExitCode.USAGE) from None


def show_help_without_command(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


def find_study(client: Client, reference: str) -> Answer:
    """Return the study that `reference` means: an id, else a name, else the beginning of one id alone."""
    if not reference:
        raise CommandError("STUDY must not be empty", ExitCode.USAGE)
    try:
        return client.study(reference)
    except ApiError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
    beginnings = []
    for study in client.studies():
        if study["name"] == reference:
            return study
        if study["id"].startswith(reference):
            beginnings.append(study)
    if len(beginnings) == 1:
        return beginnings[0]
    raise CommandError(_not_one(reference, beginnings))


def _not_one(reference: str, found: list[Answer]) -> str:
    if not found:
        return f"there is no study with the id or name {reference!r}: `parfocal studies` lists them"
    ids = ", ".join(study["id"] for study in found[:3]) + (", …" if len(found) > 3 else "")
    return f"{len(found)} studies have an id that begins with {reference!r} ({ids}): give more of it"


def _setting_error(error: Any) -> str:
    name = "_".join(map(str, error["loc"])).upper()
    return f"PARFOCAL_{name}: {error['msg']}, but got {error['input']!r}"
