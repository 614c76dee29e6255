"""Whether backpropagation computes the gradients of the cost: compared with numerical ones, layer by layer.

In float64, with dropout off and the penalties on. The numerical gradients are (J(θ + ε) - J(θ - ε)) / 2ε, whose error
is O(ε²), and beside it the one-sided (J(θ + ε) - J(θ)) / ε, whose error is O(ε).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from engine.errors import InvalidField
from engine.seeding import Purpose, generator
from engine.training.arrays import Array
from engine.training.dataset import Dataset, Split
from engine.training.layers.activations import Activate
from engine.training.layers.batch_norm import RunningAverages
from engine.training.losses import by_class
from engine.training.network import Network, learning_network
from engine.training.pack import Pack
from engine.training.parameters import Parameters, Shape
from engine.training.penalties import penalty
from engine.training.plan import TrainingPlan

EPSILON = 1e-5  # about where ε², the formula's error, and 1e-16 / ε, that of float64, are equal
CHECKED_ROWS = 32
PASS_NUMBERS = 2**20  # parameters of all the copies in one pass, 8 MiB
MAX_PARAMETERS = 1_000_000  # with samples of 200 numbers an array, the deepest network of this size takes two minutes

Verdict = Literal["right", "look_closer", "wrong"]
RIGHT, WRONG = 1e-6, 1e-3  # relative errors; about 1e-7 is right, 1e-5 to 1e-4 asks for a closer look, 1e-3 is wrong


@dataclass(frozen=True)
class Check:
    """One array of parameters, or all of them."""

    name: str  # W1, b1, W2, …; with batch norm beta1 and gamma1 in place of b1
    relative_error: float  # ‖g - g'‖ / (‖g‖ + ‖g'‖), two-sided
    one_sided_error: float
    size: int  # numbers it holds
    checked: int  # numbers compared: all of them, or a sample
    skipped: int  # numbers whose change crosses a kink, of a relu or of L1's |W|, where there is no gradient

    @property
    def verdict(self) -> Verdict:
        """Where every number was skipped nothing has been compared, and nothing is known to be right."""
        if self.relative_error >= WRONG:
            return "wrong"
        return "right" if self.checked and self.relative_error < RIGHT else "look_closer"


@dataclass(frozen=True)
class GradientCheck:
    layers: list[Check]
    overall: Check

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of a layer: a small wrong one hardly shows in the overall error."""
        order: tuple[Verdict, ...] = ("right", "look_closer", "wrong")
        return max((check.verdict for check in self.layers), key=order.index)


class Diverged(ArithmeticError):
    """The cost became NaN or infinite before there was anything to compare."""


def require_checkable(plan: TrainingPlan, features: int, outputs: int) -> None:
    """Raise InvalidField for a network of more than MAX_PARAMETERS."""
    count = Shape((features, *plan.hidden_units, outputs), plan.batch_norm).learned
    if count > MAX_PARAMETERS:
        rule = f"the gradients of at most {MAX_PARAMETERS:,} can be checked: lower `hidden_units` or `hidden_layers`"
        raise InvalidField((), f"the network has {count:,} parameters, but {rule}")


def check_gradients(
    plan: TrainingPlan,
    dataset: Dataset,
    epochs: int = 0,
    epsilon: float = EPSILON,
    numbers_per_array: int | None = None,
) -> GradientCheck:
    """Compare the gradients of `plan`'s cost on some training rows with numerical ones.

    At the initial weights, where a mistake can hide because biases are still 0, or after some epochs on those rows.
    Of an array with more than `numbers_per_array` numbers so many are checked, drawn with the plan's seed: the time
    this takes grows with the square of the number of parameters otherwise.

    Raises InvalidField as training does, and for too large a network; Diverged if the epochs lead to no finite cost.
    """
    require_checkable(plan, dataset.features, dataset.outputs)
    rows = min(CHECKED_ROWS, dataset.train.rows)
    small = _first_rows(dataset, rows, raw=not plan.normalize_inputs)
    plan = replace(
        plan, keep_probs=(), augmentation=None, batch_size=max(rows, 2), width_step=1, normalize_inputs=True
    )  # the inputs are already as the plan wants them
    pack = Pack([plan], small, np.float64)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for _ in range(epochs):
            pack.train_epoch()
        batch = pack.batch(rows)
        batch.forward_backward(np.arange(rows)[None], pack.dataset.train.targets[None])
        pack.penalties.add(pack.parameters.flat, pack.gradients.flat)
        chosen = _chosen(pack.parameters, plan.seed, numbers_per_array)
        numeric = _numeric_gradients(pack, epsilon, np.flatnonzero(chosen))
    if not (np.isfinite(numeric.base) and np.isfinite(pack.gradients.flat).all()):
        raise Diverged(f"the cost is NaN or infinite after {epochs} epochs: there are no gradients to compare")
    return _compare(pack.gradients, numeric, chosen)


@dataclass(frozen=True)
class _Numeric:
    """The numerical gradients by each parameter (1, P), and whether they can be trusted."""

    base: float  # the cost that was not moved
    two_sided: Array
    one_sided: Array
    is_smooth: Array


