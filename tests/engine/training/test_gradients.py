"""Analytic gradients of padded packs against central differences, in float64, by a check of these tests' own.

The engine's check of one network is tested in test_gradient_check.py. The relative error is ‖g - g'‖ / (‖g‖ + ‖g'‖),
for each member's arrays of each layer apart.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from engine.training.arrays import Array, with_one
from engine.training.dataset import Dataset, Split, Task
from engine.training.layers.activations import ACTIVATIONS, Activate, ActivationName
from engine.training.layers.batch_norm import RunningAverages
from engine.training.losses import Loss, SigmoidCrossEntropy, SoftmaxCrossEntropy, SquaredError, by_class
from engine.training.network import Network, learning_network
from engine.training.pack import Pack
from engine.training.packing import pack_key
from engine.training.parameters import Parameters, Shape
from engine.training.plan import TrainingPlan
from engine.training.standardisation import Standardisation
from tests.engine.training.own_entries import own_entries

EPSILON = 1e-5  # the error of a central difference is about EPSILON² + 1e-16 / EPSILON
RIGHT = 1e-7
FEATURES, ROWS = 4, 7

Layers = tuple[int, ...]

HIDDEN_UNITS: dict[str, list[Layers]] = {
    "one layer": [(5,)],
    "two layers": [(5, 4)],
    "three layers": [(5, 4, 6)],
    "one layer, in a pack": [(5,), (3,), (6,)],
    "two layers, in a pack": [(5, 4), (3, 6), (6, 2)],
    "three layers, in a pack": [(5, 4, 6), (3, 6, 4), (6, 3, 5)],
}

LOSSES: dict[str, tuple[Callable[[Array], Loss], int]] = {  # with the number of classes, 0 for regression
    "softmax of three": (SoftmaxCrossEntropy, 3),
    "softmax of ten": (SoftmaxCrossEntropy, 10),
    "sigmoid": (SigmoidCrossEntropy, 2),
    "squared error": (SquaredError, 0),
}


class Networks:
    """Networks in float64 with random weights, biases and scales, rows of their own, and a loss.

    In a pack each layer is computed at a width of 8, so that every member is padded.
    """

    def __init__(
        self, hidden_units: Sequence[Layers], plan: TrainingPlan, loss: Callable[[Array], Loss], classes: int
    ) -> None:
        rng = np.random.default_rng(1)
        members = len(hidden_units)
        step = 8 if members > 1 else 1
        plans = [replace(plan, hidden_units=hidden, width_step=step) for hidden in hidden_units]
        shape = Shape((FEATURES, *pack_key(plans[0]).widths, outputs_for(classes)), plan.batch_norm)
        self.loss, self.own = loss(np.empty((members, ROWS, shape.units[-1]))), own_entries(shape, hidden_units)
        self.parameters = Parameters.zeros(shape, members, np.float64)
        self.gradients = self.parameters.zeros_like()
        self.parameters.flat[:] = self.own * rng.normal(scale=0.7, size=self.own.shape)
        self.inputs = with_one(rng.normal(size=(members, ROWS, FEATURES)))
        self.targets = random_targets(rng, classes, (members, ROWS))
        averages = [RunningAverages(members, units, np.dtype(np.float64)) for units in shape.units[1:-1]]
        self.network = learning_network(self.parameters, self.gradients, plans, averages, ROWS)

    def losses(self) -> Array:
        """(K,) mean losses."""
        return self.loss.per_row(by_class(self.network.forward(self.inputs)), self.targets).mean(axis=1)

    def compute_gradients(self) -> Parameters:
        self.gradients.flat[:] = 0
        logits = self.network.forward(self.inputs)
        deltas = np.empty_like(logits)
        self.loss.gradient(logits, self.targets, out=deltas)
        self.network.backward(deltas)
        return self.gradients


def outputs_for(classes: int) -> int:
    return classes if classes > 2 else 1


def random_targets(rng: np.random.Generator, classes: int, shape: tuple[int, ...]) -> Array:
    return rng.integers(classes, size=shape) if classes else rng.normal(size=shape)


def central_differences(
    cost: Callable[[], Array], parameters: Parameters, sides: Callable[[], list[Array]], own: Array
) -> Parameters:
    """(cost(W + ε) - cost(W - ε)) / 2ε for each of the members' own entries, all members at once.

    `cost` (K,) depends on `parameters`; `sides` are those of its last call. No unit of a relu may cross its kink on
    the way.
    """
    numeric = parameters.zeros_like()
    cost()
    before_all = sides()
    for column in np.flatnonzero(own.any(axis=0)):
        step = EPSILON * own[:, column]
        before = parameters.flat[:, column].copy()
        costs = []
        for moved in (before + step, before - step):
            parameters.flat[:, column] = moved
            costs.append(cost())
            assert all(map(np.array_equal, sides(), before_all))
        parameters.flat[:, column] = before
        numeric.flat[:, column] = (costs[0] - costs[1]) / (2 * EPSILON)
    return numeric


def sides_of_kinks(network: Network) -> list[Array]:
    """Which hidden units were above zero, row by row, in the last pass; nothing where there are no kinks."""
    return [layer.a > 0 for layer in network.layers if isinstance(layer, Activate) and layer.activation.has_kink]


def relative_errors(analytic: Parameters, numeric: Parameters, members: int) -> dict[str, float]:
    """The worst relative error over the members by name: W1, b1, W2, …"""
    worst: dict[str, float] = {}
    for member in range(members):
        ours, theirs = analytic.by_name(member), numeric.by_name(member)
        for name in ours:
            size = np.linalg.norm(ours[name]) + np.linalg.norm(theirs[name])
            assert size > 1e-4, "a gradient of nothing would show nothing"
            worst[name] = max(worst.get(name, 0), float(np.linalg.norm(ours[name] - theirs[name]) / size))
    return worst


def errors_of(networks: Networks) -> dict[str, float]:
    sides = partial(sides_of_kinks, networks.network)
    numeric = central_differences(networks.losses, networks.parameters, sides, networks.own)
    return relative_errors(networks.compute_gradients(), numeric, len(networks.own))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("hidden_units", HIDDEN_UNITS)
def test_gradients_agree_with_central_differences(hidden_units: str, activation: ActivationName, loss: str) -> None:
    networks = Networks(HIDDEN_UNITS[hidden_units], TrainingPlan(activation=activation), *LOSSES[loss])
    errors = errors_of(networks)
    assert len(errors) == 2 * len(networks.parameters.layers)
    assert max(errors.values()) < RIGHT, errors


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("hidden_units", ["one layer", "two layers, in a pack"])
def test_gradients_through_batch_norm_agree_with_central_differences(
    hidden_units: str, activation: ActivationName, loss: str
) -> None:
    plan = TrainingPlan(activation=activation, batch_norm=True)
    networks = Networks(HIDDEN_UNITS[hidden_units], plan, *LOSSES[loss])
    errors = errors_of(networks)
    assert len(errors) == 3 * len(networks.parameters.layers) - 1
    assert max(errors.values()) < RIGHT, errors


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_padding_has_a_gradient_of_exactly_zero(activation: ActivationName, batch_norm: bool) -> None:
    plan = TrainingPlan(activation=activation, batch_norm=batch_norm)
    networks = Networks([(5, 4), (3, 6), (6, 2)], plan, *LOSSES["softmax of three"])
    padding = ~networks.own
    assert padding.any(axis=1).all()
    assert not networks.compute_gradients().flat[padding].any()


class Recorder:
    """An optimiser that moves nothing and keeps the gradients it was given."""

    def prepare(self, rates: Array, steps: int) -> None:
        """Nothing follows from the rates."""

    def step(self, _parameters: Array, gradients: Array) -> None:
        self.gradients = gradients.copy()

    def flush(self) -> None:
        """Nothing is kept from step to step."""

    def keep(self, members: Sequence[int]) -> None:
        """Nothing is kept from step to step."""


def pack_in_float64(plans: Sequence[TrainingPlan], dataset: Dataset) -> tuple[Pack, Recorder]:
    """A pack for gradients: in float64, with biases that are not 0, and with an optimiser that lets it stand still."""
    pack, recorder = Pack(plans, dataset, np.float64), Recorder()
    own = own_entries(pack.parameters.shape, [plan.hidden_units for plan in plans])
    biases = np.where(pack.parameters.flat == 0, np.random.default_rng(2).normal(size=own.shape), 0)
    pack.optimizer = recorder
    pack.parameters.flat[:] += own * biases
    return pack, recorder


def random_dataset(classes: int) -> Dataset:
    rng = np.random.default_rng(3)
    task: Task = "classification" if classes else "regression"
    rows = Split.of(rng.normal(size=(ROWS, FEATURES)), random_targets(rng, classes, (ROWS,)))
    return Dataset(task, classes, rows, rows, Standardisation.identity(), Standardisation.identity())


def penalised_costs(pack: Pack) -> Array:
    """(K,) mean loss over the training rows plus λ₂ / (2m) · Σ W² and λ₁ / m · Σ |W|."""
    penalties = [
        plan.l2 / (2 * ROWS) * sum(np.square(weights[member]).sum() for weights in pack.parameters.weights)
        + plan.l1 / ROWS * sum(np.abs(weights[member]).sum() for weights in pack.parameters.weights)
        for member, plan in enumerate(pack.plans)
    ]
    return pack.evaluation.outputs(pack.dataset.train).loss + np.array(penalties)


@pytest.mark.parametrize("l1", [0.0, 0.7])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_of_the_penalised_cost_agree_with_central_differences(
    activation: ActivationName, loss: str, l1: float
) -> None:
    plan = TrainingPlan(activation=activation, batch_size=ROWS + 3, width_step=32)
    plans = [
        replace(plan, seed=0, hidden_units=(5, 3), l2=0.3, l1=l1),
        replace(plan, seed=1, hidden_units=(2, 4), l2=4.0, l1=l1 / 3),
        replace(plan, seed=2, hidden_units=(3, 3), l2=0.01, l1=l1 * 3),
    ]
    pack, recorder = pack_in_float64(plans, random_dataset(LOSSES[loss][1]))
    pack.train_epoch()
    own = own_entries(pack.parameters.shape, [plan.hidden_units for plan in plans])

    penalised_costs(pack)  # its network is made when it is first needed
    sides = partial(sides_of_kinks, pack.evaluation.networks[ROWS])
    numeric = central_differences(partial(penalised_costs, pack), pack.parameters, sides, own)
    analytic = Parameters(pack.parameters.shape, recorder.gradients)
    errors = relative_errors(analytic, numeric, len(plans))
    assert max(errors.values()) < RIGHT, errors
    assert not recorder.gradients[~own].any()
