"""That networks learn what can be learned. Each figure is the median over five seeds."""

from dataclasses import replace

import numpy as np
import pytest

from engine.training.dataset import Dataset
from engine.training.layers.activations import ACTIVATIONS, ActivationName
from engine.training.optimizers import OPTIMIZERS
from engine.training.plan import TrainingPlan
from engine.training.result import TrainingResult
from engine.training.samples import load_dataset
from engine.training.train import train_pack
from engine.training.values import OptimizerName

DIGITS, BREAST_CANCER, DIABETES = (load_dataset(name) for name in ("digits", "breast-cancer", "diabetes"))

PLAN = TrainingPlan(hidden_units=(64,), learning_rate=0.003, batch_size=32, epochs=12)


def results_of(plan: TrainingPlan, dataset: Dataset) -> list[TrainingResult]:
    return train_pack([replace(plan, seed=seed) for seed in range(5)], dataset)


def dev_value(plan: TrainingPlan, dataset: Dataset) -> float:
    return float(np.median([result.metrics[f"dev_{plan.metric}"] for result in results_of(plan, dataset)]))


def test_digits_are_read_with_at_most_four_percent_of_errors_after_a_few_epochs() -> None:
    assert dev_value(replace(PLAN, metric="error_rate"), DIGITS) <= 0.04


def test_breast_cancer_is_told_with_more_than_nine_in_ten_right() -> None:
    assert dev_value(replace(PLAN, hidden_units=(32,), metric="accuracy"), BREAST_CANCER) > 0.9


def test_diabetes_is_explained_to_more_than_three_tenths() -> None:
    plan = replace(PLAN, hidden_units=(32,), activation="tanh", epochs=20, l2=5.0, metric="r2")
    assert dev_value(plan, DIABETES) > 0.3


RATES: dict[OptimizerName, float] = {"sgd": 0.3, "momentum": 0.3, "adagrad": 0.03, "rmsprop": 0.003, "adam": 0.01}


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_reads_digits_through_every_activation(
    optimizer: OptimizerName, activation: ActivationName
) -> None:
    plan = replace(PLAN, optimizer=optimizer, learning_rate=RATES[optimizer], activation=activation, epochs=6)
    assert dev_value(replace(plan, metric="error_rate"), DIGITS) <= 0.08


def test_normalised_inputs_help_where_features_have_scales_of_their_own() -> None:
    """Breast cancer's features reach from thousandths to thousands."""
    raw = BREAST_CANCER.with_raw_inputs().train.inputs.std(axis=0)
    assert raw.max() / raw.min() > 1e4
    plan = replace(PLAN, hidden_units=(32,), optimizer="sgd", learning_rate=0.05, metric="error_rate")
    normalised, unnormalised = (
        dev_value(replace(plan, normalize_inputs=switch), BREAST_CANCER) for switch in (True, False)
    )
    assert normalised < 0.06
    assert unnormalised > 0.2


def test_normalised_inputs_converge_in_fewer_epochs_than_raw_ones_at_any_rate() -> None:
    """Epochs of gradient descent until the loss is a third of a guess's, at the best of many rates. Raw: never."""
    plan = replace(PLAN, hidden_units=(8,), activation="tanh", optimizer="sgd", batch_size=1000, epochs=150)
    rates = np.geomspace(1e-6, 3, 14).tolist()

    def epochs_needed(normalised: bool) -> float:
        plans = [replace(plan, normalize_inputs=normalised, learning_rate=rate) for rate in rates]
        losses = [np.array(result.signals.train_losses) for result in train_pack(plans, BREAST_CANCER)]
        return min(float(np.argmax(each < 0.23)) if (each < 0.23).any() else np.inf for each in losses)

    assert epochs_needed(normalised=True) < 20
    assert epochs_needed(normalised=False) == np.inf


def test_a_larger_penalty_leaves_smaller_weights() -> None:
    norms = []
    for l2 in (0.0, 1.0, 10.0, 100.0):
        results = results_of(replace(PLAN, l2=l2), DIGITS)
        norms.append(np.median([sum(np.square(w).sum() for w in result.parameters[::2]) for result in results]))
    assert norms == sorted(norms, reverse=True)
    assert norms[-1] < norms[0] / 4
