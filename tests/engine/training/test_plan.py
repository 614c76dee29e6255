"""Training plans: what they refuse, how values become one, and that their parts agree with each other."""

import re
from dataclasses import FrozenInstanceError, fields
from typing import Any, get_args

import pytest

from engine.errors import InvalidField
from engine.training.activations import ACTIVATIONS, ActivationName
from engine.training.optimizers import OPTIMIZERS
from engine.training.plan import (
    LAYER_NAMES,
    MAX_HIDDEN_LAYERS,
    RULES,
    USED_BY_OPTIMIZERS,
    OptimizerName,
    TrainingPlan,
    check_effect,
    check_value,
)

FIELDS = {field.name: field for field in fields(TrainingPlan)}

BAD_VALUES: list[tuple[str, Any, str]] = [
    ("hidden_layers", 0, "`hidden_layers` must be a whole number from 1 to 10, but got 0"),
    ("hidden_layers", 11, "`hidden_layers` must be a whole number from 1 to 10, but got 11"),
    ("hidden_units", 0, "`hidden_units` must be a whole number from 1 to 4096, but got 0"),
    ("hidden_units", 4097, "`hidden_units` must be a whole number from 1 to 4096, but got 4097"),
    ("hidden_units_2", 12.5, "`hidden_units_2` must be a whole number from 1 to 4096, but got 12.5"),
    ("activation", "rellu", "`activation`: unknown choice 'rellu': the nearest known one is 'relu'"),
    ("activation", 1, "`activation` must be one of relu, leaky_relu, tanh, sigmoid, but got 1"),
    ("initializer", "glorot", "`initializer`: unknown choice 'glorot': the nearest known one is 'auto'"),
    ("optimizer", "Adam", "`optimizer`: unknown choice 'Adam': the nearest known one is 'adam'"),
    ("learning_rate", 0, "`learning_rate` must be a number above 0 and below 1e+30, but got 0"),
    ("learning_rate", "0.1", "`learning_rate` must be a number above 0 and below 1e+30, but got '0.1'"),
    ("learning_rate", float("nan"), "`learning_rate` must be a number above 0 and below 1e+30, but got nan"),
    ("momentum", 1, "`momentum` must be a number at least 0 and below 1, but got 1"),
    ("beta_1", -0.1, "`beta_1` must be a number at least 0 and below 1, but got -0.1"),
    ("beta_2", 1.0, "`beta_2` must be a number at least 0 and below 1, but got 1.0"),
    ("epsilon", 0, "`epsilon` must be a number at least 1e-30 and below 1e+30, but got 0"),
    ("batch_size", 0, "`batch_size` must be a whole number from 1 to 1000000, but got 0"),
    ("epochs", True, "`epochs` must be a whole number from 1 to 100000, but got True"),
    ("l2", -1, "`l2` must be a number at least 0 and below 1e+30, but got -1"),
    ("normalize_inputs", 1, "`normalize_inputs` must be true or false, but got 1"),
    (
        "early_stopping_patience",
        0,
        "`early_stopping_patience` must be a whole number from 1 to 100000, or null, but got 0",
    ),
]


@pytest.mark.parametrize(("name", "value", "message"), BAD_VALUES)
def test_a_bad_value_is_refused_with_its_name_value_and_rule(name: str, value: Any, message: str) -> None:
    for refuse in (lambda: check_value(name, value), lambda: TrainingPlan.from_values({name: value})):
        with pytest.raises(InvalidField) as refusal:
            refuse()
        assert refusal.value.path == (name,)
        assert refusal.value.message == message


