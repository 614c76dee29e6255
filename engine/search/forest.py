"""A forest of random trees that learns how good trials are, and what it says of one parameter at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

TREES = 32
MIN_LEAF = 3  # trials

Vector = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float64]
Bins = npt.NDArray[np.int64]
Region = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Table:
    """What the trees learn from: n trials of d parameters, whose values lie in at most b - 1 bins each.

    bins     (n, d)  of each trial's values; the last, b - 1, where it lacks the parameter
    goals    (n,)    what is learned
    ordered  (d,)    whether neighbouring bins are alike; choices are not
    shares   of d matrices (d, b), one for each parameter: where that one is present, the share of the draws from the
             whole space in each bin of each parameter; rows sum to 1
    """

    bins: Bins
    goals: Vector
    ordered: npt.NDArray[np.bool_]
    shares: Sequence[Matrix]


def main_effects(table: Table, generator: np.random.Generator) -> Matrix:
    """Return (d, b): the mean goal for each bin of each parameter, whatever the others are, each by its share.

    The trees are extremely randomised (Geurts, Ernst, Wehenkel, Machine Learning 63, 2006). A tree is constant in each
    of its leaves, so the mean over all other parameters is exact: a leaf counts by its volume in them (Hutter, Hoos,
    Leyton-Brown, "An Efficient Approach for Assessing Hyperparameter Importance", ICML 2014, section 3).
    """
    effects = np.zeros(table.shares[0].shape)
    for _ in range(TREES):
        regions, values = map(np.array, zip(*_leaves(table, generator), strict=True))
        for parameter, shares in enumerate(table.shares):
            sides = (regions * shares).sum(axis=2)  # (leaves, d)
            sides[:, parameter] = 1.0
            effects[parameter] += (values * sides.prod(axis=1)) @ regions[:, parameter] / TREES
    return effects


def _leaves(table: Table, generator: np.random.Generator) -> Iterator[tuple[Region, float]]:
    """Grow one tree and yield the leaves: (d, b) the bins that each holds, and the mean goal in it."""
    nodes = [(np.arange(len(table.goals)), np.ones(table.shares[0].shape, bool))]
    while nodes:
        trials, region = nodes.pop()
        split = _split(table, trials, generator)
        if split is None:
            yield region, float(table.goals[trials].mean())
            continue
        parameter, is_low = split
        goes_low = is_low[table.bins[trials, parameter]]
        for side, members in ((is_low, trials[goes_low]), (~is_low, trials[~goes_low])):
            part = region.copy()
            part[parameter] &= side
            nodes.append((members, part))


def _split(table: Table, trials: Bins, generator: np.random.Generator) -> tuple[int, Region] | None:
    """Return the best of one random split per parameter: which one, and (b,) the bins that go low. None: a leaf."""
    bins, goals = table.bins[trials], table.goals[trials]
    order = _order(table, generator)
    places = order[np.arange(bins.shape[1]), bins]  # (trials, d)
    is_absent = bins == order.shape[1] - 1
    lowest = np.where(is_absent, np.inf, places).min(axis=0)
    highest = np.where(is_absent, -np.inf, places).max(axis=0)
    varies = lowest < highest
    limits = np.where(varies, lowest, 0.0) + generator.random(len(varies)) * np.where(varies, highest - lowest, 0.0)
    is_low = places <= limits
    low = is_low.sum(axis=0)
    high = len(trials) - low
    usable = varies & (np.minimum(low, high) >= MIN_LEAF)
    if not usable.any() or np.ptp(goals) == 0:
        return None
    sums = goals @ is_low
    explained = sums**2 / np.maximum(low, 1) + (goals.sum() - sums) ** 2 / np.maximum(high, 1)
    best = int(np.where(usable, explained, -1.0).argmax())
    return best, order[best] <= limits[best]


def _order(table: Table, generator: np.random.Generator) -> Matrix:
    """Return (d, b) where each bin lies on the line that a split cuts in two.

    Choices lie in a random order. A trial without a parameter goes to either end: splits tell apart its values, not
    whether it is there, since that is a merit of the parameters which decide so.
    """
    parameters, bins = table.shares[0].shape
    order = np.where(table.ordered[:, None], np.arange(bins), generator.random((parameters, bins)))
    order[:, -1] = np.where(generator.random(parameters) < 0.5, -1.0, bins)
    return order
