"""The memory that a pack needs while it trains, told beforehand."""

from collections.abc import Callable, Mapping
from typing import Any

from engine.training.augmenting import PIECE_NUMBERS
from engine.training.data_shape import DataShape
from engine.training.evaluation import piece_rows
from engine.training.layers.activations import ActivationName
from engine.training.layers.dropout import BLOCK_NUMBERS
from engine.training.packing import PackKey, pack_key
from engine.training.parameters import Shape
from engine.training.plan import TrainingPlan
from engine.training.standardisation import PIECE_ROWS
from engine.training.values import LAYER_NAMES, OptimizerName

NUMBER_BYTES = 4  # float32

PARAMETER_COPIES = 7
"""The parameters and their gradients; those of the best epoch, of a member that leaves and of its result; and those
that go on while it leaves."""

OPTIMIZER_COPIES: dict[OptimizerName, int] = {"sgd": 0, "momentum": 1, "adagrad": 2, "rmsprop": 2, "adam": 2}
"""Arrays as large as the parameters that each optimiser keeps, buffers included."""

UNIT_COPIES: dict[ActivationName, int] = {"relu": 2, "leaky_relu": 3, "tanh": 2, "sigmoid": 2}
"""Of the units of a piece that is evaluated: themselves, and what their activation works with."""

BASE_BYTES = 256 * 1024  # whatever the pack: objects, masks, constants
STEP_BYTES = 160  # of an epoch: where its mini-batch begins and ends, as Python's numbers
MOVED_BYTES = 10 * 8 * PIECE_NUMBERS  # of images in float64, with where each of their pixels comes from


def pack_bytes(plan: TrainingPlan, members: int, data: DataShape) -> int:
    """The memory that so many such members need while they train together, the dataset apart, which all workers share.

    An upper estimate, as buffers that are never in use together are counted together; it holds within a factor of 3.
    """
    return shared_bytes(plan, data) + members * member_bytes(plan, data)


def most_members(plan: TrainingPlan, data: DataShape, bound_bytes: int) -> int:
    """How many such members a pack may have, but one at least, for alone it must be tried."""
    return max(1, (bound_bytes - shared_bytes(plan, data)) // member_bytes(plan, data))


def shared_bytes(plan: TrainingPlan, data: DataShape) -> int:
    """What a pack needs once: its steps, raw inputs where the plan wants them, and room to move images in."""
    steps = -(-data.train_rows // plan.batch_size)
    rows = data.train_rows + data.dev_rows + 4 * PIECE_ROWS  # some of them in float64, with what they come from
    raw = 0 if plan.normalize_inputs else rows * (data.features + 1)
    moved = 0 if plan.augmentation is None else MOVED_BYTES
    return BASE_BYTES + steps * STEP_BYTES + raw * NUMBER_BYTES + moved


def member_bytes(plan: TrainingPlan, data: DataShape) -> int:
    """What a pack needs for each such member."""
    key = pack_key(plan)
    shape = data.shape_of(plan)
    numbers = (shape.parameters + shape.statistics) * _parameter_copies(plan)
    numbers += sum(inputs * outputs for inputs, outputs in shape.layers[1:])  # transposed weights
    copies = 3 if key.augments else 1  # of the inputs: themselves, those that move, and noise
    numbers += _learning_rows(key, data) * (copies * data.features + 1 + _numbers_per_row(key, data.outputs))
    numbers += _answering_rows(shape, data) * (UNIT_COPIES[key.activation] * sum(key.widths) + data.outputs)
    numbers += 3 * min(piece_rows(shape), data.dev_rows) * max(key.widths)  # booleans and what they come from
    numbers += data.train_rows * (3 * data.outputs + 12) + data.dev_rows * (2 * data.outputs + 8)
    numbers += BLOCK_NUMBERS if any(key.drops) else 0  # twice while they are drawn, with half the bytes each
    return numbers * NUMBER_BYTES


_COSTLIEST: dict[str, Callable[[Any], Any]] = {
    "hidden_layers": int,
    "batch_size": int,
    "activation": lambda name: UNIT_COPIES[name],
    "optimizer": lambda name: OPTIMIZER_COPIES[name],
    "l1": bool,
    "l2": bool,
    "batch_norm": bool,
    "augmentation": bool,
    "normalize_inputs": lambda is_normalised: not is_normalised,
    **dict.fromkeys(("hidden_units", *LAYER_NAMES["hidden_units"]), int),
    **dict.fromkeys(("keep_prob", *LAYER_NAMES["keep_prob"]), lambda keep_prob: keep_prob < 1),
}
"""By name, what of a value makes a plan need more memory."""


def costliest(possible: Mapping[str, tuple[Any, ...]]) -> TrainingPlan:
    """The plan that needs the most memory of all that a study can try, given the values of each name."""
    return TrainingPlan.from_values(
        {name: max(possible[name], key=cost) for name, cost in _COSTLIEST.items() if name in possible}
    )


def _parameter_copies(plan: TrainingPlan) -> int:
    penalties = 4 * (plan.l1 > 0) + (plan.l2 > 0)  # L1 has factors of both signs, the signs, and two of booleans
    return PARAMETER_COPIES + OPTIMIZER_COPIES[plan.optimizer] + (penalties + 1 if penalties else 0)


def _learning_rows(key: PackKey, data: DataShape) -> int:
    """Rows of the mini-batches that have buffers: a full one and the last of an epoch, if that differs."""
    batch_size = min(key.batch_size, data.train_rows)
    last = data.train_rows % batch_size
    return batch_size + (batch_size + 1 if key.batch_norm and last == 1 else last)


def _answering_rows(shape: Shape, data: DataShape) -> int:
    """Rows of the pieces that have buffers, in the evaluation of dev after each epoch and in that of the result."""
    whole = piece_rows(shape)

    def held(rows: int) -> int:
        return rows if rows < whole else whole + rows % whole

    return 2 * held(data.dev_rows) + held(data.train_rows)


def _numbers_per_row(key: PackKey, outputs: int) -> int:
    """Of a mini-batch: z, ∂L/∂a and a buffer for each unit, three more with batch norm and so with dropout."""
    hidden = sum(
        width * (3 + 3 * key.batch_norm + 3 * drops) for width, drops in zip(key.widths, key.drops, strict=True)
    )
    return hidden + 6 * outputs
