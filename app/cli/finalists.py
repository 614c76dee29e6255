"""The finalists of a study, trained again, and which of them has won."""

from rich.table import Table

from app.cli.console import plain_table
from app.cli.figures import measured, metric_label
from app.client import Answer, Client


def finalists_table(client: Client, study: Answer) -> Table:
    """What fresh seeds came to, beside what the search had found."""
    metric = study["objective"]["metric"]
    headings = ("trial", f"searched {metric_label(metric)}", "trained again")
    table = plain_table(*headings, right=headings[:2])
    for finalist in study["finalists"]:
        trial = client.trial(study["id"], finalist)
        repeats = (measured(metric, repeat["value"]) for repeat in trial["repeats"])
        style = "bold" if finalist == study["winner"]["number"] else None
        table.add_row(str(finalist), measured(metric, trial["value"]), "  ".join(repeats), style=style)
    return table


def verdict(study: Answer) -> str:
    metric, winner = study["objective"]["metric"], study["winner"]
    error = "" if winner["standard_error"] is None else f" ± {measured(metric, winner['standard_error'])}"
    return (
        f"winner: trial {winner['number']}, with a mean {metric_label(metric)} of {measured(metric, winner['value'])}"
        f"{error} over {winner['trainings']} trainings"
    )
