"""A table of one's own, searched with what is ready-made."""

from typing import Annotated

import typer

from app.cli.console import busy, hint, program, say
from app.cli.datasets import describe
from app.cli.options import TableFile, Target, Task, Url, connect
from app.cli.studies import watch_to_its_end
from app.client import Answer, ApiError, Client


def tune(
    file: TableFile,
    target: Target = None,
    task: Task = None,
    trials: Annotated[int | None, typer.Option(min=1, help="Left out: 100.", show_default=False)] = None,
    space: Annotated[str, typer.Option(help="A search space: `parfocal spaces` lists them.")] = "mlp-basic",
    name: Annotated[str | None, typer.Option(help="Left out: the file's name.", show_default=False)] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Left out: drawn.", show_default=False)] = None,
    url: Url = None,
) -> None:
    """Upload a table or arrays and search for the best network."""
    with connect(url) as client:
        with busy(f"Uploading {file.name} …"):
            dataset = client.upload_dataset(file, target, name=name, task=task)
        request = {"objective": {"dataset": dataset["id"]}, "search_space": space, "trials": trials, "seed": seed}
        study = _create_study(client, {field: value for field, value in request.items() if value is not None})
        say(describe(dataset))
        say(f"study {study['name']} ({study['id']}): {study['trials']} trials, space {space}, seed {study['seed']}")
        watch_to_its_end(client, study)
        hint(f"next: {program()} trials {study['id']} --order-by value, and {program()} export {study['id']}")


def _create_study(client: Client, request: Answer) -> Answer:
    """Submit the study; where it is refused, nobody has a use for the dataset that was uploaded for it."""
    try:
        return client.create_study(request)
    except ApiError:
        client.delete_dataset(request["objective"]["dataset"])
        raise
