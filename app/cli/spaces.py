"""Search spaces: those that are stored, the ready-made ones among them."""

from app.cli.console import console, plain_table, print_json_list, printable
from app.cli.figures import number
from app.cli.options import AsJson, Url, connect
from app.client import Answer


def spaces(url: Url = None, as_json: AsJson = False) -> None:
    """List the search spaces with their parameters."""
    with connect(url) as client:
        found = list(client.search_spaces())
    if as_json:
        print_json_list(found)
        return
    table = plain_table("id", "name", "parameter", "values")
    for space in found:
        for row, parameter in enumerate(space["parameters"]):
            names = (space["id"], printable(space["name"])) if row == 0 else ("", "")
            table.add_row(*names, printable(parameter["name"]), _range(parameter) + _condition(parameter))
        table.add_section()
    console.print(table)


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
