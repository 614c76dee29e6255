"""A grid holds every combination once, and says no where that is too many."""

import json
import time
from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest

from engine.errors import InvalidField
from engine.search import (
    CategoricalParameter,
    Condition,
    FloatParameter,
    GridSearch,
    IntParameter,
    Scalar,
    SearchSpace,
    minimize,
)
from engine.search.lattice import Lattice

PLAIN = SearchSpace(
    (
        FloatParameter("rate", 0.001, 1.0, "log"),
        IntParameter("units", 10, 30, step=10),
        CategoricalParameter("kind", ("a", True, 1)),
    )
)

NESTED = SearchSpace(
    (
        CategoricalParameter("optimizer", ("momentum", "adam", "sgd")),
        IntParameter("layers", 1, 4),
        FloatParameter("momentum", 0.5, 0.9, when=(Condition("optimizer", ("momentum",)),)),
        CategoricalParameter(
            "schedule", ("on", "off"), when=(Condition("optimizer", ("sgd",)), Condition("layers", (2, 3)))
        ),
        IntParameter("decay", 1, 5, when=(Condition("schedule", ("on",)),)),
        CategoricalParameter("last", (1, 2)),
    )
)


def points(space: SearchSpace, floats: int) -> list[dict[str, Scalar]]:
    lattice = Lattice(space, floats)
    return [lattice.point(number) for number in range(lattice.size)]


def test_the_grid_holds_every_combination_once_and_floats_from_end_to_end_on_their_scale() -> None:
    rates = [0.001, pytest.approx(0.001**0.5), 1.0]
    expected = [{"rate": rate, "units": units, "kind": kind}
                for rate, units, kind in product(rates, (10, 20, 30), ("a", True, 1))]  # fmt: skip
    assert points(PLAIN, 3) == expected
    assert {type(point["kind"]) for point in points(PLAIN, 3)} == {str, bool, int}


def test_one_point_of_a_float_is_its_middle() -> None:
    assert points(SearchSpace((FloatParameter("x", 1.0, 100.0, "log"),)), 1) == [{"x": pytest.approx(10)}]


def test_a_point_without_a_conditional_parameter_is_there_once() -> None:
    found = points(NESTED, 3)
    every: dict[str, list[Scalar]] = {
        "optimizer": ["momentum", "adam", "sgd"],
        "layers": [1, 2, 3, 4],
        "momentum": [0.5, 0.7, 0.9],
        "schedule": ["on", "off"],
        "decay": [1, 2, 3, 4, 5],
        "last": [1, 2],
    }
    expected = {
        json.dumps(NESTED.present(dict(zip(NESTED.names, values, strict=True))))
        for values in product(*(every[name] for name in NESTED.names))
    }
    assert {json.dumps(point) for point in found} == expected
    assert len(found) == len(expected) == 60  # 4·3·2 with momentum, 4·2 with adam, 2·2 + 2·(5 + 1)·2 with sgd


def test_a_search_goes_through_the_whole_grid_in_an_order_of_its_seed_and_then_again() -> None:
    orders = []
    for seed in (0, 1):
        result = minimize(lambda _: 0.0, NESTED, {"type": "grid", "points": 3}, trials=2 * 60, seed=seed)
        tried = [json.dumps(trial.values) for trial in result.trials]
        assert sorted(tried[:60]) == sorted(json.dumps(point) for point in points(NESTED, 3))
        assert tried[60:] == tried[:60]
        orders.append(tried)
    assert orders[0] != orders[1]


MANY = SearchSpace(tuple(IntParameter(f"n{number}", 1, 101) for number in range(3)))


@pytest.mark.parametrize(
    ("space", "options", "count"),
    [
        (MANY, {}, "1,030,301"),
        (SearchSpace(tuple(FloatParameter(f"x{number}", 0, 1) for number in range(4))), {"points": 32}, "1,048,576"),
        (SearchSpace((IntParameter("n", 0, 10**15),)), {}, "1,000,000,000,000,001"),
        (
            SearchSpace(
                (
                    IntParameter("n", 1, 10**12),
                    FloatParameter("x", 0, 1, when=(Condition("n", (5, 7)),)),
                )
            ),
            {},
            "1,000,000,000,008",
        ),
    ],
)
def test_an_explosion_is_refused_with_the_count(space: SearchSpace, options: Mapping[str, Any], count: str) -> None:
    with pytest.raises(InvalidField, match=f"at most 1,000,000 points, but with .* it has {count}$") as caught:
        GridSearch(**options).check_space(space)
    assert caught.value.path == ("points",)
    with pytest.raises(InvalidField) as again:
        minimize(lambda _: 0.0, space, {"type": "grid", **options}, trials=5, seed=0)
    assert again.value.path == ("strategy", "points")


def test_a_grid_of_exactly_a_million_points_is_taken() -> None:
    space = SearchSpace(tuple(IntParameter(f"n{number}", 1, 100) for number in range(3)))
    GridSearch().check_space(space)
    assert len(minimize(lambda _: 0.0, space, {"type": "grid"}, trials=100, seed=0).trials) == 100


def test_conditions_in_too_many_ways_are_refused_soon() -> None:
    parents = [CategoricalParameter(f"p{number}", ("a", "b")) for number in range(40)]
    children = [FloatParameter(f"c{number}", 0, 1, when=(Condition(f"p{number}", ("a",)),)) for number in range(40)]
    began = time.monotonic()
    with pytest.raises(InvalidField, match="can come out in more than 10,000 ways") as caught:
        GridSearch().check_space(SearchSpace((*parents, *children)))
    assert caught.value.path == ("type",)
    assert time.monotonic() - began < 60  # not 2 to the 40th steps
