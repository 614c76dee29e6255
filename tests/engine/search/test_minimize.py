import math
from collections.abc import Mapping
from typing import Any

import pytest

from engine.errors import InvalidField
from engine.search import FloatParameter, Scalar, SearchSpace, minimize

SPACE = {"parameters": [{"name": "x", "type": "float", "low": -5, "high": 5}]}
RANDOM = {"type": "random"}


def square(values: Mapping[str, Scalar]) -> float:
    return (float(values["x"]) - 1) ** 2


def test_the_best_trial_is_the_one_with_the_smallest_value() -> None:
    result = minimize(square, SPACE, {"type": "coarse_to_fine"}, trials=60, seed=0)
    assert result.best is not None
    assert result.best.value == min(square(trial.values) for trial in result.trials)
    assert result.best.values == result.trials[result.best.number].values
    assert result.best.values["x"] == pytest.approx(1, abs=0.1)


def test_the_trials_and_rounds_of_the_search_are_told() -> None:
    result = minimize(square, SPACE, {"type": "coarse_to_fine", "rounds": 3}, trials=30, seed=0)
    assert [trial.number for trial in result.trials] == list(range(30))
    assert [search_round.number for search_round in result.rounds] == [0, 1, 2]
    assert [number for search_round in result.rounds for number in search_round.trials] == list(range(30))
    assert result.rounds[0].box.to_json() == {"x": {"low": -5.0, "high": 5.0}}
    assert result.best is not None
    assert result.rounds[-1].elites[0] == result.best.number


def test_a_space_and_its_document_give_the_same_search() -> None:
    space = SearchSpace((FloatParameter("x", -5, 5),))
    assert minimize(square, space, RANDOM, 10, seed=3) == minimize(square, SPACE, RANDOM, 10, seed=3)
    assert minimize(square, space, RANDOM, 10, seed=3) != minimize(square, space, RANDOM, 10, seed=4)


@pytest.mark.parametrize("failure", [math.nan, math.inf, -math.inf])
def test_nan_and_infinity_are_failed_trials_and_never_the_best(failure: float) -> None:
    result = minimize(lambda values: failure if float(values["x"]) < 1 else square(values), SPACE, RANDOM, 30, seed=0)
    assert result.best is not None
    assert float(result.best.values["x"]) >= 1
    assert {trial.value is None for trial in result.trials if float(trial.values["x"]) < 1} == {True}


def test_arithmetic_that_overflows_is_a_failed_trial() -> None:
    result = minimize(lambda values: math.exp(1000 * float(values["x"])), SPACE, RANDOM, 30, seed=0)
    assert {trial.value is None for trial in result.trials if float(trial.values["x"]) > 1} == {True}
    assert result.best is not None


def test_there_is_no_best_if_every_trial_failed() -> None:
    result = minimize(lambda _: math.nan, SPACE, {"type": "coarse_to_fine"}, trials=20, seed=0)
    assert result.best is None
    assert len(result.trials) == 20


def test_any_other_exception_of_the_objective_ends_the_search() -> None:
    def broken(values: Mapping[str, Scalar]) -> float:
        return float(values["y"])

    with pytest.raises(KeyError, match="y"):
        minimize(broken, SPACE, RANDOM, 5, seed=0)


def test_an_objective_that_changes_its_argument_changes_nothing() -> None:
    def greedy(values: Any) -> float:
        return float(values.pop("x"))

    assert all("x" in trial.values for trial in minimize(greedy, SPACE, RANDOM, 5, seed=0).trials)


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        ({"objective": 3}, ("objective",), "`objective` must be a function of the values, but got 3"),
        ({"space": None}, ("space",), "a search space must be an object, but got None"),
        (
            {"space": {"parameters": []}},
            ("space", "parameters"),
            "`parameters` must hold 1 to 100 parameters, but holds 0",
        ),
        ({"strategy": "random"}, ("strategy",), "a strategy must be an object, but got 'random'"),
        (
            {"strategy": {"type": "coarse_to_fine", "margin": 2}},
            ("strategy", "margin"),
            "`0 <= margin <= 1` must hold, but got 2.0",
        ),
        ({"trials": 0}, ("trials",), "`1 <= trials <= 1000000` must hold, but got 0"),
        ({"seed": -1}, ("seed",), f"`0 <= seed <= {2**128 - 1}` must hold, but got -1"),
        ({"seed": 0.0}, ("seed",), "`seed` must be an integer, but got 0.0"),
    ],
)  # fmt: skip
def test_a_wrong_argument_is_refused_with_path_and_rule(
    changes: dict[str, Any], path: tuple[str, ...], message: str
) -> None:
    arguments: dict[str, Any] = {"objective": square, "space": SPACE, "strategy": RANDOM, "trials": 5, "seed": 0}
    with pytest.raises(InvalidField) as caught:
        minimize(**(arguments | changes))
    assert caught.value.path == path
    assert caught.value.message == message
