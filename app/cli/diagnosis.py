"""What the errors and the signs of a training say, in words."""

from rich.table import Table

from app.cli.console import plain_table
from app.cli.figures import measured
from app.client import Answer

NOTHING_TOLD = "none: bias and variance are told for the metric error_rate alone"


def findings(diagnosis: Answer | None) -> str:
    """The verdict and the signs in a few words; nothing is said of what is good."""
    if diagnosis is None:
        return "–"
    verdict = {"both": "high bias and variance", "good": None}.get(diagnosis["verdict"], diagnosis["verdict"])
    found = [*([verdict.replace("_", " ")] if verdict else []), *diagnosis["signs"]]
    return ", ".join(found) or ("good" if diagnosis["verdict"] else "–")


def diagnosis_table(diagnosis: Answer) -> Table:
    table = plain_table("", "")
    table.show_header = False
    has_findings = diagnosis["verdict"] or diagnosis["signs"]
    table.add_row("findings", findings(diagnosis) if has_findings else NOTHING_TOLD, style="bold")
    if diagnosis["verdict"]:
        table.add_row("avoidable bias", measured("error_rate", diagnosis["avoidable_bias"]))
        table.add_row("variance", measured("error_rate", diagnosis["variance"]))
    for place, step in enumerate(diagnosis["advice"]):
        table.add_row("to try next" if place == 0 else "", step)
    return table
