"""How good the best trial is for the trials spent: our strategies against Optuna's samplers, on tables of real results.

    python -m benchmarks.search [--seeds 50] [--slow-seeds 10] [--only NAME …] [--runs FILE] [--json FILE]

A search sees noisy values, as each trial draws one of the table's seeds, the same for every strategy. What counts is
the mean error of the trial with the lowest value seen, as a regret: 0 is the best network of the table, 1 the median.
With --runs, each search is written there as it ends, and the same command goes on from there.
"""

import argparse
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.machine import described, keep_to_one_core
from benchmarks.peers import optuna_samplers
from benchmarks.peers.optuna_samplers import Objective
from benchmarks.regrets import Run, rows, table_lines
from benchmarks.report import tell
from benchmarks.tables import DATASETS, SEEDS, SPACE, Table, noises
from engine.search import Confirmation, Observation, Scalar, ranked, strategy_from_json
from engine.search.confirmation import Finalist, winner_of
from engine.search.proposals import numbers_of

BUDGETS = (50, 100, 200)
OURS: Mapping[str, dict[str, Any]] = {
    "random": {"type": "random"},
    "quasi_random": {"type": "quasi_random"},
    "coarse_to_fine": {"type": "coarse_to_fine"},
    "coarse_to_fine, rounds of 8": {"type": "coarse_to_fine", "round_size": 8},
    "coarse_to_fine, rounds of 16": {"type": "coarse_to_fine", "round_size": 16},
    "coarse_to_fine, rounds of 32": {"type": "coarse_to_fine", "round_size": 32},
    "coarse_to_fine, the box alone": {
        "type": "coarse_to_fine",
        "rounds": 4,
        "first_round_share": 0.4,
        "guided": False,
    },
}
CONFIRMED = "coarse_to_fine, confirmed"  # with the default finalists and repeats, which count into the budget
PEERS = optuna_samplers.SAMPLERS
NAMES = [*OURS, CONFIRMED, *PEERS]
SLOW = ("Optuna GPSampler",)
REFERENCES = ("random", "Optuna TPE", "Optuna GPSampler")


def main() -> None:
    asked = _options()
    keep_to_one_core()
    runs = _stored(asked.runs)
    done = {(run["name"], run["dataset"], run["seed"]) for run in runs}
    tables = {name: Table.load(name) for name in DATASETS}
    for name, dataset, seed in _planned(asked):
        if (name, dataset, seed) not in done:
            measured = [
                {"name": name, "dataset": dataset, "seed": seed} | run for run in _measured(name, tables[dataset], seed)
            ]
            _store(measured, asked.runs)
            runs += measured
    shown = [run for run in runs if run["name"] in asked.only]
    found = rows(shown, REFERENCES)
    report = {"machine": described(("numpy", "optuna", "torch")), "rows": found}
    tell(report, table_lines(found, REFERENCES), asked.json)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--slow-seeds", type=int, default=10)
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="NAME")
    parser.add_argument("--runs", type=Path)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _planned(asked: argparse.Namespace) -> Iterator[tuple[str, str, int]]:
    for seed in range(asked.seeds):
        for name in asked.only:
            if seed < asked.slow_seeds or name not in SLOW:
                yield from ((name, dataset, seed) for dataset in DATASETS)


def _measured(name: str, table: Table, seed: int) -> Iterator[Run]:
    """The regret after each budget. Ours is told the budget, so it searches once for each; samplers know none."""
    noise = noises(seed, max(BUDGETS))

    def objective(number: int, values: Mapping[str, Scalar]) -> float:
        return table.observed(values, noise[number])

    for budget in BUDGETS if name in OURS else ():
        found, seconds = _ours(OURS[name], objective, budget, seed)
        yield _judged(table, found, seconds)
    for budget in BUDGETS if name == CONFIRMED else ():
        yield _confirmed(table, objective, noise, budget, seed)
    if name in PEERS:
        found = []
        for observation, seconds in optuna_samplers.search(name, objective, SPACE, max(BUDGETS), seed):
            found.append(observation)
            if len(found) in BUDGETS:
                yield _judged(table, found, seconds)


def _ours(document: dict[str, Any], objective: Objective, trials: int, seed: int) -> tuple[list[Observation], float]:
    """The trials of a search and its seconds of proposing."""
    strategy = strategy_from_json(document)
    sizes = strategy.round_sizes(trials)
    found: list[Observation] = []
    seconds = 0.0
    for number in range(len(sizes)):
        start = time.perf_counter()
        proposals = strategy.propose(SPACE, seed, number, sizes, found)
        seconds += time.perf_counter() - start
        found += [
            Observation(trial, values, objective(trial, values))
            for trial, values in zip(numbers_of(number, sizes), proposals.values, strict=True)
        ]
    return found, seconds


def _confirmed(table: Table, objective: Objective, noise: Sequence[int], trials: int, seed: int) -> Run:
    """A smaller search, whose finalists are then trained with seeds of the table that they have not met."""
    confirmation = Confirmation.for_budget(trials)
    assert confirmation is not None
    found, seconds = _ours(OURS["coarse_to_fine"], objective, confirmation.searched(trials), seed)
    values = {trial.number: trial.values for trial in found}
    finalists = []
    for trial in ranked(found)[: confirmation.finalists]:
        assert trial.value is not None
        fresh = [other for other in range(SEEDS) if other != noise[trial.number]][: confirmation.repeats]
        costs = [trial.value, *(table.observed(trial.values, other) for other in fresh)]
        finalists.append(Finalist(trial.number, costs, costs))
    return {"trials": trials, "regret": table.regret(values[winner_of(finalists)]), "seconds": seconds}


def _judged(table: Table, found: list[Observation], seconds: float) -> Run:
    return {"trials": len(found), "regret": table.regret(ranked(found)[0].values), "seconds": seconds}


def _stored(file: Path | None) -> list[Run]:
    if file is None or not file.exists():
        return []
    return [json.loads(line) for line in file.read_text().splitlines()]


def _store(runs: list[Run], file: Path | None) -> None:
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a") as lines:
            lines.writelines(json.dumps(run) + "\n" for run in runs)


if __name__ == "__main__":
    main()
