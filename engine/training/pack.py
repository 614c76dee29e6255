"""The trials trained together: their parameters, optimiser and buffers, with one leading member axis K."""

from collections.abc import Sequence

import numpy as np

from engine.seeding import Purpose, generator
from engine.training.arrays import Array, unbuffered
from engine.training.augmenting import Augmenter
from engine.training.averages import flush_tiny
from engine.training.dataset import Dataset
from engine.training.evaluation import Evaluation
from engine.training.initializers import initial_parameters
from engine.training.layers.batch_norm import RunningAverages
from engine.training.layers.dropout import Dropout, DropoutNumbers
from engine.training.losses import by_class, loss_for
from engine.training.metrics import Outputs, outputs_of
from engine.training.mini_batches import batch_bounds
from engine.training.network import learning_network
from engine.training.optimizers import OPTIMIZERS
from engine.training.packing import pack_key
from engine.training.parameters import Shape
from engine.training.penalties import Penalties
from engine.training.plan import TrainingPlan
from engine.training.schedules import learning_rate

PREPARED_STEPS = 1024  # constants worked out at once: 16 KB a member
FLUSH_STEPS = 256  # a sum with β = 0.9 takes three times as many to fall to the denormal numbers


class Pack:
    """Plans of one pack key, each with its network. `keep` lets members leave."""

    def __init__(self, plans: Sequence[TrainingPlan], dataset: Dataset, dtype: type = np.float32) -> None:
        self.key = pack_key(plans[0])
        self.plans = list(plans)
        self.dataset = dataset if self.key.normalize_inputs else dataset.with_raw_inputs()
        self.bounds = batch_bounds(dataset.train.rows, self.key.batch_size, batch_norm=self.key.batch_norm)
        shape = Shape((dataset.features, *self.key.widths, dataset.outputs), self.key.batch_norm)
        self.parameters = initial_parameters(shape, plans, dtype)
        self.averages = [
            RunningAverages(len(plans), width, self.parameters.flat.dtype)
            for width in (self.key.widths if self.key.batch_norm else ())
        ]
        self.optimizer = OPTIMIZERS[self.key.optimizer](plans, self.parameters.flat)
        self.shuffles = [generator(plan.seed, Purpose.SHUFFLE) for plan in plans]
        self.dropout = DropoutNumbers(plans)
        self.augmenter = Augmenter(plans, dataset)
        self.epoch = 0
        self._allocate()

    def keep(self, members: Sequence[int]) -> None:
        """Go on with the members at these positions alone."""
        self.plans = [self.plans[member] for member in members]
        self.shuffles = [self.shuffles[member] for member in members]
        self.parameters = self.parameters.of(members)
        self.optimizer.keep(members)
        self.dropout.keep(members)
        self.augmenter.keep(members)
        for averages in self.averages:
            averages.keep(members)
        self._allocate()

    def _allocate(self) -> None:
        """Make what depends on the number of members."""
        rows, flat = self.dataset.train.rows, self.parameters.flat
        self.gradients = self.parameters.zeros_like()
        self.penalties = Penalties(self.plans, self.parameters, rows)
        self.evaluation = Evaluation(self.parameters, self.plans, self.dataset)
        self.batches: dict[int, Batch] = {}  # by number of rows
        self.logits = np.empty((len(flat), rows, self.dataset.outputs), flat.dtype)

    def train_epoch(self) -> Outputs:
        """Pass once over the training rows, each member in an order of its own.

        What is returned are the answers to each mini-batch before its step: the train metric, without a second pass.
        `gradient_norms` (K, L) are then those of the epoch's first mini-batch, without penalties.
        """
        self.epoch += 1
        order = np.stack([shuffle.permutation(self.dataset.train.rows) for shuffle in self.shuffles])  # (K, rows)
        targets = self.dataset.train.targets[order]
        for step, (start, stop) in enumerate(self.bounds):
            self._prepare(step)
            batch = self.batch(stop - start)
            self.logits[:, start:stop] = batch.forward_backward(order[:, start:stop], targets[:, start:stop])
            if step == 0:
                self.gradient_norms = _norms(self.gradients.weights)
            self.penalties.add(self.parameters.flat, self.gradients.flat)
            self._step()
        self._end_epoch()
        logits = by_class(self.logits)
        self.losses = self.evaluation.loss.per_row(logits, targets)
        return outputs_of(logits, targets, self.losses, self.dataset)

    def batch_costs(self) -> Array:
        """(K, steps): the mean loss of each mini-batch of the last epoch before its step, without penalties."""
        return np.stack([self.losses[:, start:stop].mean(axis=1) for start, stop in self.bounds], axis=1)

    def _step(self) -> None:
        if len(self.plans) == 1:  # without neighbours nothing is broadcast over rows
            self.optimizer.step(self.parameters.flat, self.gradients.flat)
        else:
            with unbuffered():
                self.optimizer.step(self.parameters.flat, self.gradients.flat)
        self.penalties.stop_at_zero(self.parameters.flat)

    def _prepare(self, step: int) -> None:
        """Work out the optimiser's constants a block of steps ahead."""
        if step % PREPARED_STEPS == 0:
            rates = np.array([[learning_rate(plan, self.epoch)] for plan in self.plans])
            self.optimizer.prepare(rates, min(PREPARED_STEPS, len(self.bounds) - step))

    def batch(self, rows: int) -> "Batch":
        """The networks and buffers for mini-batches of so many rows."""
        if rows not in self.batches:
            self.batches[rows] = Batch(self, rows)
        return self.batches[rows]

    def _end_epoch(self) -> None:
        if self._is_time_to_flush():
            self.optimizer.flush()
            flush_tiny(self.parameters.flat)
        for averages, statistics in zip(self.averages, self.parameters.statistics, strict=True):
            averages.write(statistics.means, statistics.variances)

    def _is_time_to_flush(self) -> bool:
        """At the end of the epoch that takes the steps beyond another FLUSH_STEPS."""
        steps = len(self.bounds)
        return self.epoch * steps // FLUSH_STEPS > (self.epoch - 1) * steps // FLUSH_STEPS


