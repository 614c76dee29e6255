"""Signs of trouble, by real trainings of both kinds: those that are in trouble and those that are not."""

from collections.abc import Mapping
from typing import Any

import pytest

from engine.training.dataset import Dataset
from engine.training.plan import TrainingPlan
from engine.training.result import LARGEST_NORM, Signals, TrainingResult
from engine.training.samples import SAMPLE_NAMES, load_dataset
from engine.training.signs import chance_loss, signs_of
from engine.training.train import train, train_pack
from tests.engine.training.small_data import TASKS, clouds, wave

SAMPLES = {name: load_dataset(name) for name in SAMPLE_NAMES}


def trained(values: Mapping[str, Any], dataset: str = "digits") -> TrainingResult:
    return train(TrainingPlan.from_values(values), SAMPLES[dataset])


GOOD: list[dict[str, Any]] = [
    {},
    {"epochs": 120},
    {"learning_rate": 0.01, "epochs": 60},
    {"optimizer": "sgd", "learning_rate": 0.02, "epochs": 60},
    {"activation": "tanh", "hidden_layers": 10},
    {"activation": "sigmoid", "hidden_layers": 3, "epochs": 60},
    {"activation": "sigmoid", "batch_norm": True, "epochs": 60},
    {"hidden_layers": 10},
    {"hidden_layers": 1, "hidden_units": 512},
    {"batch_norm": True, "batch_size": 16},
    {"keep_prob": 0.5, "epochs": 60},
    {"l2": 1.0, "epochs": 60},
    {"early_stopping_patience": 5, "epochs": 60},
]


@pytest.mark.parametrize("dataset", SAMPLE_NAMES)
def test_good_trainings_show_none(dataset: str) -> None:
    for seed in (0, 1):
        plans = [TrainingPlan.from_values(values, seed=seed) for values in GOOD]
        for values, result in zip(GOOD, train_pack(plans, SAMPLES[dataset]), strict=True):
            assert result.signs == [], (values, result.signals)


@pytest.mark.parametrize("dataset", SAMPLE_NAMES)
@pytest.mark.parametrize(
    "values",
    [
        {"hidden_layers": 10, "activation": "sigmoid", "initializer": "normal", "epochs": 2},
        {"hidden_layers": 10, "activation": "sigmoid", "epochs": 2},
        {"hidden_layers": 10, "initializer": "normal", "epochs": 2},
    ],
)
def test_gradients_vanish_on_the_way_through_ten_layers_that_are_initialised_for_others(
    values: Mapping[str, Any], dataset: str
) -> None:
    result = trained(values, dataset)
    assert "vanishing" in result.signs
    assert "vanishing" not in trained({**values, "batch_norm": True}, dataset).signs


@pytest.mark.parametrize(
    ("dataset", "values"),
    [
        ("breast-cancer", {"optimizer": "sgd", "learning_rate": 10.0}),
        ("diabetes", {"learning_rate": 1.0}),
        ("breast-cancer", {"normalize_inputs": False}),
        ("diabetes", {"normalize_inputs": False}),
    ],
)
def test_a_loss_that_became_huge_has_exploded_also_where_the_training_got_over_it(
    dataset: str, values: Mapping[str, Any]
) -> None:
    result = trained(values, dataset)
    assert result.failure is None
    assert "exploding" in result.signs


@pytest.mark.parametrize("dataset", SAMPLE_NAMES)
def test_a_training_that_diverged_has_exploded(dataset: str) -> None:
    result = trained({"optimizer": "sgd", "learning_rate": 1e6}, dataset)
    assert result.failure is not None
    assert result.signs == ["exploding"]


@pytest.mark.parametrize(
    ("dataset", "values"),
    [
        ("digits", {"learning_rate": 1.0, "epochs": 10}),
        ("digits", {"learning_rate": 1.0, "epochs": 10, "activation": "tanh"}),
        ("breast-cancer", {"learning_rate": 1.0, "epochs": 10, "activation": "sigmoid"}),
        ("diabetes", {"optimizer": "sgd", "learning_rate": 0.1}),
    ],
)
def test_units_saturate_where_the_steps_are_too_long(dataset: str, values: Mapping[str, Any]) -> None:
    result = trained(values, dataset)
    assert "saturated" in result.signs
    assert max(result.signals.saturated) > 0.5