def _chosen(parameters: Parameters, seed: int, numbers_per_array: int | None) -> Array:
    """Which parameters are checked: (1, P) booleans."""
    drawn = parameters.zeros_like()
    for position, array in enumerate(drawn.by_name(0).values()):
        count = array.size if numbers_per_array is None else min(array.size, numbers_per_array)
        numbers = generator(seed, Purpose.GRADIENT_CHECK, position).choice(array.size, count, replace=False)
        array.flat[numbers] = 1
    chosen: Array = drawn.flat > 0
    return chosen


def _numeric_gradients(pack: Pack, epsilon: float, chosen: Array) -> _Numeric:
    count = pack.parameters.flat.shape[1]
    base, base_sides = _costs(pack, np.zeros((1, count)))
    numeric = _Numeric(float(base[0]), np.zeros((1, count)), np.zeros((1, count)), np.ones((1, count), bool))
    for columns in _chunks(chosen, count):
        moves = np.zeros((len(columns), count))
        moves[np.arange(len(columns)), columns] = epsilon
        (above, above_sides), (below, below_sides) = _costs(pack, moves), _costs(pack, -moves)
        numeric.two_sided[0, columns] = (above - below) / (2 * epsilon)
        numeric.one_sided[0, columns] = (above - base) / epsilon
        stays = (above_sides == base_sides) & (below_sides == base_sides)
        numeric.is_smooth[0, columns] = stays.all(axis=1)
    if pack.penalties.pull is not None:
        is_pulled = pack.penalties.pull > 0
        numeric.is_smooth[:] &= ~is_pulled | (np.abs(pack.parameters.flat) > epsilon)
    return numeric


def _costs(pack: Pack, moves: Array) -> tuple[Array, Array]:
    """The cost J (M,) of the network moved by each of `moves` (M, P), and on which side of its kink each unit is."""
    plan, data, shape = pack.plans[0], pack.dataset.train, pack.parameters.shape
    parameters = Parameters(shape, pack.parameters.all + np.pad(moves, ((0, 0), (0, shape.statistics))))
    averages = [RunningAverages(len(moves), units, np.dtype(np.float64)) for units in shape.units[1:-1]]
    network = learning_network(parameters, parameters.zeros_like(), [plan] * len(moves), averages, data.rows)
    logits = by_class(network.forward(data.inputs_and_one[None]))
    losses = pack.evaluation.loss.per_row(logits, data.targets[None]).mean(axis=1)
    penalties = [
        penalty(plan, [weights[move] for weights in parameters.weights], data.rows) for move in range(len(moves))
    ]
    return losses + np.array(penalties), _sides(network, len(moves))


def _sides(network: Network, moves: int) -> Array:
    """(M, units and rows) booleans."""
    kinked = [layer.a > 0 for layer in network.layers if isinstance(layer, Activate) and layer.activation.has_kink]
    return np.concatenate([each.reshape(moves, -1) for each in kinked] or [np.ones((moves, 1), bool)], axis=1)


def _chunks(chosen: Array, count: int) -> Iterator[Array]:
    """The numbers of the `chosen` parameters, as many at a time as copies of all `count` go into one pass."""
    size = max(1, PASS_NUMBERS // count)
    return (chosen[start : start + size] for start in range(0, len(chosen), size))


def _compare(analytic: Parameters, numeric: _Numeric, chosen: Array) -> GradientCheck:
    parts = (numeric.two_sided, numeric.one_sided, numeric.is_smooth, chosen)
    spread = [Parameters(analytic.shape, _with_statistics(part, analytic.shape)) for part in parts]
    arrays = [each.by_name(0) for each in (analytic, *spread)]
    layers = [_check(name, *(each[name] for each in arrays)) for name in arrays[0]]
    overall = _check("all", *(np.concatenate([array.ravel() for array in each.values()]) for each in arrays))
    return GradientCheck(layers, overall)


def _check(name: str, analytic: Array, two_sided: Array, one_sided: Array, is_smooth: Array, chosen: Array) -> Check:
    checked = chosen & is_smooth
    ours = analytic[checked]
    return Check(
        name,
        _relative_error(ours, two_sided[checked]),
        _relative_error(ours, one_sided[checked]),
        size=analytic.size,
        checked=int(checked.sum()),
        skipped=int((chosen & ~is_smooth).sum()),
    )


def _relative_error(ours: Array, theirs: Array) -> float:
    size = np.linalg.norm(ours) + np.linalg.norm(theirs)
    return float(np.linalg.norm(ours - theirs) / size) if size > 0 else 0.0


def _with_statistics(flat: Array, shape: Shape) -> Array:
    """Batch norm's statistics have no gradient."""
    return np.pad(flat, ((0, 0), (0, shape.statistics)))


def _first_rows(dataset: Dataset, rows: int, raw: bool) -> Dataset:
    """In float64, and where they are `raw` in the units they came in."""
    inputs, targets = np.asarray(dataset.train.inputs[:rows], np.float64), dataset.train.targets[:rows]
    if raw:
        inputs = dataset.input_standardisation.undo(inputs)
    kind = np.float64 if dataset.task == "regression" else np.int64
    return replace(dataset, train=Split.of(inputs, np.asarray(targets, kind)))