def _norms(gradients: Sequence[Array]) -> Array:
    """(K, L): the norm of each member's gradient by the weights of each layer."""
    rows = [layer.reshape(len(layer), -1) for layer in gradients]
    return np.stack([np.sqrt(np.vecdot(row, row)) for row in rows], axis=1)


class Batch:
    """A pack's networks for one size of mini-batch, with the buffers they need."""

    def __init__(self, pack: Pack, rows: int) -> None:
        self.train_inputs = pack.dataset.train.inputs_and_one
        members, dtype = len(pack.plans), pack.parameters.flat.dtype
        self.inputs = np.empty((members, rows, pack.dataset.features + 1), dtype)
        self.network = learning_network(pack.parameters, pack.gradients, pack.plans, pack.averages, rows)
        self.dropouts = [layer for layer in self.network.layers if isinstance(layer, Dropout)]
        self.numbers = pack.dropout
        self.augmenter = pack.augmenter
        self.gradient = np.empty((members, rows, pack.dataset.outputs), dtype)  # ∂L/∂logits
        self.loss = loss_for(pack.dataset, self.gradient)

    def forward_backward(self, rows: Array, targets: Array) -> Array:
        """Leave the gradients for the training `rows` (K, B) with the pack; returns the logits (K, B, C)."""
        # mode="clip" lets take write straight into the buffer; the indices are in range anyway.
        self.train_inputs.take(rows, axis=0, out=self.inputs, mode="clip")
        if self.augmenter.augmentations:
            self.augmenter.change(self.inputs[:, :, :-1])
        for dropout in self.dropouts:
            dropout.draw(self.numbers)
        logits = self.network.forward(self.inputs)
        self.loss.gradient(logits, targets, out=self.gradient)
        self.network.backward(self.gradient)
        return logits
