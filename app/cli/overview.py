"""What a study has found: its state, the best trials, and how the search zoomed in."""

from collections.abc import Iterable, Iterator, Sequence
from statistics import median

from rich.table import Table
from rich.text import Text

from app.cli import diagnosis, finalists, zoom
from app.cli.arrivals import waiting
from app.cli.console import console, plain_table, printable, program, say, show
from app.cli.figures import elapsed, measured, metric_label, moment, number, trial_counts, what_pruning_saved
from app.client import Answer, Client
from app.lifecycle import TrialState

MOST_IMPORTANT = 5
BAR_WIDTH = 24  # characters for all that the parameters decide
BEST_TRIALS = 5  # as many columns as a terminal of 80 characters has room for
STATE_STYLES = {"complete": "green", "failed": "red", "cancelled": "yellow"}


def show_study(client: Client, study: Answer) -> None:
    """Print all of a study that fits a page."""
    console.print(_headline(study))
    for line in _details(study):
        console.print(line, soft_wrap=True)
    show_findings(client, study)


def show_findings(client: Client, study: Answer) -> None:
    """Print the best values of a study and where each round drew them; why trials fail if none is complete yet."""
    rounds = client.rounds(study["id"])
    ranked = list(client.trials(study["id"], state=TrialState.COMPLETE, order_by="value"))
    if ranked:
        show("Best values", _best_table(study, ranked[:BEST_TRIALS]))
    elif study["counts"]["pruned"]:
        say(f"no trial is complete; the best that were pruned: {program()} trials {study['id']} --order-by value")
    if study["finalists"] and study["winner"]:
        show("Finalists, trained again", finalists.finalists_table(client, study))
        say(finalists.verdict(study))
    for trial in _diagnosed(client, study, ranked):
        if trial["diagnosis"]:
            show(f"Diagnosis of trial {trial['number']}", diagnosis.diagnosis_table(trial["diagnosis"]))
    importances = [each for each in client.importances(study["id"]) if each["importance"] is not None]
    if any(each["importance"] for each in importances):
        show("Importance", _importance_table(importances[:MOST_IMPORTANT]))
    if len(rounds) > 1 or any(row["rungs"] for row in rounds):
        show("Rounds", _rounds_table(study, rounds, ranked))
        for line in _rungs(rounds):
            say(line)
    if len(rounds) > 1:
        show(zoom.TITLE, zoom.zoom_table(study["search_space"]["parameters"], rounds))
    for warning in study["warnings"]:
        say(f"note: {warning}", style="yellow")


def _diagnosed(client: Client, study: Answer, ranked: Sequence[Answer]) -> Iterable[Answer]:
    """The winner, before there is one the best trial, and one that failed where none is complete."""
    if study["winner"]:
        return [trial for trial in ranked if trial["number"] == study["winner"]["number"]]
    return ranked[:1] or client.trials(study["id"], state=TrialState.FAILED, limit=1)


def _headline(study: Answer) -> Text:
    state = Text(study["state"], style=STATE_STYLES.get(study["state"], "cyan"))
    time = elapsed(study["started_at"], study["finished_at"])
    return Text.assemble(
        (printable(study["name"]), "bold"), "  ", state, f"  {trial_counts(study)}", f", in {time}" if time else ""
    )


def _details(study: Answer) -> Iterator[Text]:
    objective = study["objective"]
    yield Text(f"id {study['id']}, created {moment(study['created_at'])}")
    yield Text(
        f"dataset {printable(objective['dataset'])}, metric {objective['metric']}, "
        f"strategy {study['strategy']['type']}, seed {study['seed']}"
    )
    if study["mean_pack_size"]:
        yield Text(f"trained in packs of {study['mean_pack_size']:.2g} trials on average")
    if study["epochs_saved"]:
        yield Text(what_pruning_saved(study))
    yield from map(Text, waiting(study))
    if study["test_looks"]:
        yield Text(f"looks at the test rows: {study['test_looks']}")
    if study["failure"]:
        yield Text(printable(study["failure"]), style="red")
    if study["ended_by"] == "max_seconds":
        yield Text(f"ended by its time limit of {study['max_seconds']:g} seconds", style="yellow")


def _best_table(study: Answer, trials: Sequence[Answer]) -> Table:
    """The best trials side by side, so that it takes any number of parameters."""
    metric = study["objective"]["metric"]
    numbers = [str(trial["number"]) for trial in trials]
    table = plain_table("trial", *numbers, right=numbers)
    for rows in ("dev", "train"):
        figures = (measured(metric, trial["metrics"][f"{rows}_{metric}"]) for trial in trials)
        table.add_row(metric_label(metric, rows), *figures, style="bold" if rows == "dev" else None)
    table.add_row("round", *(str(trial["round"]) for trial in trials))
    for name in (parameter["name"] for parameter in study["search_space"]["parameters"]):
        table.add_row(printable(name), *(number(trial["values"].get(name, "–")) for trial in trials))
    return table


def _importance_table(importances: Sequence[Answer]) -> Table:
    table = plain_table("parameter", "share", "", right=["share"])
    for each in importances:
        bar = Text("█" * round(each["importance"] * BAR_WIDTH), style="cyan")
        table.add_row(printable(each["parameter"]), f"{100 * each['importance']:.0f} %", bar)
    return table


def _rounds_table(study: Answer, rounds: Sequence[Answer], ranked: Sequence[Answer]) -> Table:
    """What each round found; the median shows best that the boxes get better, as one best trial may be luck."""
    metric = study["objective"]["metric"]
    headings = ("round", "trials", f"median {metric_label(metric)}", "best", "by trial")
    table = plain_table(*headings, right=headings)
    for row in rounds:
        table.add_row(str(row["number"]), _sizes(row), *_found(metric, row, ranked))
    return table


def _sizes(row: Answer) -> str:
    """How many trials a round has and which, and with successive halving how many are on each further rung."""
    last = row["first_trial"] + row["trials"] - 1
    further = "".join(f" → {len(rung['trials'])}" for rung in (row["rungs"] or ())[1:])
    return f"{row['trials']} ({row['first_trial']}–{last}){further}"


def _rungs(rounds: Sequence[Answer]) -> Iterator[str]:
    """What the arrows of `_sizes` mean, from the round with most of them; each round has rungs of the same epochs."""
    stops = max(([str(rung["epochs"]) for rung in (row["rungs"] or ())[:-1]] for row in rounds), key=len, default=[])
    if stops:
        earlier = f"{', '.join(stops[:-1])} and " if len(stops) > 1 else ""
        yield f"→ so many were good enough to train on, after {earlier}{stops[-1]} epochs"


def _found(metric: str, row: Answer, ranked: Sequence[Answer]) -> tuple[str, str, str]:
    """The median and the best of a round, and who was best."""
    own = [trial for trial in ranked if trial["round"] == row["number"]]
    if not own:
        return "–", "–", "–"
    middle = median(trial["value"] for trial in own)
    return measured(metric, middle), measured(metric, own[0]["value"]), str(own[0]["number"])
