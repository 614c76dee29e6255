"""The numbers of K networks of one shape, side by side in memory.

D features, H units, C outputs. A member whose layer is narrower than the computed width is padded with units whose
weights are 0: they stay silent and their gradients are 0, so they never come to life.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from engine.training.arrays import Array

ALIGNMENT = 16  # float32 numbers in a cache line of 64 bytes: each member's parameters start on one


@dataclass(frozen=True)
class Shape:
    """Units of the input, the hidden layers and the output, as computed (padding included)."""

    units: tuple[int, ...]
    batch_norm: bool = False  # of the hidden layers

    @property
    def layers(self) -> list[tuple[int, int]]:
        return list(pairwise(self.units))

    @property
    def learned(self) -> int:
        """Numbers per member that are learned."""
        return sum(inputs * outputs + outputs for inputs, outputs in self.layers) + self._normalised_units

    @property
    def parameters(self) -> int:
        """The same, rounded up to whole cache lines."""
        return _aligned(self.learned)

    @property
    def statistics(self) -> int:
        """Numbers per member that batch norm counts: a mean and a variance for each hidden unit."""
        return _aligned(2 * self._normalised_units)

    @property
    def _normalised_units(self) -> int:
        return sum(self.units[1:-1]) if self.batch_norm else 0


@dataclass(frozen=True)
class LayerParameters:
    """One layer of K networks. With batch norm `biases` are its β, `scales` its γ."""

    weights_and_biases: Array  # (K, inputs + 1, outputs)
    scales: Array | None = None  # (K, 1, outputs)

    @property
    def weights(self) -> Array:
        """(K, inputs, outputs): a view."""
        return self.weights_and_biases[:, :-1]

    @property
    def biases(self) -> Array:
        """(K, 1, outputs): a view."""
        return self.weights_and_biases[:, -1:]


@dataclass(frozen=True)
class Statistics:
    """What a layer's batch norm answers with."""

    means: Array  # (K, 1, outputs)
    variances: Array  # (K, 1, outputs)


class Parameters:
    """All that K networks have learned in one array, and views into it, layer by layer."""

    def __init__(self, shape: Shape, all_numbers: Array) -> None:
        self.shape = shape
        self.all = all_numbers  # (K, P + Q): what is learned, and what batch norm counts
        self.flat = all_numbers[:, : shape.parameters]  # (K, P)
        cut = _Cutter(self.flat)
        last = len(shape.layers) - 1
        self.layers = [
            LayerParameters(
                cut.next(inputs + 1, outputs),
                cut.next(1, outputs) if shape.batch_norm and layer < last else None,
            )
            for layer, (inputs, outputs) in enumerate(shape.layers)
        ]
        cut = _Cutter(all_numbers[:, shape.parameters :])
        hidden = shape.units[1:-1] if shape.batch_norm else ()
        self.statistics = [Statistics(cut.next(1, units), cut.next(1, units)) for units in hidden]

    @classmethod
    def zeros(cls, shape: Shape, members: int, dtype: type = np.float32) -> "Parameters":
        return cls(shape, np.zeros((members, shape.parameters + shape.statistics), dtype))

    @property
    def weights(self) -> list[Array]:
        return [layer.weights for layer in self.layers]

    def zeros_like(self) -> "Parameters":
        return Parameters(self.shape, np.zeros_like(self.all))

    def of(self, members: Sequence[int]) -> "Parameters":
        """A copy for the members at these positions."""
        return Parameters(self.shape, self.all[list(members)])

    def by_name(self, member: int) -> dict[str, Array]:
        """One member's arrays: W1, b1, W2, b2, …; with batch norm beta1 and gamma1 in place of b1."""
        arrays: dict[str, Array] = {}
        for number, layer in enumerate(self.layers, start=1):
            arrays[f"W{number}"] = layer.weights[member]
            arrays[f"b{number}" if layer.scales is None else f"beta{number}"] = layer.biases[member, 0]
            if layer.scales is not None:
                arrays[f"gamma{number}"] = layer.scales[member, 0]
        return arrays

    def own(self, member: int, hidden_units: Sequence[int]) -> list[Array]:
        """Copies of one member's W (inputs, outputs) and b (outputs,), layer by layer, without the padding."""
        units = (self.shape.units[0], *hidden_units, self.shape.units[-1])
        own: list[Array] = []
        for layer, (inputs, outputs) in zip(self.layers, pairwise(units), strict=True):
            own += [layer.weights[member, :inputs, :outputs].copy(), layer.biases[member, 0, :outputs].copy()]
        return own


class _Cutter:
    """Cuts one view after another off the front of an array (K, P)."""

    def __init__(self, flat: Array) -> None:
        self.flat = flat
        self.start = 0

    def next(self, rows: int, columns: int) -> Array:
        """(K, rows, columns)."""
        start, self.start = self.start, self.start + rows * columns
        return self.flat[:, start : self.start].reshape(-1, rows, columns)


def _aligned(count: int) -> int:
    return -(-count // ALIGNMENT) * ALIGNMENT
