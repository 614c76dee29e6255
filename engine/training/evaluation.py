"""What trained networks answer."""

from collections.abc import Iterator, Sequence

import numpy as np

from engine.training.arrays import Array
from engine.training.dataset import Dataset, Split
from engine.training.layers.activations import Activate
from engine.training.layers.batch_norm import fold
from engine.training.losses import loss_for
from engine.training.metrics import Outputs, outputs_of
from engine.training.network import Network, answering_network
from engine.training.parameters import Parameters, Shape
from engine.training.plan import TrainingPlan

NEARLY_ALL = 0.95
PIECE_NUMBERS = 2**15  # of the widest layer, 128 KiB a member: what is evaluated at once stays in the cache
FEWEST_PIECE_ROWS = 64  # of a very wide network: products of fewer rows are slower


class Evaluation:
    """Evaluates K networks of one pack key, given by their `parameters`, on all rows of a split."""

    def __init__(self, parameters: Parameters, plans: Sequence[TrainingPlan], dataset: Dataset) -> None:
        self.parameters = parameters
        self.plain = _plain(parameters)
        self.plans = plans
        self.dataset = dataset
        self.loss = loss_for(dataset, np.empty((0, 0, dataset.outputs), parameters.flat.dtype))
        self.networks: dict[int, Network] = {}  # by number of rows
        self.piece_rows = piece_rows(parameters.shape)

    def outputs(self, split: Split, saturation: "Saturation | None" = None) -> Outputs:
        """What they answer for a split's rows; on the way `saturation` counts the units that are flat."""
        return self.outputs_and_losses(split, saturation)[0]

    def outputs_and_losses(self, split: Split, saturation: "Saturation | None" = None) -> tuple[Outputs, Array]:
        """The same with the loss of each row (K, m)."""
        flat = self.plain.flat
        logits = np.empty((self.plain.shape.units[-1], len(flat), split.rows), flat.dtype)
        for start, network in self._passes(split.inputs_and_one):
            logits[:, :, start : start + self.piece_rows] = network.logits.transpose(2, 0, 1)
            if saturation is not None:
                saturation.add(network)
        targets = np.asarray(split.targets)[None]
        losses = self.loss.per_row(logits, targets)
        return outputs_of(logits, targets, losses, self.dataset), losses

    def _passes(self, inputs: Array) -> Iterator[tuple[int, Network]]:
        """Answer inputs (m, D + 1) piece by piece: where each piece starts, and the network that holds its answers."""
        if self.parameters.shape.batch_norm:
            fold(self.parameters, self.plain)
        for start in range(0, len(inputs), self.piece_rows):
            piece = inputs[None, start : start + self.piece_rows]
            network = self._network(piece.shape[1])
            network.forward(piece)
            yield start, network

    def _network(self, rows: int) -> Network:
        if rows not in self.networks:
            self.networks[rows] = answering_network(self.plain, self.plans, rows)
        return self.networks[rows]


class Saturation:
    """Counts the rows on which each hidden unit is flat: a unit that is on nearly all of them hardly learns."""

    def __init__(self, plans: Sequence[TrainingPlan]) -> None:
        self.plans = plans
        self.rows = 0
        self.flat_rows: list[Array] = []  # (K, H) per hidden layer

    def add(self, network: Network) -> None:
        """Count in the rows of a network's last pass."""
        hidden = [layer for layer in network.layers if isinstance(layer, Activate)]
        counts = [layer.activation.is_flat(layer.a).sum(axis=1) for layer in hidden]
        self.flat_rows = [a + b for a, b in zip(self.flat_rows, counts, strict=True)] if self.flat_rows else counts
        self.rows += network.logits.shape[1]

    def share_of(self, member: int) -> list[float]:
        """Per hidden layer, of the member's own units, those that are flat on nearly all rows."""
        layers = zip(self.flat_rows, self.plans[member].hidden_units, strict=True)
        return [float((counts[member, :units] >= NEARLY_ALL * self.rows).mean()) for counts, units in layers]


def piece_rows(shape: Shape) -> int:
    """How many rows are evaluated at once: a matter of the widths alone, for a product's bits may depend on it."""
    return max(FEWEST_PIECE_ROWS, PIECE_NUMBERS // max(shape.units[1:]))


def _plain(parameters: Parameters) -> Parameters:
    """Room for the same networks without batch norm; without it, the very same."""
    if not parameters.shape.batch_norm:
        return parameters
    return Parameters.zeros(Shape(parameters.shape.units), len(parameters.flat), parameters.flat.dtype.type)
