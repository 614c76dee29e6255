"""Datasets: upload a table, list those that are there."""

import json
from typing import Annotated

import typer

from app.cli.console import busy, console, hint, plain_table, print_json, print_json_list, printable, program, say
from app.cli.options import AsJson, TableFile, Target, Task, Url, connect
from app.client import Answer

datasets = typer.Typer()


@datasets.callback(invoke_without_command=True)
def list_datasets(context: typer.Context, url: Url = None, as_json: AsJson = False) -> None:
    """List the datasets, or add one."""
    if context.invoked_subcommand:
        context.default_map = {context.invoked_subcommand: {"url": url, "as_json": as_json}}
        return
    with connect(url) as client:
        found = list(client.datasets())
    if as_json:
        print_json_list(found)
        return
    table = plain_table("id", "name", "task", "target", "rows", "columns", right=["rows", "columns"])
    for dataset in found:
        table.add_row(*_row(dataset))
    console.print(table)


@datasets.command()
def add(
    file: TableFile,
    target: Target = None,
    task: Task = None,
    name: Annotated[str | None, typer.Option(help="Left out: the file's name.", show_default=False)] = None,
    split: Annotated[
        tuple[float, float, float] | None,
        typer.Option(metavar="TRAIN DEV TEST", help="Shares of the rows; left out: 0.6 0.2 0.2.", show_default=False),
    ] = None,
    split_seed: Annotated[int | None, typer.Option(help="Draws the split; left out: 0.", show_default=False)] = None,
    split_column: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="The column that says train, dev or test instead.", show_default=False),
    ] = None,
    image_shape: Annotated[
        str | None,
        typer.Option(
            metavar="[HEIGHT,WIDTH]", help="Rows are images, with a third number in colour.", show_default=False
        ),
    ] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Upload a table or arrays, to be split once and never changed."""
    with connect(url) as client, busy(f"Uploading {file.name} …"):
        dataset = client.upload_dataset(
            file,
            target,
            name=name,
            task=task,
            split=split,
            split_seed=split_seed,
            split_column=split_column,
            image_shape=image_shape,
        )
    if as_json:
        print_json(dataset)
        return
    say(describe(dataset))
    request = json.dumps({"objective": {"dataset": dataset["id"]}})
    hint(f"next: echo '{request}' | {program()} submit - --watch")


def describe(dataset: Answer) -> str:
    """For example: prices (id 5f0c…): 1,000 rows (600 train, 200 dev, 200 test), 12 columns, regression of price."""
    rows = {name: split["rows"] for name, split in dataset["splits"].items()}
    shares = ", ".join(f"{count:,} {name}" for name, count in rows.items())
    return (
        f"dataset {dataset['name']} ({dataset['id']}): {sum(rows.values()):,} rows ({shares}), "
        f"{dataset['column_count']:,} columns, {dataset['task']} of {dataset['target']}"
    )


def _row(dataset: Answer) -> list[str]:
    rows = sum(split["rows"] for split in dataset["splits"].values())
    return [
        dataset["id"],
        printable(dataset["name"]),
        dataset["task"],
        printable(dataset["target"]),
        f"{rows:,}",
        f"{dataset['column_count']:,}",
    ]
