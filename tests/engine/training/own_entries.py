"""Which numbers of a pack's parameters belong to a network, and which are padding."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from engine.training.arrays import Array
from engine.training.network import Parameters, Shape


def own_entries(shape: Shape, hidden_units: Sequence[Sequence[int]]) -> Array:
    """(K, P) booleans, true where member k with the layers `hidden_units[k]` has a weight or a bias."""
    own = Parameters(shape, np.zeros((len(hidden_units), shape.parameters), bool))
    for member, hidden in enumerate(hidden_units):
        for layer, (inputs, outputs) in enumerate(pairwise((shape.units[0], *hidden, shape.units[-1]))):
            own.weights[layer][member, :inputs, :outputs] = True
            own.biases[layer][member, :, :outputs] = True
    return own.flat
