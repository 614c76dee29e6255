"""Dropout: what a mask does to what passes it, and what that does to a network."""

from dataclasses import replace

import numpy as np
import pytest

from engine.training.arrays import Array
from engine.training.layers.dropout import LEVELS, Dropout, DropoutNumbers
from engine.training.pack import Pack
from engine.training.plan import TrainingPlan
from engine.training.train import train, train_pack
from tests.engine.training.plain_network import mean_loss
from tests.engine.training.small_data import TASKS, clouds

ROWS, UNITS = 500, 100
PLAN = TrainingPlan(hidden_units=(UNITS,))


def masked(keep_probs: list[float], a: Array | None = None, seeds: list[int] | None = None) -> Array:
    """(K, ROWS, UNITS): what is left of `a`, by default of ones."""
    plans = [replace(PLAN, seed=seed) for seed in seeds or range(len(keep_probs))]
    layer = Dropout(keep_probs, ROWS, UNITS, np.dtype(np.float32))
    layer.draw(DropoutNumbers(plans))
    return layer.forward(np.ones((len(keep_probs), ROWS, UNITS), np.float32) if a is None else a)


@pytest.mark.parametrize("keep_prob", [0.05, 0.5, 0.8, 0.99])
def test_the_expectation_stays_what_it_was(keep_prob: float) -> None:
    """Five standard errors of the mean of 50,000 each way: a false alarm for one seed in 1,700,000."""
    passed = masked([keep_prob]).astype(np.float64)
    error = np.sqrt((1 - keep_prob) / keep_prob / passed.size)
    assert abs(passed.mean() - 1) < 5 * error
    assert (passed > 0).mean() == pytest.approx(keep_prob, abs=5 * np.sqrt(keep_prob * (1 - keep_prob) / passed.size))


@pytest.mark.parametrize("keep_prob", [0.3, 0.5, 0.75])
def test_dropped_units_are_exactly_zero_and_the_others_divided_by_the_keep_prob(keep_prob: float) -> None:
    a = np.random.default_rng(0).normal(size=(1, ROWS, UNITS)).astype(np.float32)
    passed = masked([keep_prob], a)
    kept = passed != 0
    assert 0 < kept.mean() < 1
    assert not passed[~kept].any()
    np.testing.assert_allclose(passed[kept], a[kept] / keep_prob, rtol=2 / LEVELS / keep_prob)


def test_rows_units_and_members_are_dropped_independently() -> None:
    """Two masks at 0.5 agree in half their entries, to five standard errors: a false alarm once in 1,700,000."""
    one, other = masked([0.5, 0.5]) > 0
    tolerance = 5 * 0.5 / np.sqrt(one.size)
    for first, second in [(one, other), (one[1:], one[:-1]), (one[:, 1:], one[:, :-1])]:
        assert abs((first == second).mean() - 0.5) < tolerance * np.sqrt(one.size / first.size)


def test_a_keep_prob_of_one_beside_a_half_lets_everything_through_unchanged() -> None:
    a = np.random.default_rng(0).normal(size=(2, ROWS, UNITS)).astype(np.float32)
    through, halved = masked([1.0, 0.5], a)
    np.testing.assert_array_equal(through, a[0])
    assert (halved == 0).mean() > 0.4


def test_a_member_keeps_the_same_units_whatever_its_neighbours_keep() -> None:
    beside_one, beside_other = (masked([0.5, keep], seeds=[7, 8])[0] for keep in (0.1, 0.9))
    np.testing.assert_array_equal(beside_one, beside_other)


def test_a_gradient_passes_where_the_activation_did_and_by_the_same_factor() -> None:
    layer = Dropout([0.4], ROWS, UNITS, np.dtype(np.float64))
    layer.draw(DropoutNumbers([PLAN]))
    a = np.random.default_rng(0).normal(size=(1, ROWS, UNITS))
    passed = layer.forward(a).copy()
    np.testing.assert_allclose(layer.backward(np.ones_like(a)) * a, passed, rtol=1e-12)


def test_each_mini_batch_has_a_mask_of_its_own() -> None:
    layer, numbers = Dropout([0.5], ROWS, UNITS, np.dtype(np.float32)), DropoutNumbers([PLAN])
    masks = []
    for _ in range(3):
        layer.draw(numbers)
        masks.append(layer.mask.copy())
    assert not np.array_equal(masks[0], masks[1])
    assert not np.array_equal(masks[1], masks[2])


@pytest.mark.parametrize("keep_probs", [(0.5, 0.5), (1.0, 0.3)])
def test_nothing_is_dropped_when_a_network_answers(keep_probs: tuple[float, ...]) -> None:
    dataset = clouds(3)
    plan = TrainingPlan(hidden_units=(16, 16), learning_rate=0.02, epochs=5, keep_probs=keep_probs)
    result = train(plan, dataset)
    expected = mean_loss(result.parameters, plan.activation, dataset)
    assert result.metrics["dev_loss"] == pytest.approx(expected, rel=1e-5)
    pack = Pack([plan], dataset)
    pack.train_epoch()
    first, second = (pack.evaluation.outputs(dataset.dev).loss for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_weights_shrink_under_dropout_as_under_l2() -> None:
    """The median norm of five networks; without either they grow on until every row is learned."""
    plan = TrainingPlan(hidden_units=(32,), optimizer="sgd", learning_rate=0.1, batch_size=16, epochs=150)
    norms = {}
    for name, changes in {"plain": {}, "dropout": {"keep_probs": (0.5,)}, "l2": {"l2": 0.5}}.items():
        results = train_pack([replace(plan, seed=seed, **changes) for seed in range(5)], TASKS["ten classes"])  # type: ignore[arg-type]
        norms[name] = np.median([sum(np.square(w).sum() for w in result.parameters[::2]) for result in results])
    assert norms["dropout"] < 0.9 * norms["plain"]
    assert norms["l2"] < 0.9 * norms["plain"]
