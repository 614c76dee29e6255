"""What L1 and L2 do to weights. Their gradients are checked in test_gradients.py and test_gradient_check.py.

Figures hold for the worst of five networks.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.training.arrays import Array
from engine.training.dataset import Dataset
from engine.training.optimizers import OPTIMIZERS
from engine.training.pack import Pack
from engine.training.plan import TrainingPlan
from engine.training.result import TrainingResult
from engine.training.train import train_pack
from engine.training.values import OptimizerName
from tests.engine.training.plain_network import logits_of
from tests.engine.training.small_data import TASKS

SIGNALS, NOISE = 3, 5  # features that decide on the class, and features that have nothing to do with it


def drawn(seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)

    def rows(count: int) -> tuple[Array, Array]:
        inputs = rng.normal(size=(count, SIGNALS + NOISE))
        return inputs, (inputs[:, 0] + inputs[:, 1] - inputs[:, 2] > 0).astype(int)

    return Dataset.from_rows("classification", rows(300), rows(200))


DATASET = drawn()
PLAN = TrainingPlan(hidden_units=(12,), activation="tanh", batch_size=50, epochs=60)
RATES: dict[OptimizerName, float] = {"sgd": 0.3, "momentum": 0.3, "adagrad": 0.1, "rmsprop": 0.003, "adam": 0.01}


def results_of(**changes: Any) -> list[TrainingResult]:
    return train_pack([replace(PLAN, seed=seed, **changes) for seed in range(5)], DATASET)


def of_noise(result: TrainingResult) -> Array:
    return result.parameters[0][SIGNALS:]


def norm(result: TrainingResult) -> float:
    return float(np.sqrt(sum(np.square(w).sum() for w in result.parameters[::2])))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_l1_drives_the_weights_of_pure_noise_to_zero_and_l2_only_makes_them_small(optimizer: OptimizerName) -> None:
    kind: dict[str, Any] = {"optimizer": optimizer, "learning_rate": RATES[optimizer]}
    plain, sparse, small = (results_of(**kind, **penalty) for penalty in ({}, {"l1": 6.0}, {"l2": 6.0}))
    for free, by_l1, by_l2 in zip(plain, sparse, small, strict=True):
        assert (of_noise(by_l1) == 0).mean() > 0.5
        assert np.abs(of_noise(by_l1)).max() < np.abs(by_l1.parameters[0][:SIGNALS]).max() / 5
        assert (of_noise(by_l2) != 0).all()
        assert norm(by_l2) < norm(free)
    assert max(result.metrics["dev_error_rate"] for result in sparse) < 0.1, "what matters is left"


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_large_l1_leaves_no_weight_at_all_and_keeps_the_biases(optimizer: OptimizerName) -> None:
    plan = replace(PLAN, optimizer=optimizer, learning_rate=RATES[optimizer], l1=300.0, epochs=300)
    (result,) = train_pack([plan], TASKS["ten classes"])
    assert not any(weights.any() for weights in result.parameters[::2])
    assert result.parameters[-1].all()


def test_a_weight_leaves_zero_only_for_a_slope_that_is_steeper_than_l1() -> None:
    pack = Pack([replace(PLAN, l1=30.0)], DATASET)
    weights = pack.parameters.flat
    weights[:] = 0
    for slope, held in [(0.09, True), (0.11, False)]:  # λ / m is 0.1
        gradients = np.full_like(weights, slope)
        pack.penalties.add(weights, gradients)
        is_weight = pack.penalties.pull[0] > 0  # type: ignore[index]
        np.testing.assert_allclose(gradients[0, is_weight], 0 if held else 0.01, rtol=1e-4)
        np.testing.assert_allclose(gradients[0, ~is_weight], slope, rtol=1e-6)


def test_a_step_across_zero_ends_there_for_weights_and_goes_on_for_biases() -> None:
    pack = Pack([replace(PLAN, l1=30.0)], DATASET)
    numbers, gradients = pack.parameters.flat, pack.gradients.flat
    numbers[:] = 0.01
    pack.penalties.add(numbers, gradients)
    numbers[:] = -0.02
    pack.penalties.stop_at_zero(numbers)
    assert not any(weights.any() for weights in pack.parameters.weights)
    for layer in pack.parameters.layers:
        np.testing.assert_allclose(layer.biases, -0.02)


def bend(result: TrainingResult) -> float:
    """Of the logits' variance over the training rows, the share that no linear function of the inputs explains."""
    inputs = np.asarray(DATASET.train.inputs, np.float64)
    logits = logits_of(result.parameters, "tanh", inputs)[:, 0]
    with_ones = np.insert(inputs, 0, 1, axis=1)
    fitted = with_ones @ np.linalg.lstsq(with_ones, logits)[0]
    return float((logits - fitted).var() / logits.var())


def test_a_very_large_l2_makes_a_tanh_network_nearly_linear() -> None:
    """Small weights keep each tanh on its straight piece."""
    free, held = (results_of(learning_rate=0.01, l2=l2) for l2 in (0.0, 100.0))
    for bent, straight in zip(free, held, strict=True):
        assert bend(bent) > 0.02
        assert bend(straight) < 0.002
        assert norm(straight) < norm(bent) / 3
