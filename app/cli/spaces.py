"""Search spaces: those that are stored, the ready-made ones among them, and what one would draw."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table

from app.cli.console import console, plain_table, print_json, print_json_list, printable
from app.cli.figures import number
from app.cli.options import AsJson, Url, connect
from app.client import Answer

BARS = "▁▂▃▄▅▆▇█"
COLUMNS = {"0.05": "5 %", "0.5": "median", "0.95": "95 %"}  # of the quantiles that the API tells


def spaces(
    space: Annotated[
        str | None,
        typer.Argument(metavar="SPACE", help="Its id; a ready-made one's is its name.", show_default=False),
    ] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List the search spaces, or show what one of them draws."""
    with connect(url) as client:
        if space is not None:
            drawn = client.preview_search_space(space)
            print_json(drawn) if as_json else console.print(_preview_table(drawn))
            return
        found = list(client.search_spaces())
    if as_json:
        print_json_list(found)
    else:
        console.print(_spaces_table(found))


def _spaces_table(found: Sequence[Answer]) -> Table:
    table = plain_table("id", "name", "parameter", "values")
    for space in found:
        for row, parameter in enumerate(space["parameters"]):
            names = (space["id"], printable(space["name"])) if row == 0 else ("", "")
            table.add_row(*names, printable(parameter["name"]), _range(parameter) + _condition(parameter))
        table.add_section()
    return table


def _preview_table(drawn: Answer) -> Table:
    """How the draws of each parameter are spread; choices stand with their shares in place of a histogram."""
    figures = ["in trials", *COLUMNS.values()]
    table = plain_table("parameter", *figures, "draws from low to high", right=figures)
    for parameter in drawn["parameters"]:
        quantiles = parameter.get("quantiles") or {}
        shown = (number(quantiles[share]) if share in quantiles else "" for share in COLUMNS)
        present = f"{100 * parameter['share_present']:.0f} %"
        table.add_row(printable(parameter["name"]), present, *shown, _spread(parameter))
    return table


def _spread(parameter: Answer) -> str:
    counts = parameter["counts"]
    if "choices" in parameter:
        shares = (f"{100 * count / max(sum(counts), 1):.0f} %" for count in counts)
        named = zip(parameter["choices"], shares, strict=True)
        return ", ".join(f"{number(choice)} {share}" for choice, share in named)
    highest = max(*counts, 1)
    return "".join(BARS[round(count / highest * (len(BARS) - 1))] for count in counts)


def _range(parameter: Answer) -> str:
    """For example: 0.0001 to 1, log; or: 32, 64, 128."""
    if parameter["type"] == "categorical":
        return ", ".join(map(number, parameter["choices"]))
    words = [f"{number(parameter['low'])} to {number(parameter['high'])}"]
    if parameter.get("scale", "linear") != "linear":
        words.append(parameter["scale"])
    if parameter.get("step", 1) != 1:
        words.append(f"step {parameter['step']}")
    return ", ".join(words)


def _condition(parameter: Answer) -> str:
    """A line for each: when optimizer is momentum or adam."""
    conditions = parameter.get("when", {}).items()
    return "".join(f"\nwhen {printable(name)} is {' or '.join(map(number, values))}" for name, values in conditions)
