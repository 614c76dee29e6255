"""What training costs: the memory and the time of a pack, and how many members are best."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.training.evaluation import piece_rows
from engine.training.packing import PackKey, pack_key
from engine.training.parameters import Shape
from engine.training.plan import TrainingPlan
from engine.training.values import OptimizerName

NUMBER_BYTES = 4  # float32

OPTIMIZER_COPIES: dict[OptimizerName, int] = {"sgd": 0, "momentum": 1, "adagrad": 2, "rmsprop": 2, "adam": 2}
"""Arrays as large as the parameters that each optimiser keeps, buffers included."""

# Of one core of an AMD EPYC with AVX-512, NumPy 2.4 and OpenBLAS: benchmarks/engine.py measures trainings as a whole.
LAYER_SECONDS = 18e-6  # a dense layer, each step, however small: the calls
PRODUCT_SECONDS = 25e-12  # a multiplication with its addition
UNIT_SECONDS = 2e-9  # activation, bias and loss of a unit for a row
PARAMETER_SECONDS = 1.1e-9  # a step of Adam

CACHE_BYTES = 5 * 2**19  # what the best packs of small networks take: a core's share of the second and third cache
FEWEST_MEMBERS = 4  # of wide networks: the calls are shared, while the cache holds not even one
MOST_MEMBERS = 64  # beyond it nothing is gained, and a loss costs more


@dataclass(frozen=True)
class DataShape:
    """What of a dataset decides the cost of a training."""

    features: int
    outputs: int
    train_rows: int

    def shape_of(self, plan: TrainingPlan) -> Shape:
        key = pack_key(plan)
        return Shape((self.features, *key.widths, self.outputs), key.batch_norm)


def member_bytes(plan: TrainingPlan, data: DataShape) -> int:
    """The memory that a pack needs for one such member, the dataset apart, which all workers share.

    An upper estimate: buffers that are never in use together are counted together.
    """
    shape = data.shape_of(plan)
    batch_size = min(plan.batch_size, data.train_rows)
    numbers = shape.parameters * _parameter_copies(plan) + 2 * sum(inputs * outs for inputs, outs in shape.layers)
    numbers += (
        2 * batch_size * (data.features + _numbers_per_row(pack_key(plan), data.outputs))
    )  # the last batch of an epoch has its own
    numbers += 2 * batch_size * data.features * (plan.augmentation is not None)  # those that move, and noise
    numbers += 5 * piece_rows(shape) * sum(shape.units[1:])
    numbers += data.train_rows * (
        3 * data.outputs + 8
    )  # an epoch's logits and losses, its order of rows and their targets
    return numbers * NUMBER_BYTES


def training_seconds(plans: Sequence[TrainingPlan], data: DataShape) -> float:
    """About how long a core takes for a pack of these plans, on the machine that the constants were measured on.

    It only ever decides who trains when and beside whom, so what counts is how two packs compare.
    """
    epochs = max(plan.epochs for plan in plans)
    steps = -(-data.train_rows // plans[0].batch_size)
    dense_layers = len(plans[0].hidden_units) + 1
    return epochs * steps * dense_layers * LAYER_SECONDS + sum(_member_seconds(plan, data, steps) for plan in plans)


def best_members(plan: TrainingPlan, data: DataShape) -> int:
    """How many such members train fastest together: as many as the cache holds, within limits."""
    shape = data.shape_of(plan)
    numbers = shape.parameters * (2 + OPTIMIZER_COPIES[plan.optimizer])
    numbers += min(plan.batch_size, data.train_rows) * (data.features + 2 * sum(shape.units[1:]))
    return min(MOST_MEMBERS, max(FEWEST_MEMBERS, CACHE_BYTES // (numbers * NUMBER_BYTES)))


def _member_seconds(plan: TrainingPlan, data: DataShape, steps: int) -> float:
    """What a member adds to its pack: products, elementwise passes over units, the optimiser's over parameters."""
    shape = data.shape_of(plan)
    products = 3 * data.train_rows * sum(inputs * outputs for inputs, outputs in shape.layers)
    units = data.train_rows * sum(shape.units[1:])
    return plan.epochs * (
        products * PRODUCT_SECONDS + units * UNIT_SECONDS + steps * shape.parameters * PARAMETER_SECONDS
    )


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
