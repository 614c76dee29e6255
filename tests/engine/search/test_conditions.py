"""Conditions: which parameters a trial has, and which conditions are refused."""

import json
from typing import Any

import numpy as np
import pytest

from engine.errors import InvalidField
from engine.search import (
    Box,
    CategoricalParameter,
    Condition,
    FloatParameter,
    IntParameter,
    Scalar,
    SearchSpace,
    draw,
    minimize,
    touched_borders,
)

NESTED: list[dict[str, Any]] = [
    {"name": "optimizer", "type": "categorical", "choices": ["sgd", "momentum", "adam"]},
    {"name": "layers", "type": "int", "low": 1, "high": 3},
    {"name": "momentum", "type": "float", "low": 0.9, "high": 0.99, "when": {"optimizer": ["momentum"]}},
    {
        "name": "schedule",
        "type": "categorical",
        "choices": ["constant", "time"],
        "when": {"optimizer": ["sgd", "momentum"], "layers": [1, 2]},
    },
    {"name": "decay", "type": "int", "low": 1, "high": 50, "when": {"schedule": ["time"]}},
    {"name": "rate", "type": "float", "low": 0.001, "high": 1, "scale": "log"},
]


def space(*parameters: dict[str, Any]) -> SearchSpace:
    return SearchSpace.from_json({"parameters": list(parameters)})


def conditioned(**when: Any) -> SearchSpace:
    """Two parameters to hang on and one that does."""
    return space(NESTED[0], NESTED[1], {"name": "x", "type": "float", "low": 0, "high": 1, "when": when})


def drawn(searched: SearchSpace, count: int = 200) -> list[dict[str, Scalar]]:
    return draw(Box.whole(searched), 0, range(count))


def test_a_trial_has_the_parameters_whose_conditions_hold_and_no_other() -> None:
    trials = drawn(space(*NESTED))
    for values in trials:
        momentum = values["optimizer"] == "momentum"
        schedule = values["optimizer"] in ("sgd", "momentum") and values["layers"] in (1, 2)
        expected = ["optimizer", "layers", *["momentum"] * momentum, *["schedule"] * schedule]
        expected += ["decay"] * (values.get("schedule") == "time")
        assert list(values) == [*expected, "rate"]
    assert {len(values) for values in trials} == {3, 4, 5, 6}


def test_a_condition_shifts_the_draws_of_no_parameter() -> None:
    free = drawn(space(*({**each, "when": {}} for each in NESTED)))
    for values, all_values in zip(drawn(space(*NESTED)), free, strict=True):
        assert values.items() <= all_values.items()


def test_true_is_not_one_in_a_condition_either() -> None:
    switch = {"name": "switch", "type": "categorical", "choices": [True, 1]}
    searched = space(switch, {"name": "x", "type": "float", "low": 0, "high": 1, "when": {"switch": [True]}})
    assert {(type(values["switch"]), "x" in values) for values in drawn(searched)} == {(bool, True), (int, False)}


def test_conditions_come_back_from_json_and_hash_and_an_empty_one_is_none() -> None:
    searched = space(*NESTED)
    document = json.loads(json.dumps(searched.to_json()))
    assert document["parameters"][3]["when"] == {"optimizer": ["sgd", "momentum"], "layers": [1, 2]}
    assert "when" not in document["parameters"][0]
    assert SearchSpace.from_json(document) == searched
    assert hash(SearchSpace.from_json(document)) == hash(searched)
    assert "when" not in conditioned().to_json()["parameters"][2]


def test_a_condition_made_in_python_is_the_one_of_the_document() -> None:
    parameter = FloatParameter("x", 0, 1, when=(Condition("optimizer", ("sgd",)),))
    assert parameter == conditioned(optimizer=["sgd"]).parameters[2]


# Which conditions are refused


@pytest.mark.parametrize(
    ("when", "path", "message"),
    [
        (["optimizer"], (), "`when` must be an object of names, each with a list of values, but got ['optimizer']"),
        (None, (), "`when` must be an object of names, each with a list of values, but got None"),
        ({"optimizer": "sgd"}, ("optimizer",), "`when.optimizer` must be a list, but got 'sgd'"),
        ({"optimizer": []}, ("optimizer",), "`when.optimizer` must hold 1 to 1000 values, but holds 0"),
        (
            {"optimizer": ["sgd", "sgd"]},
            ("optimizer", 1),
            "`when.optimizer` must all differ, but 'sgd' is there twice",
        ),
        ({"optimizer": [None]}, ("optimizer", 0), "`when.optimizer` must be printable text of at most 200 characters"),
        (
            {"optimizer": ["sgd", "sdg"]},
            ("optimizer", 1),
            "`when` must hold values of 'optimizer', which can never be 'sdg': it is one of ['sgd', ",
        ),
        (
            {"layers": [4]},
            ("layers", 0),
            "`when` must hold values of 'layers', which can never be 4: it is an integer from 1 to 3",
        ),
        ({"layers": ["1"]}, ("layers", 0), "`when` must hold values of 'layers', which can never be '1'"),
        (
            {"x": [0.5]},
            ("x",),
            "`when` must name an earlier parameter, but these conditions form a cycle: 'x' → 'x'",
        ),
    ],
)  # fmt: skip
def test_a_wrong_condition_is_refused_with_path_and_rule(when: Any, path: tuple[Any, ...], message: str) -> None:
    with pytest.raises(InvalidField) as caught:
        space(NESTED[0], NESTED[1], {"name": "x", "type": "float", "low": 0, "high": 1, "when": when})
    assert caught.value.path == ("parameters", 2, "when", *path)
    assert caught.value.message.startswith(message)


def choice(name: str, **when: Any) -> dict[str, Any]:
    return {"name": name, "type": "categorical", "choices": ["a", "b"], "when": when}