@pytest.mark.parametrize(("name", "value", "message"), [bad for bad in BAD_VALUES if "hidden" not in bad[0]])
def test_a_plan_refuses_the_same_when_it_is_made_directly(name: str, value: Any, message: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        TrainingPlan(**{name: value})
    assert refusal.value.message == message


@pytest.mark.parametrize(
    ("hidden_units", "message"),
    [
        ((), "`hidden_layers` must be a whole number from 1 to 10, but got 0"),
        ((8,) * 11, "`hidden_layers` must be a whole number from 1 to 10, but got 11"),
        ((8, 0), "`hidden_units_2` must be a whole number from 1 to 4096, but got 0"),
    ],
)
def test_a_plan_refuses_layers_outside_their_rule(hidden_units: tuple[int, ...], message: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        TrainingPlan(hidden_units=hidden_units)
    assert refusal.value.message == message


def test_every_rule_has_a_bad_value_here() -> None:
    assert set(RULES) <= {name for name, _, _ in BAD_VALUES}


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("learning_rte", "learning_rate"),
        ("hiden_units_2", "hidden_units_2"),
        ("beta2", "beta_2"),
        ("early_stopping", "early_stopping_patience"),
        ("hidden_units_11", "hidden_units_1"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_known_one(name: str, nearest: str) -> None:
    for refuse in (lambda: check_value(name, 1), lambda: TrainingPlan.from_values({name: 1})):
        with pytest.raises(InvalidField) as refusal:
            refuse()
        assert refusal.value.path == (name,)
        assert refusal.value.message == f"unknown training value {name!r}: the nearest known one is {nearest!r}"


@pytest.mark.parametrize("name", ["seed", "metric"])
def test_what_a_study_sets_elsewhere_is_no_training_value(name: str) -> None:
    with pytest.raises(InvalidField, match=f"unknown training value '{name}'"):
        check_value(name, 1)


@pytest.mark.parametrize(
    ("values", "hidden_units"),
    [
        ({}, (64, 64)),
        ({"hidden_units": 20}, (20, 20)),
        ({"hidden_layers": 3}, (64, 64, 64)),
        ({"hidden_layers": 1, "hidden_units": 20}, (20,)),
        ({"hidden_layers": 3, "hidden_units": 20, "hidden_units_2": 7}, (20, 7, 20)),
        ({"hidden_units_1": 5, "hidden_units_2": 6}, (5, 6)),
        ({"hidden_units_1": 5}, (5, 64)),
        ({"hidden_layers": 2, "hidden_units": 20, "hidden_units_3": 7}, (20, 20)),
        ({"hidden_layers": 10, "hidden_units": 3, "hidden_units_10": 4}, (3,) * 9 + (4,)),
    ],
)
def test_hidden_units_of_all_layers_give_way_to_those_of_one(
    values: dict[str, int], hidden_units: tuple[int, ...]
) -> None:
    assert TrainingPlan.from_values(values).hidden_units == hidden_units


def test_values_set_their_fields_and_the_rest_keeps_its_default() -> None:
    values = {
        "activation": "tanh",
        "initializer": "lecun",
        "optimizer": "momentum",
        "learning_rate": 0.5,
        "momentum": 0.1,
        "beta_1": 0.2,
        "beta_2": 0.3,
        "epsilon": 0.4,
        "batch_size": 5,
        "epochs": 6,
        "l2": 7.0,
        "normalize_inputs": False,
        "early_stopping_patience": 8,
    }
    assert set(values) == set(RULES) - {"hidden_layers", "hidden_units"}
    for name, value in values.items():
        assert FIELDS[name].default != value
    assert TrainingPlan.from_values(values, seed=9, metric="f1") == TrainingPlan(seed=9, metric="f1", **values)  # type: ignore[arg-type]
    assert TrainingPlan.from_values({}) == TrainingPlan()


def test_a_plan_stays_as_it_was_made() -> None:
    with pytest.raises(FrozenInstanceError):
        TrainingPlan().epochs = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "possible", "message"),
    [
        (
            "momentum",
            {},
            "searching 'momentum' has no effect: `optimizer` must be able to be 'momentum', but it is 'adam'",
        ),
        (
            "momentum",
            {"optimizer": ("sgd", "adam")},
            "searching 'momentum' has no effect: `optimizer` must be able to be 'momentum', but it is 'sgd' or 'adam'",
        ),
        (
            "beta_2",
            {"optimizer": ("momentum",)},
            "searching 'beta_2' has no effect: `optimizer` must be able to be 'adam', but it is 'momentum'",
        ),
        ("hidden_units_3", {}, "searching 'hidden_units_3' has no effect: `hidden_layers` is at most 2"),
        (
            "hidden_units_4",
            {"hidden_layers": (1, 3)},
            "searching 'hidden_units_4' has no effect: `hidden_layers` is at most 3",
        ),
        (
            "hidden_units",
            {"hidden_units_1": (8, 16), "hidden_units_2": (8,)},
            "searching 'hidden_units' has no effect: each layer has units of its own",
        ),
    ],
)
def test_searching_what_can_change_nothing_is_refused(
    name: str, possible: dict[str, tuple[Any, ...]], message: str
) -> None:
    with pytest.raises(InvalidField) as refusal:
        check_effect(name, possible)
    assert refusal.value.path == (name,)
    assert refusal.value.message == message


@pytest.mark.parametrize(
    ("name", "possible"),
    [
        ("learning_rate", {}),
        ("momentum", {"optimizer": ("momentum",)}),
        ("momentum", {"optimizer": ("momentum", "adam")}),
        ("beta_1", {}),
        ("epsilon", {"optimizer": ("sgd", "adam")}),
        ("hidden_units_2", {}),
        ("hidden_units_3", {"hidden_layers": (1, 3)}),
        ("hidden_units", {"hidden_units_1": (8, 16)}),
        ("hidden_units", {"hidden_units_1": (8,), "hidden_units_2": (8,), "hidden_layers": (2, 3)}),
    ],
)
def test_searching_what_can_change_something_is_allowed(name: str, possible: dict[str, tuple[Any, ...]]) -> None:
    check_effect(name, possible)


def test_every_rule_but_that_of_the_layers_is_for_a_field_and_its_default_keeps_it() -> None:
    assert set(RULES) - set(FIELDS) == {"hidden_layers"}
    assert set(FIELDS) - set(RULES) == {"seed", "metric"}
    for name, rule in RULES.items():
        if name not in ("hidden_layers", "hidden_units"):
            rule.check(name, FIELDS[name].default)


def test_every_field_is_in_the_docstring_or_named_like_its_rule() -> None:
    documented = set(re.findall(r"^    (\w+)  +\S", str(TrainingPlan.__doc__), re.MULTILINE))
    assert documented <= set(FIELDS)
    assert set(FIELDS) <= documented | set(RULES)


def test_every_name_that_a_plan_allows_exists() -> None:
    assert set(get_args(ActivationName)) == set(ACTIVATIONS)
    assert set(get_args(OptimizerName)) == set(OPTIMIZERS)
    assert {optimizer for users in USED_BY_OPTIMIZERS.values() for optimizer in users} <= set(OPTIMIZERS)
    assert set(USED_BY_OPTIMIZERS) <= set(RULES)


def test_each_layer_has_a_name() -> None:
    assert len(LAYER_NAMES) == MAX_HIDDEN_LAYERS
    assert (LAYER_NAMES[0], LAYER_NAMES[-1]) == ("hidden_units_1", "hidden_units_10")
