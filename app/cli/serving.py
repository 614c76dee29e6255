"""Running the service itself."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.console import say
from app.cli.options import load_settings, show_help_without_command

database = typer.Typer()


@database.callback(invoke_without_command=True)
def look_after_database(context: typer.Context) -> None:
    """Look after the database."""
    show_help_without_command(context)


def serve(
    host: Annotated[
        str | None, typer.Option(help="Left out: PARFOCAL_HOST, else 127.0.0.1.", show_default=False)
    ] = None,
    port: Annotated[int | None, typer.Option(help="Left out: PARFOCAL_PORT, else 8000.", show_default=False)] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Left out: PARFOCAL_DATA_DIR, else ./var.", show_default=False)
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Left out: PARFOCAL_WORKERS, else one per core.", show_default=False)
    ] = None,
) -> None:
    """Run the service until Ctrl-C: API, dispatcher and workers."""
    from app import supervisor

    raise typer.Exit(supervisor.serve(load_settings(host=host, port=port, data_dir=data_dir, workers=workers)))


@database.command()
def upgrade() -> None:
    """Bring the database to the newest schema. `serve` does so by itself."""
    from app.store.migrate import upgrade as upgrade_schema

    settings = load_settings()
    upgrade_schema(settings)
    say(f"the database in {settings.data_dir} has the newest schema")
