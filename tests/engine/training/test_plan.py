"""Training plans: how values become one, and that all of its fields are known."""

import re
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from engine.errors import InvalidField
from engine.training.augmentation import Augmentation
from engine.training.plan import TrainingPlan
from engine.training.values import RULES

FIELDS = {field.name: field for field in fields(TrainingPlan)}
BY_LAYER = {"hidden_units", "keep_probs"}
SET_ELSEWHERE = {"seed", "metric", "width_step"}  # by the study, or the service


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


@pytest.mark.parametrize("keep_prob", [0, -0.5, 1.5, True, float("nan")])
def test_a_plan_refuses_a_keep_prob_outside_its_rule(keep_prob: Any) -> None:
    with pytest.raises(InvalidField) as refusal:
        TrainingPlan(keep_probs=(1.0, keep_prob))
    assert refusal.value.path == ("keep_prob_2",)
    assert refusal.value.message == f"`keep_prob_2` must be a number above 0 and at most 1, but got {keep_prob!r}"


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


@pytest.mark.parametrize(
    ("values", "keep_probs"),
    [
        ({}, ()),
        ({"keep_prob": 1.0}, ()),
        ({"keep_prob": 0.5}, (0.5, 0.5)),
        ({"keep_prob_2": 0.5}, (1.0, 0.5)),
        ({"keep_prob": 0.8, "keep_prob_1": 1.0}, (1.0, 0.8)),
        ({"keep_prob": 0.8, "keep_prob_2": 0.5, "hidden_layers": 3}, (0.8, 0.5, 0.8)),
        ({"keep_prob_3": 0.5}, ()),
        ({"keep_prob_1": 1, "keep_prob_2": 1}, ()),
    ],
)
def test_keep_probs_of_all_layers_give_way_to_those_of_one(
    values: dict[str, float], keep_probs: tuple[float, ...]
) -> None:
    assert TrainingPlan.from_values(values).keep_probs == keep_probs


def test_only_layers_with_a_keep_prob_below_one_drop() -> None:
    assert TrainingPlan(keep_probs=(0.5, 1.0)).drops == (True, False)
    assert TrainingPlan(hidden_units=(8, 8, 8)).drops == (False, False, False)


def test_values_set_their_fields_and_the_rest_keeps_its_default() -> None:
    values: dict[str, Any] = {
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
        "schedule": "manual",
        "decay_rate": 0.6,
        "decay_k": 0.7,
        "decay_every": 8,
        "rates": ((1, 0.5), (9, 0.05)),
        "l1": 0.9,
        "l2": 7.0,
        "batch_norm": True,
        "normalize_inputs": False,
        "early_stopping_patience": 8,
        "augmentation": {"shift": 2, "flip": True},
        "record_batch_losses": True,
    }
    assert set(values) == set(RULES) - {"hidden_layers", "hidden_units", "keep_prob"}
    for name, value in values.items():
        assert FIELDS[name].default != value
    as_fields = {**values, "augmentation": Augmentation(shift=2, flip=True)}
    assert TrainingPlan.from_values(values, seed=9, metric="f1", width_step=8) == TrainingPlan(
        seed=9, metric="f1", width_step=8, **as_fields
    )
    assert TrainingPlan.from_values({}) == TrainingPlan()


def test_rates_as_json_has_them_make_the_same_plan() -> None:
    plan = TrainingPlan.from_values({"schedule": "manual", "rates": [[1, 0.5], [9, 0.05]]})
    assert plan.rates == ((1, 0.5), (9, 0.05))
    assert hash(plan) == hash(TrainingPlan(schedule="manual", rates=((1, 0.5), (9, 0.05))))


def test_what_is_left_to_the_optimiser_and_the_schedule_has_their_default() -> None:
    assert TrainingPlan(optimizer="adam").beta_2_or_default == 0.999
    assert TrainingPlan(optimizer="rmsprop").beta_2_or_default == 0.9
    assert TrainingPlan(optimizer="rmsprop", beta_2=0.5).beta_2_or_default == 0.5
    assert TrainingPlan(schedule="time").decay_rate_or_default == 1
    assert TrainingPlan(schedule="exponential").decay_rate_or_default == 0.95
    assert TrainingPlan(schedule="staircase").decay_rate_or_default == 0.5
    assert TrainingPlan(schedule="time", decay_rate=0.25).decay_rate_or_default == 0.25


def test_a_plan_stays_as_it_was_made() -> None:
    with pytest.raises(FrozenInstanceError):
        TrainingPlan().epochs = 3  # type: ignore[misc]


def test_every_rule_but_those_of_layers_is_for_a_field_and_its_default_keeps_it() -> None:
    assert set(RULES) - set(FIELDS) == {"hidden_layers", "keep_prob"}
    assert set(FIELDS) - set(RULES) == {*SET_ELSEWHERE, "keep_probs"}
    for name in set(RULES) & set(FIELDS) - BY_LAYER:
        RULES[name].check(name, FIELDS[name].default)


def test_every_field_is_in_the_docstring_or_named_like_its_rule() -> None:
    entries = re.findall(r"^    (\w+(?:, \w+)*)  +\S", str(TrainingPlan.__doc__), re.MULTILINE)
    documented = {name for entry in entries for name in entry.split(", ")}
    assert documented <= set(FIELDS)
    assert set(FIELDS) <= documented | set(RULES)