@pytest.mark.parametrize("dataset", SAMPLE_NAMES)
@pytest.mark.parametrize(
    "values",
    [
        {"optimizer": "sgd", "learning_rate": 1e-6},
        {"optimizer": "sgd", "learning_rate": 1e-5, "initializer": "normal"},
        {"optimizer": "sgd", "learning_rate": 1e-5, "initializer": "normal", "batch_size": 8},
    ],
)
def test_a_training_that_does_not_get_away_from_its_start_is_on_a_plateau(
    values: Mapping[str, Any], dataset: str
) -> None:
    assert trained(values, dataset).signs == ["plateau"]


FLAT = [2.3] * 8
STEADY = Signals([1.0, 1.0], [0.01, 0.01], [0.0], FLAT)


@pytest.mark.parametrize(
    ("signals", "signs"),
    [
        (STEADY, ["plateau"]),
        (Signals([1.0, 1.0], [1.0, 1.0], [0.0], FLAT), []),  # a way down that is not taken: the steps are too long
        (Signals([1.0, 1.0], [1.0, 1.0], [0.0], [3 - 0.01 * epoch for epoch in range(8)]), ["plateau"]),  # too short
        (Signals([1.0, 1.0], [0.01, 0.01], [0.0], [3 - 0.1 * epoch for epoch in range(8)]), []),  # not flat
        (Signals([1.0, 1.0], [0.01, 0.01], [0.0], [2.0] * 8), []),  # more than the shares has been learned
        (Signals([1.0, 1.0], [0.01, 0.01], [0.0], FLAT[:3]), []),  # too soon to tell
        (Signals([1.0, 1.0], [0.01, 0.01], [0.51], FLAT), ["saturated"]),  # which is why it is flat
        (Signals([1.0, 1.0], [0.01, 0.01], [0.5], FLAT), ["plateau"]),
        (Signals([1e-6, 1e-6], [0.01, 0.01], [0.0], FLAT), ["vanishing", "plateau"]),
        (Signals([1e-4, 1.0], [1.0, 1.0], [0.0], [0.1]), ["vanishing"]),
        (Signals([0.0, 0.0], [0.0, 0.0], [0.0], [0.1]), ["vanishing"]),
        (Signals([2000.0, 1.0], [1.0, 1.0], [0.0], [0.1]), ["exploding"]),
        (Signals([1.0, 1.0], [2e4, 1.0], [0.0], [0.1]), ["exploding"]),
        (Signals([LARGEST_NORM, LARGEST_NORM], [1.0, 1.0], [0.0], [0.1]), ["exploding"]),
        (Signals([1.0, 1.0], [1.0, 1.0], [0.0], [1e3, 0.1]), ["exploding"]),
        (Signals([300.0, 1.0], [1.0, 1.0], [0.0], [2.3 * 50, 0.1]), []),  # wide layers, a bad start
    ],
)
def test_each_threshold_counts(signals: Signals, signs: list[str]) -> None:
    assert signs_of(signals, signals.train_losses[-1], 32, clouds(10, train_rows=100)) == signs


def test_a_loss_as_of_one_who_knows_the_shares_is_high_only_where_more_can_be_known() -> None:
    assert chance_loss(clouds(10, train_rows=100)) == pytest.approx(2.302585)
    assert chance_loss(wave()) == pytest.approx(1, abs=1e-6)
    rows = TASKS["two classes"].train
    one_class = Dataset.from_rows("classification", (rows.inputs, 0 * rows.targets), (rows.inputs, 0 * rows.targets), 2)
    assert chance_loss(one_class) == 0
    assert signs_of(STEADY, 2.3, 32, one_class) == []


def test_norms_beyond_float32_stay_numbers() -> None:
    result = train(TrainingPlan(optimizer="sgd", learning_rate=1e15, hidden_units=(8, 8), epochs=9), clouds(3))
    assert result.failure
    assert 0 < max(result.signals.last_gradient_norms) <= LARGEST_NORM
