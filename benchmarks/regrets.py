"""The mean regret of each strategy after each number of trials, also compared with another's on the same seeds."""

import math
import statistics
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

Run = dict[str, Any]  # name, dataset, seed, trials, regret, seconds


def rows(runs: Sequence[Run], references: Sequence[str]) -> list[dict[str, Any]]:
    """One row per strategy and number of trials; `differences` are the paired ones from each of `references`."""
    budgets = sorted({run["trials"] for run in runs})
    names = list(dict.fromkeys(run["name"] for run in runs))
    return [
        _row(runs, name, trials, [each for each in references if each in names]) for name in names for trials in budgets
    ]


def _row(runs: Sequence[Run], name: str, trials: int, references: Sequence[str]) -> dict[str, Any]:
    own = [run for run in runs if (run["name"], run["trials"]) == (name, trials)]
    by_seed = _by_seed(own)
    differences = {}
    for reference in references:
        others = _by_seed(run for run in runs if (run["name"], run["trials"]) == (reference, trials))
        differences[reference] = _mean_and_error([by_seed[seed] - others[seed] for seed in by_seed if seed in others])
    return {
        "name": name,
        "trials": trials,
        "seeds": len(by_seed),
        "regret": _mean_and_error(list(by_seed.values())),
        "differences": differences,
        "seconds": statistics.median(run["seconds"] for run in own),
    }


def _by_seed(runs: Iterable[Run]) -> dict[int, float]:
    """The mean over the data sets for each seed: the data sets are what they are, the seeds are drawn."""
    regrets: dict[int, list[float]] = {}
    for run in runs:
        regrets.setdefault(run["seed"], []).append(run["regret"])
    most = max(map(len, regrets.values()), default=0)
    return {seed: statistics.mean(each) for seed, each in regrets.items() if len(each) == most}


def _mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """The mean and its standard error."""
    if len(values) < 2:
        return statistics.fmean(values) if values else math.nan, math.nan
    return statistics.fmean(values), statistics.stdev(values) / math.sqrt(len(values))


def table_lines(found: Sequence[dict[str, Any]], references: Sequence[str]) -> Iterator[str]:
    """Two tables in Markdown: the regrets, and the paired differences from each of `references`."""
    budgets = sorted({row["trials"] for row in found})
    yield f"| | seeds | {' | '.join(f'{trials} trials' for trials in budgets)} | proposing {budgets[-1]} |"
    yield "|---" * (len(budgets) + 3) + "|"
    for own in _by_name(found):
        cells = " | ".join(_shown(row["regret"]) for row in own)
        yield f"| {own[0]['name']} | {own[0]['seeds']} | {cells} | {own[-1]['seconds']:.2f} s |"
    measured = {row["name"] for row in found}
    for reference in (each for each in references if each in measured):
        yield ""
        yield f"| less {reference} | {' | '.join(f'{trials} trials' for trials in budgets)} |"
        yield "|---" * (len(budgets) + 1) + "|"
        for own in _by_name(found):
            if own[0]["name"] != reference and reference in own[0]["differences"]:
                cells = " | ".join(_shown(row["differences"][reference], "+") for row in own)
                yield f"| {own[0]['name']} | {cells} |"


def _by_name(found: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    return [[row for row in found if row["name"] == name] for name in dict.fromkeys(row["name"] for row in found)]


def _shown(mean_and_error: tuple[float, float], sign: str = "") -> str:
    mean, error = mean_and_error
    return f"{mean:{sign}.3f} ± {error:.3f}"