@pytest.mark.parametrize(
    ("parameters", "path", "message"),
    [
        ([choice("x", y=["a"]), choice("y")], (0, "when", "y"), "'y' stands after 'x': put it before"),
        (
            [choice("x", y=["a"]), choice("y", z=["a"]), choice("z", x=["b"])],
            (0, "when", "y"),
            "form a cycle: 'x' → 'y' → 'z' → 'x'",
        ),
        (
            [{"name": "r", "type": "float", "low": 0, "high": 1}, choice("x", r=[0.5])],
            (1, "when", "r"),
            "must name an int or a categorical parameter, but 'r' is a float",
        ),
        (
            [choice("x"), choice("y", x=["a"]), choice("z", y=["b"], x=["b"])],
            (2, "when"),
            "`when` of 'z' can never hold",
        ),
        ([choice("x"), choice("x", x=["a"])], (1, "name"), "'x' is there twice"),
    ],
)
def test_conditions_that_do_not_fit_each_other_are_refused(
    parameters: list[dict[str, Any]], path: tuple[Any, ...], message: str
) -> None:
    with pytest.raises(InvalidField) as caught:
        space(*parameters)
    assert caught.value.path == ("parameters", *path)
    assert message in caught.value.message


# Fixed values


def test_a_condition_on_a_fixed_value_is_settled_by_it_and_takes_along_what_hangs_on_it() -> None:
    searched = space(
        choice("outer", fixed=["yes"]),
        choice("inner", outer=["a"]),
        choice("both", outer=["a", "b"], fixed=["yes"]),
        choice("free"),
    )
    assert searched.given({"fixed": "yes"}) == space(
        choice("outer"), choice("inner", outer=["a"]), choice("both", outer=["a", "b"]), choice("free")
    )
    assert searched.given({"fixed": "no"}) == space(choice("free"))
    assert space(*NESTED).given({"optimizer": "sgd"}) == space(*NESTED)


def test_before_it_is_settled_such_a_condition_does_not_hold() -> None:
    assert {tuple(values) for values in drawn(space(choice("x"), choice("y", fixed=["yes"])))} == {("x",)}


def test_a_name_that_is_nowhere_is_refused_and_so_is_a_space_of_which_nothing_is_left() -> None:
    with pytest.raises(InvalidField) as caught:
        space(choice("x"), choice("y", fixde=["yes"])).given({"fixed": "yes"})
    assert caught.value.path == ("parameters", 1, "when", "fixde")
    assert caught.value.message.endswith("unknown name 'fixde': the nearest known one is 'fixed'")
    with pytest.raises(InvalidField, match="must leave something to search") as caught:
        space(choice("x", fixed=["yes"])).given({"fixed": "no"})
    assert caught.value.path == ("parameters",)


def test_minimize_refuses_a_condition_on_what_is_not_in_the_space() -> None:
    with pytest.raises(InvalidField) as caught:
        minimize(lambda _: 0.0, space(choice("x"), choice("y", z=["a"])), {"type": "random"}, 5, seed=0)
    assert caught.value.path == ("space", "parameters", 1, "when", "z")


# Boxes, borders, whole searches


def test_a_side_narrows_round_the_points_that_have_its_parameter() -> None:
    searched = space(choice("c"), {"name": "x", "type": "float", "low": 0, "high": 1, "when": {"c": ["a"]}})
    without: list[dict[str, Scalar]] = [{"c": "b"}] * 4
    few: list[dict[str, Scalar]] = [{"c": "a", "x": 0.5}, {"c": "a", "x": 0.52}, *without]
    many: list[dict[str, Scalar]] = [*few, {"c": "a", "x": 0.54}]
    whole = Box.whole(searched)
    assert whole.around(few, 0.1).to_json()["x"] == {"low": 0.0, "high": 1.0}  # two points are luck
    assert whole.around(many, 0.25).to_json()["x"] == {"low": pytest.approx(0.49), "high": pytest.approx(0.55)}
    assert whole.around(without, 0.1).to_json()["x"] == {"low": 0.0, "high": 1.0}


def test_an_absent_parameter_touches_no_border() -> None:
    searched = space(choice("c"), {"name": "n", "type": "int", "low": 0, "high": 50, "when": {"c": ["a"]}})
    assert [border.parameter for border in touched_borders(searched, {"c": "a", "n": 50})] == ["n"]
    assert touched_borders(searched, {"c": "b"}) == []


def test_a_search_zooms_in_on_a_conditional_parameter() -> None:
    searched = SearchSpace(
        (
            CategoricalParameter("kind", ("good", "bad")),
            FloatParameter("x", 0, 1, when=(Condition("kind", ("good",)),)),
            IntParameter("n", 0, 100, when=(Condition("kind", ("bad",)),)),
        )
    )
    result = minimize(
        lambda values: abs(float(values["x"]) - 0.3) if "x" in values else 5.0 + abs(float(values["n"]) - 50),
        searched,
        {"type": "coarse_to_fine"},
        trials=100,
        seed=0,
    )
    last = result.rounds[-1].box.to_json()
    assert 0.2 < last["x"]["low"] < 0.3 < last["x"]["high"] < 0.4
    assert last["n"] == {"low": 0, "high": 100}
    assert result.best is not None
    assert list(result.best.values) == ["kind", "x"]


def test_a_stored_box_with_conditions_draws_the_same_values() -> None:
    box = Box.whole(space(*NESTED)).around(drawn(space(*NESTED), 8), 0.1)
    again = Box.from_json(box.space, json.loads(json.dumps(box.to_json())))
    generators = [np.random.default_rng(3) for _ in range(2)]
    assert [box.sample(generators[0]) for _ in range(20)] == [again.sample(generators[1]) for _ in range(20)]
