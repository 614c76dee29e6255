"""The finalists of a study, trained again, and which of them has won."""

from collections.abc import Sequence
from statistics import mean

from rich.table import Table

from app.cli.console import plain_table
from app.cli.figures import measured, metric_label
from app.client import Answer, Client


def finalists_table(client: Client, study: Answer) -> Table:
    """What fresh seeds came to, beside what the search had found."""
    metric = study["objective"]["metric"]
    headings = ("trial", f"searched {metric_label(metric)}", "trained again", "mean of all")
    table = plain_table(*headings, right=headings)
    for number in study["finalists"]:
        trial = client.trial(study["id"], number)
        again = [repeat["value"] for repeat in trial["repeats"] if repeat["value"] is not None]
        failed = sum(repeat["state"] == "failed" for repeat in trial["repeats"])
        table.add_row(
            str(number),
            measured(metric, trial["value"]),
            _span(metric, again, failed),
            measured(metric, mean([trial["value"], *again])),
            style="bold" if number == study["winner"]["number"] else None,
        )
    return table


def verdict(study: Answer) -> str:
    metric, winner = study["objective"]["metric"], study["winner"]
    error = "" if winner["standard_error"] is None else f" ± {measured(metric, winner['standard_error'])}"
    return (
        f"winner: trial {winner['number']}, with a mean {metric_label(metric)} of {measured(metric, winner['value'])}"
        f"{error} over {winner['trainings']} trainings"
    )


def _span(metric: str, values: Sequence[float], failed: int) -> str:
    found = [f"{measured(metric, min(values))} to {measured(metric, max(values))}"] if values else []
    return ", ".join([*found, *([f"{failed} failed"] if failed else [])])
