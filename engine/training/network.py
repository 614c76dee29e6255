"""K networks of one shape, forward and backward in one pass. Every array has the leading member axis K."""

from collections.abc import Sequence

from engine.training.arrays import Array
from engine.training.layers.activations import Activate
from engine.training.layers.batch_norm import BatchNorm, RunningAverages
from engine.training.layers.dense import Dense, FirstDense
from engine.training.layers.dropout import Dropout
from engine.training.layers.layer import Layer
from engine.training.packing import pack_key, unit_masks
from engine.training.parameters import Parameters
from engine.training.plan import TrainingPlan


class Network:
    """Layers one after another, for a fixed number of rows B."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = layers

    def forward(self, inputs: Array) -> Array:
        """Logits (K, B, C) for inputs (K, B, D + 1) with a 1 at the end; (1, B, D + 1) if all members share them."""
        a = inputs
        for layer in self.layers:
            a = layer.forward(a)
        self.logits = a
        return a

    def backward(self, gradient: Array) -> None:
        """Carry ∂L/∂logits (K, B, C) back through the layers, each of which leaves its parameters' gradients."""
        for layer in reversed(self.layers):
            gradient = layer.backward(gradient)


def learning_network(
    parameters: Parameters,
    gradients: Parameters,
    plans: Sequence[TrainingPlan],
    averages: Sequence[RunningAverages],
    rows: int,
) -> Network:
    """The networks as they learn: with batch norm by mini-batch and with dropout, where the plans have them."""
    key, dtype = pack_key(plans[0]), parameters.flat.dtype
    masks = unit_masks(key.widths, plans)
    layers: list[Layer] = []
    for number, width in enumerate(key.widths):
        own, to = parameters.layers[number], gradients.layers[number]
        dense = _kind(number)(own, rows, to, has_biases=not key.batch_norm)
        layers.append(dense)
        if key.batch_norm:
            layers.append(BatchNorm(own, to, averages[number], rows))
        layers.append(Activate(key.activation, dense.z, masks[number]))
        if key.drops[number]:
            layers.append(Dropout([plan.keep_probs[number] for plan in plans], rows, width, dtype))
    layers.append(Dense(parameters.layers[-1], rows, gradients.layers[-1]))
    return Network(layers)


def answering_network(parameters: Parameters, plans: Sequence[TrainingPlan], rows: int) -> Network:
    """The networks as they answer. Batch norm has been folded into the `parameters`, and nothing is dropped."""
    masks = unit_masks(parameters.shape.units[1:-1], plans)
    layers: list[Layer] = []
    for number, (own, mask) in enumerate(zip(parameters.layers, masks, strict=False)):
        dense = _kind(number)(own, rows)
        layers += [dense, Activate(plans[0].activation, dense.z, mask)]
    return Network([*layers, Dense(parameters.layers[-1], rows)])


def _kind(number: int) -> type[Dense | FirstDense]:
    return Dense if number else FirstDense
