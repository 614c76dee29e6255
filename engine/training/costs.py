"""What training costs: the memory of a pack, and the work of a plan."""

from engine.training.evaluation import piece_rows
from engine.training.packing import PackKey, pack_key
from engine.training.parameters import Shape
from engine.training.plan import TrainingPlan
from engine.training.values import OptimizerName

NUMBER_BYTES = 4  # float32

OPTIMIZER_COPIES: dict[OptimizerName, int] = {"sgd": 0, "momentum": 1, "adagrad": 2, "rmsprop": 2, "adam": 2}
"""Arrays as large as the parameters that each optimiser keeps, buffers included."""


def member_bytes(plan: TrainingPlan, features: int, outputs: int, train_rows: int) -> int:
    """The memory that a pack needs for one such member, the dataset apart, which all workers share.

    An upper estimate: buffers that are never in use together are counted together.
    """
    key = pack_key(plan)
    shape = Shape((features, *key.widths, outputs), key.batch_norm)
    batch_size = min(plan.batch_size, train_rows)
    numbers = shape.parameters * _parameter_copies(plan) + 2 * sum(inputs * outs for inputs, outs in shape.layers)
    numbers += 2 * batch_size * (features + _numbers_per_row(key, outputs))  # the last batch of an epoch has its own
    numbers += 5 * piece_rows(shape) * sum(shape.units[1:])
    numbers += train_rows * (3 * outputs + 8)  # an epoch's logits and losses, its order of rows and their targets
    return numbers * NUMBER_BYTES


def work(plan: TrainingPlan, features: int, outputs: int, train_rows: int) -> float:
    """How much there is to compute, in multiplications: what tells long trainings from short ones."""
    shape = Shape((features, *pack_key(plan).widths, outputs))
    return 3.0 * plan.epochs * train_rows * sum(inputs * outs for inputs, outs in shape.layers)


def _parameter_copies(plan: TrainingPlan) -> int:
    """The parameters, their gradients, those of the best epoch, what is copied when a member leaves, and so on."""
    penalties = 4 * (plan.l1 > 0) + (plan.l2 > 0)  # L1 has factors of both signs, the signs, and two of booleans
    return 8 + OPTIMIZER_COPIES[plan.optimizer] + (penalties + 1 if penalties else 0)


def _numbers_per_row(key: PackKey, outputs: int) -> int:
    """Of a mini-batch: z, ∂L/∂a and a buffer for each unit, three more with batch norm and so with dropout."""
    hidden = sum(
        width * (3 + 3 * key.batch_norm + 3 * drops) for width, drops in zip(key.widths, key.drops, strict=True)
    )
    return hidden + 6 * outputs
