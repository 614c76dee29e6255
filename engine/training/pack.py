"""The trials trained together: their parameters, optimiser and buffers, with one leading member axis K."""

from collections.abc import Iterator, Sequence

import numpy as np

from engine.seeding import Purpose, generator
from engine.training.activations import ACTIVATIONS
from engine.training.arrays import Array
from engine.training.averages import flush_tiny
from engine.training.dataset import Dataset
from engine.training.evaluation import Evaluation
from engine.training.initializers import initial_parameters
from engine.training.losses import loss_for
from engine.training.metrics import Outputs, outputs_of
from engine.training.network import Backward, Forward, Shape
from engine.training.optimizers import OPTIMIZERS
from engine.training.packing import pack_key, unit_masks
from engine.training.plan import TrainingPlan


class Pack:
    """Plans of one pack key, each with its network. `keep` lets members leave."""

    def __init__(self, plans: Sequence[TrainingPlan], dataset: Dataset) -> None:
        self.key = pack_key(plans[0])
        self.plans = list(plans)
        self.dataset = dataset if self.key.normalize_inputs else dataset.with_raw_inputs()
        self.loss = loss_for(dataset)
        self.parameters = initial_parameters(Shape((dataset.features, *self.key.widths, dataset.outputs)), plans)
        self.optimizer = OPTIMIZERS[self.key.optimizer](plans, self.parameters.flat)
        self.shuffles = [generator(plan.seed, Purpose.SHUFFLE) for plan in plans]
        self._allocate()

    def keep(self, members: Sequence[int]) -> None:
        """Go on with the members at these positions alone."""
        self.plans = [self.plans[member] for member in members]
        self.shuffles = [self.shuffles[member] for member in members]
        self.parameters = self.parameters.of(members)
        self.optimizer.keep(members)
        self._allocate()

    def _allocate(self) -> None:
        """Make what depends on the number of members."""
        self.gradients = self.parameters.zeros_like()
        self.evaluation = Evaluation(self.parameters, self.plans, self.dataset)
        self.batches: dict[int, Batch] = {}  # by number of rows
        decay = np.array([plan.l2 for plan in self.plans]) / self.dataset.train.rows
        self.decay = decay.astype(self.parameters.flat.dtype)[:, None, None]

    def train_epoch(self) -> Outputs:
        """Pass once over the training rows, each member in an order of its own; the last batch may be short.

        What is returned are the answers to each mini-batch before its step: the train metric, without a second pass.
        """
        rows = self.dataset.train.rows
        order = np.stack([shuffle.permutation(rows) for shuffle in self.shuffles])  # (K, rows)
        targets = self.dataset.train.targets[order]
        logits = np.empty((*order.shape, self.dataset.outputs), self.parameters.flat.dtype)
        for start, stop in self._batch_bounds():
            batch = self._batch(stop - start)
            logits[:, start:stop] = batch.forward_backward(order[:, start:stop], targets[:, start:stop])
            self._add_penalty()
            self.optimizer.step(self.parameters.flat, self.gradients.flat)
        self.optimizer.end_epoch()
        flush_tiny(self.parameters.flat)
        return outputs_of(logits, targets, self.loss.per_row(logits, targets), self.dataset)

    def _batch_bounds(self) -> Iterator[tuple[int, int]]:
        rows, size = self.dataset.train.rows, self.key.batch_size
        return ((start, min(start + size, rows)) for start in range(0, rows, size))

    def _batch(self, rows: int) -> "Batch":
        if rows not in self.batches:
            self.batches[rows] = Batch(self, rows)
        return self.batches[rows]

    def _add_penalty(self) -> None:
        """The gradient of λ/(2m) ΣW² is λ/m W."""
        if self.key.decays_weights:
            for gradient, weights in zip(self.gradients.weights, self.parameters.weights, strict=True):
                gradient += self.decay * weights


class Batch:
    """The buffers of a pack for one size of mini-batch."""

    def __init__(self, pack: Pack, rows: int) -> None:
        self.train_inputs = pack.dataset.train.inputs
        self.loss = pack.loss
        members, dtype = len(pack.plans), pack.parameters.flat.dtype
        self.inputs = np.empty((members, rows, pack.dataset.features), dtype)
        masks = unit_masks(pack.key.widths, pack.plans)
        self.forward = Forward(pack.parameters, ACTIVATIONS[pack.key.activation], masks, rows)
        self.backward = Backward(self.forward, pack.gradients)

    def forward_backward(self, rows: Array, targets: Array) -> Array:
        """Leave the gradients for the training `rows` (K, B) with the pack; return the logits (K, B, C)."""
        # mode="clip" lets take write straight into the buffer; the indices are in range anyway.
        np.take(self.train_inputs, rows, axis=0, out=self.inputs, mode="clip")
        logits = self.forward.run(self.inputs)
        self.loss.gradient(logits, targets, out=self.backward.deltas[-1])
        self.backward.run(self.inputs)
        return logits
