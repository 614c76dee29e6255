"""The values of a training as a study names them: what is refused, and in which words."""

from typing import Any, get_args

import pytest

from engine.errors import InvalidField
from engine.training.augmentation import augmentation_rule
from engine.training.layers.activations import ACTIVATIONS, ActivationName
from engine.training.optimizers import OPTIMIZERS
from engine.training.plan import DEFAULT_BETA_2, DEFAULT_DECAY_RATE, TrainingPlan
from engine.training.schedules import SCHEDULES
from engine.training.values import (
    LAYER_NAMES,
    MAX_HIDDEN_LAYERS,
    RULES,
    TRAINING_NAMES,
    OptimizerName,
    ScheduleName,
    check_value,
)

RATES_TEXT = "a list of [epoch, rate] in the order of their epochs, which count from 1, each rate above 0"

BAD_VALUES: list[tuple[str, Any, str]] = [
    ("hidden_layers", 0, "`hidden_layers` must be a whole number from 1 to 10, but got 0"),
    ("hidden_layers", 11, "`hidden_layers` must be a whole number from 1 to 10, but got 11"),
    ("hidden_units", 0, "`hidden_units` must be a whole number from 1 to 4096, but got 0"),
    ("hidden_units", 4097, "`hidden_units` must be a whole number from 1 to 4096, but got 4097"),
    ("hidden_units_2", 12.5, "`hidden_units_2` must be a whole number from 1 to 4096, but got 12.5"),
    ("activation", "rellu", "`activation`: unknown choice 'rellu': the nearest known one is 'relu'"),
    ("activation", 1, "`activation` must be one of relu, leaky_relu, tanh, sigmoid, but got 1"),
    (
        "initializer",
        "glorot",
        "`initializer`: unknown choice 'glorot': the known ones are 'auto', 'he', 'xavier', 'lecun', 'normal'",
    ),
    ("optimizer", "Adam", "`optimizer`: unknown choice 'Adam': the nearest known one is 'adam'"),
    ("learning_rate", 0, "`learning_rate` must be a number above 0 and below 1e+30, but got 0"),
    ("learning_rate", "0.1", "`learning_rate` must be a number above 0 and below 1e+30, but got '0.1'"),
    ("learning_rate", float("nan"), "`learning_rate` must be a number above 0 and below 1e+30, but got nan"),
    ("momentum", 1, "`momentum` must be a number at least 0 and below 1, but got 1"),
    ("beta_1", -0.1, "`beta_1` must be a number at least 0 and below 1, but got -0.1"),
    ("beta_2", 1.0, "`beta_2` must be a number at least 0 and below 1, or null, but got 1.0"),
    ("epsilon", 0, "`epsilon` must be a number at least 1e-30 and below 1e+30, but got 0"),
    ("batch_size", 0, "`batch_size` must be a whole number from 1 to 1000000, but got 0"),
    ("epochs", True, "`epochs` must be a whole number from 1 to 100000, but got True"),
    (
        "schedule",
        "step",
        "`schedule`: unknown choice 'step': the known ones are 'constant', 'time', 'exponential', 'sqrt', 'staircase', "
        "'manual'",
    ),
    ("decay_rate", 0, "`decay_rate` must be a number above 0 and below 1e+30, or null, but got 0"),
    ("decay_k", 0, "`decay_k` must be a number above 0 and below 1e+30, but got 0"),
    ("decay_every", 0, "`decay_every` must be a whole number from 1 to 100000, but got 0"),
    ("decay_every", 2.5, "`decay_every` must be a whole number from 1 to 100000, but got 2.5"),
    ("rates", ((5, 0.1), (3, 0.01)), f"`rates` must be {RATES_TEXT}, but got ((5, 0.1), (3, 0.01))"),
    ("rates", ((5, 0.1), (5, 0.01)), f"`rates` must be {RATES_TEXT}, but got ((5, 0.1), (5, 0.01))"),
    ("rates", ((0, 0.1),), f"`rates` must be {RATES_TEXT}, but got ((0, 0.1),)"),
    ("rates", ((1, 0.0),), f"`rates` must be {RATES_TEXT}, but got ((1, 0.0),)"),
    ("rates", ((1, 0.1, 2),), f"`rates` must be {RATES_TEXT}, but got ((1, 0.1, 2),)"),
    ("rates", 0.1, f"`rates` must be {RATES_TEXT}, but got 0.1"),
    ("l1", -1, "`l1` must be a number at least 0 and below 1e+30, but got -1"),
    ("l2", -1, "`l2` must be a number at least 0 and below 1e+30, but got -1"),
    ("keep_prob", 0, "`keep_prob` must be a number above 0 and at most 1, but got 0"),
    ("keep_prob", 1.01, "`keep_prob` must be a number above 0 and at most 1, but got 1.01"),
    ("keep_prob_3", -0.5, "`keep_prob_3` must be a number above 0 and at most 1, but got -0.5"),
    ("batch_norm", 1, "`batch_norm` must be true or false, but got 1"),
    ("record_batch_losses", "yes", "`record_batch_losses` must be true or false, but got 'yes'"),
    ("normalize_inputs", 1, "`normalize_inputs` must be true or false, but got 1"),
    (
        "early_stopping_patience",
        0,
        "`early_stopping_patience` must be a whole number from 1 to 100000, or null, but got 0",
    ),
    ("augmentation", {"zoom": 2}, f"`augmentation` must be {augmentation_rule().text}, but got {{'zoom': 2}}"),
    ("augmentation", {"shift": -1}, f"`augmentation` must be {augmentation_rule().text}, but got {{'shift': -1}}"),
    ("augmentation", {"flip": 1}, f"`augmentation` must be {augmentation_rule().text}, but got {{'flip': 1}}"),
    ("augmentation", {"rotate": 181}, f"`augmentation` must be {augmentation_rule().text}, but got {{'rotate': 181}}"),
    ("augmentation", {"noise": -0.1}, f"`augmentation` must be {augmentation_rule().text}, but got {{'noise': -0.1}}"),
]


