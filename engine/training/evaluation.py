"""What trained networks answer."""

from collections.abc import Sequence

import numpy as np

from engine.training.activations import ACTIVATIONS
from engine.training.arrays import Array
from engine.training.dataset import Dataset, Split
from engine.training.losses import loss_for
from engine.training.metrics import Outputs, outputs_of
from engine.training.network import Forward, Parameters
from engine.training.packing import unit_masks
from engine.training.plan import TrainingPlan

PIECE_ROWS = 256  # rows evaluated at once, so that the activations of small networks stay in cache


class Evaluation:
    """Evaluates K networks of one pack key, given by their `parameters`, on all rows of a split."""

    def __init__(self, parameters: Parameters, plans: Sequence[TrainingPlan], dataset: Dataset) -> None:
        self.parameters = parameters
        self.activation = ACTIVATIONS[plans[0].activation]
        self.unit_masks = unit_masks(parameters.shape.units[1:-1], plans)
        self.dataset = dataset
        self.loss = loss_for(dataset)
        self.forwards: dict[int, Forward] = {}  # by number of rows

    def outputs(self, split: Split) -> Outputs:
        logits = self._logits(split.inputs)
        targets = np.asarray(split.targets)[None]
        return outputs_of(logits, targets, self.loss.per_row(logits, targets), self.dataset)

    def _logits(self, inputs: Array) -> Array:
        """(K, m, C) for inputs (m, D)."""
        flat = self.parameters.flat
        logits = np.empty((len(flat), len(inputs), self.parameters.shape.units[-1]), flat.dtype)
        for start in range(0, len(inputs), PIECE_ROWS):
            piece = inputs[None, start : start + PIECE_ROWS]
            logits[:, start : start + PIECE_ROWS] = self._forward(piece.shape[1]).run(piece)
        return logits

    def _forward(self, rows: int) -> Forward:
        if rows not in self.forwards:
            self.forwards[rows] = Forward(self.parameters, self.activation, self.unit_masks, rows)
        return self.forwards[rows]
