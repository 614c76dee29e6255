"""Which numbers of a pack's parameters belong to a network, and which are padding."""

from collections.abc import Sequence
from itertools import pairwise

from engine.training.arrays import Array
from engine.training.parameters import Parameters, Shape


def own_entries(shape: Shape, hidden_units: Sequence[Sequence[int]]) -> Array:
    """(K, P) booleans, true where member k with the layers `hidden_units[k]` has a weight, a bias or a scale."""
    own = Parameters.zeros(shape, len(hidden_units), bool)
    for member, hidden in enumerate(hidden_units):
        for layer, (inputs, outputs) in zip(
            own.layers, pairwise((shape.units[0], *hidden, shape.units[-1])), strict=True
        ):
            layer.weights[member, :inputs, :outputs] = True
            layer.biases[member, :, :outputs] = True
            if layer.scales is not None:
                layer.scales[member, :, :outputs] = True
    return own.flat
