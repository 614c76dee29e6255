"""How long a pack trains, and how many members train fastest together."""

from collections.abc import Sequence

from engine.training.data_shape import DataShape
from engine.training.memory import NUMBER_BYTES, OPTIMIZER_COPIES
from engine.training.plan import TrainingPlan

# Of one core of an AMD EPYC with AVX-512, NumPy 2.4 and OpenBLAS: benchmarks/engine.py measures trainings as a whole.
LAYER_SECONDS = 18e-6  # a dense layer, each step, however small: the calls
PRODUCT_SECONDS = 25e-12  # a multiplication with its addition
UNIT_SECONDS = 2e-9  # activation, bias and loss of a unit for a row
PARAMETER_SECONDS = 1.1e-9  # a step of Adam

CACHE_BYTES = 5 * 2**20  # what the best packs of small networks take: a core's share of the second and third cache
FEWEST_MEMBERS = 4  # of wide networks: the calls are shared, while the cache holds not even one
MOST_MEMBERS = 64  # beyond it nothing is gained, and a loss costs more


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
