"""What every strategy keeps. A new one is one more line in STRATEGIES."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import engine
from engine.errors import InvalidField
from engine.search import (
    Box,
    CategoricalParameter,
    Condition,
    FloatParameter,
    IntParameter,
    Observation,
    Scalar,
    SearchSpace,
    strategy_from_json,
)

STRATEGIES: list[dict[str, Any]] = [
    {"type": "random"},
    {"type": "quasi_random"},
    {"type": "grid"},
    {"type": "coarse_to_fine"},
    {"type": "coarse_to_fine", "rounds": 7, "first_round_share": 0.1, "elite_fraction": 1.0, "margin": 0.0},
    {"type": "coarse_to_fine", "rounds": 1},
    {"type": "coarse_to_fine", "rounds": 4, "guided": False},
]
SMALLEST_BUDGETS = [1, 1, 1, 1, 7, 1, 4]

SPACE = SearchSpace(
    (
        FloatParameter("rate", 0.0001, 1.0, "log"),
        FloatParameter("decay", 0.0, 0.5),
        FloatParameter("momentum", 0.9, 0.999, "reverse_log"),
        IntParameter("units", 16, 100, step=4),
        CategoricalParameter("optimizer", ("adam", "momentum", True, 1)),
    )
)

CONDITIONAL = SearchSpace(
    (
        CategoricalParameter("optimizer", ("adam", "momentum", "sgd")),
        FloatParameter("momentum", 0.9, 0.999, "reverse_log", when=(Condition("optimizer", ("momentum",)),)),
        IntParameter("layers", 1, 3, when=(Condition("optimizer", ("momentum", "sgd")),)),
        FloatParameter("decay", 0.0, 0.5, when=(Condition("layers", (1, 2)), Condition("optimizer", ("sgd",)))),
        FloatParameter("rate", 0.0001, 1.0, "log"),
    )
)

Objective = Callable[[Mapping[str, Scalar]], float | None]


def bowl(values: Mapping[str, Scalar]) -> float:
    penalty = 0.0 if values["optimizer"] == "adam" else 0.2
    return abs(float(values["rate"]) - 0.1) + abs(float(values["units"]) - 40) / 100 + penalty


def failing(_values: Mapping[str, Scalar]) -> None:
    return None


def search(
    strategy_document: dict[str, Any],
    objective: Objective = bowl,
    trials: int = 40,
    seed: int = 0,
    space: SearchSpace = SPACE,
) -> list[Observation]:
    strategy = strategy_from_json(strategy_document)
    sizes = strategy.round_sizes(trials)
    history: list[Observation] = []
    for number, size in enumerate(sizes):
        proposals = strategy.propose(space, seed, number, sizes, history)
        numbers = range(len(history), len(history) + size)
        tried = zip(numbers, proposals.values, strict=True)
        history += [Observation(trial, values, objective(values)) for trial, values in tried]
    return history


every_strategy = pytest.mark.parametrize("document", STRATEGIES, ids=json.dumps)


@every_strategy
def test_the_rounds_share_out_the_whole_budget(document: dict[str, Any]) -> None:
    for trials in (7, 8, 40, 59, 60, 100, 101):
        sizes = strategy_from_json(document).round_sizes(trials)
        assert sum(sizes) == trials
        assert all(size >= 1 for size in sizes)


@every_strategy
def test_every_value_lies_in_the_space_and_is_plain_json(document: dict[str, Any]) -> None:
    for observation in search(document):
        assert tuple(observation.values) == SPACE.names
        for parameter in SPACE.parameters:
            value = observation.values[parameter.name]
            assert parameter.contains(value)
            assert type(value) in (float, int, str, bool)


@every_strategy
@pytest.mark.parametrize("objective", [lambda values: abs(values["rate"] - 0.1), failing])
def test_a_trial_has_the_parameters_whose_conditions_hold_and_no_other(
    document: dict[str, Any], objective: Objective
) -> None:
    trials = search(document, objective, space=CONDITIONAL)
    for values in (trial.values for trial in trials):
        assert dict(values) == CONDITIONAL.present(dict.fromkeys(CONDITIONAL.names, "absent") | dict(values))
        assert all(parameter.contains(values[parameter.name]) for parameter in CONDITIONAL.parameters
                   if parameter.name in values)  # fmt: skip
    assert {"momentum" in trial.values for trial in trials} == {True, False}


SEARCH_ELSEWHERE = f"""
import json, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_strategy_contract import STRATEGIES, search
print(json.dumps([[trial.values for trial in search(document)] for document in STRATEGIES]))
"""


def test_the_same_seed_gives_the_same_trials_in_another_process() -> None:
    here = json.dumps([[trial.values for trial in search(document)] for document in STRATEGIES])
    root = Path(engine.__file__).parent.parent
    for hash_seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        there = subprocess.run(
            [sys.executable, "-c", SEARCH_ELSEWHERE], cwd=root, env=environment, capture_output=True, check=True
        )
        assert there.stdout.decode().strip() == here


@every_strategy
def test_another_seed_gives_other_trials(document: dict[str, Any]) -> None:
    first, other = search(document, seed=0), search(document, seed=1)
    pairs = zip(first, other, strict=True)
    # two points of a grid of 11,000 are one by chance: in one of 40 pairs once in 275 seeds
    assert sum(one.values == another.values for one, another in pairs) <= (document["type"] == "grid")


@every_strategy
def test_trials_of_one_search_differ(document: dict[str, Any]) -> None:
    tried = [json.dumps(observation.values) for observation in search(document)]
    assert len(set(tried)) == len(tried)


@every_strategy
def test_the_order_in_which_trials_ended_changes_nothing(document: dict[str, Any]) -> None:
    strategy = strategy_from_json(document)
    sizes = strategy.round_sizes(40)
    history = search(document)
    for number in range(len(sizes)):
        proposals = strategy.propose(SPACE, 0, number, sizes, history[: sum(sizes[:number])])
        for known in (history, history[::-1]):
            assert strategy.propose(SPACE, 0, number, sizes, known) == proposals
        assert strategy.elites(number, sizes, history[::-1]) == strategy.elites(number, sizes, history)


@every_strategy
def test_the_elites_are_trials_of_the_rounds_so_far(document: dict[str, Any]) -> None:
    strategy = strategy_from_json(document)
    sizes = strategy.round_sizes(40)
    for number in range(len(sizes)):
        elites = strategy.elites(number, sizes, search(document))
        assert len(set(elites)) == len(elites)
        assert all(0 <= elite < sum(sizes[: number + 1]) for elite in elites)


@every_strategy
def test_a_search_in_which_every_trial_fails_goes_on_over_the_whole_space(document: dict[str, Any]) -> None:
    strategy = strategy_from_json(document)
    sizes = strategy.round_sizes(40)
    history = search(document, failing)
    assert len(history) == 40
    for number in range(len(sizes)):
        assert strategy.propose(SPACE, 0, number, sizes, history).box == Box.whole(SPACE)
        assert strategy.elites(number, sizes, history) == []


@every_strategy
def test_parameters_with_next_to_no_choice_are_searched_too(document: dict[str, Any]) -> None:
    space = SearchSpace(
        (
            CategoricalParameter("optimizer", ("momentum",)),
            IntParameter("layers", 1, 2),
            FloatParameter("rate", 0.5, 0.5000000000000001),
        )
    )
    history = search(document, lambda values: float(values["layers"]), space=space)
    assert {observation.values["optimizer"] for observation in history} == {"momentum"}
    assert {observation.values["layers"] for observation in history} == {1, 2}


@pytest.mark.parametrize(("document", "smallest"), [*zip(STRATEGIES, SMALLEST_BUDGETS, strict=True)])
def test_the_smallest_budget_works_and_one_trial_less_is_refused(document: dict[str, Any], smallest: int) -> None:
    assert len(search(document, trials=smallest)) == smallest
    with pytest.raises(InvalidField) as caught:
        strategy_from_json(document).round_sizes(smallest - 1)
    assert caught.value.path == ("trials",)


@every_strategy
@pytest.mark.parametrize("trials", [0, -1, 2.0, True, "40", None, 10**9])
def test_what_is_no_number_of_trials_is_refused(document: dict[str, Any], trials: Any) -> None:
    with pytest.raises(InvalidField, match=r"`trials` must be an integer|`1 <= trials <= 1000000` must hold") as caught:
        strategy_from_json(document).round_sizes(trials)
    assert caught.value.path == ("trials",)


@every_strategy
def test_a_space_of_many_parameters_is_searched_or_refused_at_once(document: dict[str, Any]) -> None:
    space = SearchSpace(tuple(FloatParameter(f"x{number}", 0, 1) for number in range(100)))
    if document["type"] == "grid":
        with pytest.raises(InvalidField, match="at most 1,000,000 points"):
            strategy_from_json(document).check_space(space)
        return
    trials = search(document, lambda values: float(values["x7"]), trials=10, space=space)
    assert len({json.dumps(trial.values) for trial in trials}) == 10


@every_strategy
def test_a_strategy_comes_back_from_json_with_its_defaults_written_out(document: dict[str, Any]) -> None:
    strategy = strategy_from_json(document)
    written = strategy.to_json()
    assert document.items() <= written.items()
    assert strategy_from_json(json.loads(json.dumps(written))) == strategy
