"""Analytic gradients against central differences, in float64.

The relative error is ‖g - g'‖ / (‖g‖ + ‖g'‖), for each member's W and b of each layer apart.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from engine.training.activations import ACTIVATIONS, Activation, ActivationName, LeakyRelu, Relu, Sigmoid, Tanh
from engine.training.arrays import Array
from engine.training.dataset import Dataset, Split, Task
from engine.training.losses import Loss, SigmoidCrossEntropy, SoftmaxCrossEntropy, SquaredError
from engine.training.network import Backward, Forward, Parameters, Shape
from engine.training.pack import Pack
from engine.training.packing import unit_masks
from engine.training.plan import TrainingPlan
from engine.training.standardisation import Standardisation
from tests.engine.training.own_entries import own_entries

EPSILON = 1e-5  # the error of a central difference is about EPSILON² + 1e-16 / EPSILON
RIGHT = 1e-7
WRONG = 1e-3
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

LOSSES: dict[str, tuple[Loss, int]] = {  # with the number of classes, 0 for regression
    "softmax of three": (SoftmaxCrossEntropy(), 3),
    "softmax of ten": (SoftmaxCrossEntropy(), 10),
    "sigmoid": (SigmoidCrossEntropy(), 2),
    "squared error": (SquaredError(), 0),
}


class Networks:
    """Networks in float64 with random weights and biases, rows of their own, and a loss.

    In a pack each layer is one unit wider than its widest member, so that every member is padded.
    """

    def __init__(self, hidden_units: Sequence[Layers], activation: Activation, loss: Loss, classes: int) -> None:
        rng = np.random.default_rng(1)
        members = len(hidden_units)
        widths = [max(layer) + (members > 1) for layer in zip(*hidden_units, strict=True)]
        shape = Shape((FEATURES, *widths, outputs_for(classes)))
        self.hidden_units, self.loss = hidden_units, loss
        self.own = own_entries(shape, hidden_units)
        self.parameters = Parameters(shape, self.own * rng.normal(scale=0.7, size=self.own.shape))
        self.inputs = rng.normal(size=(members, ROWS, FEATURES))
        self.targets = random_targets(rng, classes, (members, ROWS))
        masks = unit_masks(widths, [TrainingPlan(hidden_units=hidden) for hidden in hidden_units])
        self.forward = Forward(self.parameters, activation, masks, ROWS)

    def losses(self) -> Array:
        """(K,) mean losses."""
        return self.loss.per_row(self.forward.run(self.inputs), self.targets).mean(axis=1)

    def gradients(self) -> Parameters:
        gradients = self.parameters.zeros_like()
        backward = Backward(self.forward, gradients)
        self.loss.gradient(self.forward.run(self.inputs), self.targets, out=backward.deltas[-1])
        backward.run(self.inputs)
        return gradients


def outputs_for(classes: int) -> int:
    return classes if classes > 2 else 1


def random_targets(rng: np.random.Generator, classes: int, shape: tuple[int, ...]) -> Array:
    return rng.integers(classes, size=shape) if classes else rng.normal(size=shape)


def central_differences(cost: Callable[[], Array], forward: Forward, own: Array) -> Parameters:
    """(cost(W + ε) - cost(W - ε)) / 2ε for each of the members' own entries, all members at once.

    `cost` (K,) runs `forward`. No unit of a relu may cross its kink on the way.
    """
    parameters, numeric = forward.parameters, forward.parameters.zeros_like()
    cost()
    sides = sides_of_kinks(forward)
    for column in np.flatnonzero(own.any(axis=0)):
        step = EPSILON * own[:, column]
        before = parameters.flat[:, column].copy()
        costs = []
        for moved in (before + step, before - step):
            parameters.flat[:, column] = moved
            costs.append(cost())
            assert all(map(np.array_equal, sides_of_kinks(forward), sides))
        parameters.flat[:, column] = before
        numeric.flat[:, column] = (costs[0] - costs[1]) / (2 * EPSILON)
    return numeric


def sides_of_kinks(forward: Forward) -> list[Array]:
    """Which hidden units were above zero, row by row, in the last pass; nothing where there are no kinks."""
    has_kinks = isinstance(forward.activation, (Relu, LeakyRelu))
    return [output > 0 for output in forward.outputs[:-1]] if has_kinks else []


def relative_errors(analytic: Parameters, numeric: Parameters, hidden_units: Sequence[Layers]) -> dict[str, float]:
    """The worst relative error over the members by name: W1, b1, W2, …"""
    worst: dict[str, float] = {}
    for member, hidden in enumerate(hidden_units):
        pairs = zip(analytic.own(member, hidden), numeric.own(member, hidden), strict=True)
        for position, (ours, theirs) in enumerate(pairs):
            size = np.linalg.norm(ours) + np.linalg.norm(theirs)
            assert size > 1e-4, "a gradient of nothing would show nothing"
            name = f"{'Wb'[position % 2]}{position // 2 + 1}"
            worst[name] = max(worst.get(name, 0), float(np.linalg.norm(ours - theirs) / size))
    return worst


def errors_of(networks: Networks) -> dict[str, float]:
    numeric = central_differences(networks.losses, networks.forward, networks.own)
    return relative_errors(networks.gradients(), numeric, networks.hidden_units)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("hidden_units", HIDDEN_UNITS)
def test_gradients_agree_with_central_differences(hidden_units: str, activation: ActivationName, loss: str) -> None:
    networks = Networks(HIDDEN_UNITS[hidden_units], ACTIVATIONS[activation], *LOSSES[loss])
    errors = errors_of(networks)
    assert len(errors) == 2 * len(networks.forward.outputs)
    assert max(errors.values()) < RIGHT, errors


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_padding_has_a_gradient_of_exactly_zero(activation: ActivationName) -> None:
    networks = Networks([(5, 4), (3, 6), (6, 2)], ACTIVATIONS[activation], *LOSSES["softmax of three"])
    padding = ~networks.own
    assert padding.any(axis=1).all()
    assert not networks.gradients().flat[padding].any()


class Recorder:
    """An optimiser that moves nothing and keeps the gradients it was given."""

    def step(self, _parameters: Array, gradients: Array) -> None:
        self.gradients = gradients.copy()

    def end_epoch(self) -> None:
        """Nothing is kept from step to step."""

    def keep(self, members: Sequence[int]) -> None:
        """Nothing is kept from step to step."""


def pack_in_float64(plans: Sequence[TrainingPlan], dataset: Dataset) -> tuple[Pack, Recorder]:
    """A pack for gradients: in float64, with biases that are not 0, and with an optimiser that lets it stand still."""
    pack, recorder = Pack(plans, dataset), Recorder()
    own = own_entries(pack.parameters.shape, [plan.hidden_units for plan in plans])
    biases = np.where(pack.parameters.flat == 0, np.random.default_rng(2).normal(size=own.shape), 0)
    pack.optimizer = recorder
    pack.parameters = Parameters(pack.parameters.shape, pack.parameters.flat.astype(np.float64) + own * biases)
    pack.keep(range(len(plans)))  # makes the buffers anew, in the type of the parameters
    return pack, recorder


def random_dataset(classes: int) -> Dataset:
    rng = np.random.default_rng(3)
    task: Task = "classification" if classes else "regression"
    rows = Split(rng.normal(size=(ROWS, FEATURES)), random_targets(rng, classes, (ROWS,)))
    return Dataset(task, classes, rows, rows, Standardisation.identity(), Standardisation.identity())


def penalised_costs(pack: Pack) -> Array:
    """(K,) mean loss over the training rows plus λ / (2m) · Σ W²."""
    penalties = [
        plan.l2 / (2 * ROWS) * sum(np.square(weights[member]).sum() for weights in pack.parameters.weights)
        for member, plan in enumerate(pack.plans)
    ]
    return pack.evaluation.outputs(pack.dataset.train).loss + np.array(penalties)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_of_the_penalised_cost_agree_with_central_differences(activation: ActivationName, loss: str) -> None:
    plan = TrainingPlan(activation=activation, batch_size=ROWS + 3)
    plans = [
        replace(plan, seed=0, hidden_units=(5, 3), l2=0.3),
        replace(plan, seed=1, hidden_units=(2, 4), l2=4.0),
        replace(plan, seed=2, hidden_units=(3, 3), l2=0.01),
    ]
    pack, recorder = pack_in_float64(plans, random_dataset(LOSSES[loss][1]))
    pack.train_epoch()
    hidden_units = [plan.hidden_units for plan in plans]
    own = own_entries(pack.parameters.shape, hidden_units)

    penalised_costs(pack)  # its forward pass is made when it is first needed
    numeric = central_differences(partial(penalised_costs, pack), pack.evaluation.forwards[ROWS], own)
    analytic = Parameters(pack.parameters.shape, recorder.gradients)
    errors = relative_errors(analytic, numeric, hidden_units)
    assert max(errors.values()) < RIGHT, errors
    assert not recorder.gradients[~own].any()


class ReluOpenBelowZero(Relu):
    def backward(self, gradient: Array, a: Array) -> None:
        """Lets every gradient through."""


class LeakyReluTenTimesTooSteep(LeakyRelu):
    def backward(self, gradient: Array, a: Array) -> None:
        np.multiply(gradient, 0.1, out=gradient, where=a <= 0)


class TanhWithoutTheSquare(Tanh):
    def backward(self, gradient: Array, a: Array) -> None:
        np.multiply(gradient, 1 - a, out=gradient)


class SigmoidLikeTanh(Sigmoid):
    def backward(self, gradient: Array, a: Array) -> None:
        np.multiply(gradient, 1 - a * a, out=gradient)


PLANTED_IN_ACTIVATIONS = [ReluOpenBelowZero, LeakyReluTenTimesTooSteep, TanhWithoutTheSquare, SigmoidLikeTanh]


def test_a_mistake_is_planted_in_each_activation() -> None:
    assert {mistake.__base__ for mistake in PLANTED_IN_ACTIVATIONS} == set(map(type, ACTIVATIONS.values()))


@pytest.mark.parametrize("mistake", PLANTED_IN_ACTIVATIONS)
def test_a_planted_mistake_in_an_activation_is_found_before_the_last_layer(mistake: type[Activation]) -> None:
    errors = errors_of(Networks([(5, 4)], mistake(), *LOSSES["softmax of three"]))
    assert max(errors.pop("W3"), errors.pop("b3")) < RIGHT
    assert min(errors.values()) > WRONG, errors


class SoftmaxForgettingTheTarget(SoftmaxCrossEntropy):
    def gradient(self, logits: Array, targets: Array, out: Array) -> None:
        super().gradient(logits, np.zeros_like(targets), out)


class SigmoidSummedOverRows(SigmoidCrossEntropy):
    def gradient(self, logits: Array, targets: Array, out: Array) -> None:
        super().gradient(logits, targets, out)
        out *= logits.shape[1]


class SquaredErrorHalved(SquaredError):
    def gradient(self, logits: Array, targets: Array, out: Array) -> None:
        super().gradient(logits, targets, out)
        out /= 2


@pytest.mark.parametrize(
    ("mistake", "classes"), [(SoftmaxForgettingTheTarget, 3), (SigmoidSummedOverRows, 2), (SquaredErrorHalved, 0)]
)
def test_a_planted_mistake_in_a_loss_is_found_in_every_layer(mistake: type[Loss], classes: int) -> None:
    errors = errors_of(Networks([(5, 4)], Tanh(), mistake(), classes))
    assert min(errors.values()) > WRONG, errors