@pytest.mark.parametrize(("name", "value", "message"), BAD_VALUES)
def test_a_bad_value_is_refused_with_its_name_value_and_rule(name: str, value: Any, message: str) -> None:
    for refuse in (lambda: check_value(name, value), lambda: TrainingPlan.from_values({name: value})):
        with pytest.raises(InvalidField) as refusal:
            refuse()
        assert refusal.value.path == (name,)
        assert refusal.value.message == message


def is_a_field(name: str) -> bool:
    return "hidden" not in name and "keep_prob" not in name


@pytest.mark.parametrize(("name", "value", "message"), [bad for bad in BAD_VALUES if is_a_field(bad[0])])
def test_a_plan_refuses_the_same_when_it_is_made_directly(name: str, value: Any, message: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        TrainingPlan(**{name: value})
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
        ("keep_probs", "keep_prob"),
        ("keep_prob_11", "keep_prob_1"),
        ("batchnorm", "batch_norm"),
        ("L2", "l2"),
        ("EPOCHS", "epochs"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_known_one(name: str, nearest: str) -> None:
    for refuse in (lambda: check_value(name, 1), lambda: TrainingPlan.from_values({name: 1})):
        with pytest.raises(InvalidField) as refusal:
            refuse()
        assert refusal.value.path == (name,)
        assert refusal.value.message == f"unknown training value {name!r}: the nearest known one is {nearest!r}"


@pytest.mark.parametrize("name", ["seed", "metric", "width_step"])
def test_what_a_study_sets_elsewhere_is_no_training_value(name: str) -> None:
    with pytest.raises(InvalidField, match=f"unknown training value '{name}'"):
        check_value(name, 1)


def test_every_name_that_a_value_may_have_exists() -> None:
    assert set(get_args(ActivationName)) == set(ACTIVATIONS)
    assert set(get_args(OptimizerName)) == set(OPTIMIZERS)
    assert set(get_args(ScheduleName)) == set(SCHEDULES)
    assert set(DEFAULT_BETA_2) <= set(OPTIMIZERS)
    assert set(DEFAULT_DECAY_RATE) <= set(SCHEDULES)


@pytest.mark.parametrize("shared", ["hidden_units", "keep_prob"])
def test_each_layer_has_a_name(shared: str) -> None:
    names = LAYER_NAMES[shared]
    assert len(names) == MAX_HIDDEN_LAYERS
    assert (names[0], names[-1]) == (f"{shared}_1", f"{shared}_10")
    assert set(names) <= set(TRAINING_NAMES)


def test_no_two_training_values_share_a_name() -> None:
    assert len(set(TRAINING_NAMES)) == len(TRAINING_NAMES)
