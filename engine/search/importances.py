"""How much each parameter decides whether a trial is a good one, by functional analysis of variance.

A forest (`forest`) learns how trials rank. Its mean over all other parameters is a curve over one parameter alone, and
that curve's variance over the space, in shares of the sum over all parameters, is the parameter's importance:

    V_j = Σ_b share_b · (a_j(b) - mean)²

(Hutter, Hoos, Leyton-Brown, "An Efficient Approach for Assessing Hyperparameter Importance", ICML 2014.) What counts
is the whole space, so a parameter on which a search has long zoomed in keeps its importance. Measures that compare the
best trials with all of them, such as PED-ANOVA, lose it, since by then all are near the best: on a test function whose
learning rate has 0.96 by random search, they gave it 0.13 after 100 trials of coarse_to_fine, and this one 0.78.

A conditional parameter is judged where it is present, the others drawn as they are there, and its variance counts by
the share of the draws that have it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.search.conditions import Condition
from engine.search.forest import Matrix, Table, Vector, main_effects
from engine.search.history import Observation, standing
from engine.search.parameters import CategoricalParameter, FloatParameter, IntParameter, Parameter
from engine.search.scalars import Scalar
from engine.search.space import SearchSpace
from engine.seeding import Purpose, generator

MIN_TRIALS = 10  # with a parameter: fewer say nothing of it
MAX_TRIALS = 500  # that are learned from, evenly spaced in the order of their numbers: a third of a second
BINS = 64  # of the unit interval; each value of a discrete parameter has its own, up to as many
DECIMALS = 4  # beyond them there is nothing but the luck of the trees


@dataclass(frozen=True)
class Importance:
    """A parameter's share of what all decide, from 0 to 1; None if too few trials have it to tell."""

    parameter: str
    importance: float | None


def importances(space: SearchSpace, observations: Sequence[Observation]) -> list[Importance]:
    """Return the importance of each parameter of `space`, the largest first; those that are known sum to 1, or are 0.

    Trials count by their rank, so that a disaster is no more than the worst: failed ones are that, and pruned ones
    have the value they came to.
    """
    learned = _evenly(sorted(observations, key=lambda trial: trial.number))
    weights = dict(zip(space.names, _weights(space, learned), strict=True)) if learned else {}
    total = sum(weights.values()) or 1.0
    told = {
        name: round(weights[name] / total, DECIMALS) if _having(name, learned) >= MIN_TRIALS else None
        for name in space.names
    }
    order = sorted(told, key=lambda name: -1.0 if (share := told[name]) is None else share, reverse=True)
    return [Importance(name, told[name]) for name in order]


def _evenly(trials: Sequence[Observation]) -> Sequence[Observation]:
    return trials[:: -(-len(trials) // MAX_TRIALS)] if trials else trials


def _having(name: str, trials: Sequence[Observation]) -> int:
    return sum(name in trial.values for trial in trials)


def _weights(space: SearchSpace, trials: Sequence[Observation]) -> list[float]:
    table = _table(space, trials)
    effects = main_effects(table, generator(0, Purpose.IMPORTANCES))
    weights = []
    for index, parameter in enumerate(space.parameters):
        share, curve = table.shares[index][index], effects[index]
        variance = float(share @ (curve - share @ curve) ** 2) * _presence(space, parameter, {})
        weights.append(variance if _having(parameter.name, trials) >= MIN_TRIALS else 0.0)
    return weights


def _table(space: SearchSpace, trials: Sequence[Observation]) -> Table:
    absent = max(map(_bin_count, space.parameters))
    bins = [
        [_bin(each, trial.values[each.name]) if each.name in trial.values else absent for each in space.parameters]
        for trial in trials
    ]
    return Table(
        bins=np.array(bins),
        goals=_ranks(trials),
        ordered=np.array([not isinstance(parameter, CategoricalParameter) for parameter in space.parameters]),
        shares=[_shares(space, parameter, absent) for parameter in space.parameters],
    )


def _shares(space: SearchSpace, present: Parameter, absent: int) -> Matrix:
    """Return the shares of the draws in each bin of each parameter, in trials that have the one that is `present`."""
    needed = space.requirements[present.name]
    shares = np.zeros((len(space.parameters), absent + 1))
    for row, parameter in zip(shares, space.parameters, strict=True):
        row[: _bin_count(parameter)] = _spread(parameter, needed.get(parameter.name))
        there = 1.0 if parameter is present else _presence(space, parameter, needed)
        row *= there
        row[absent] = 1.0 - there
    return shares


def _ranks(trials: Sequence[Observation]) -> Vector:
    """Return the rank of each trial, from 0 for the best on; equal ones share the middle of theirs."""
    standings = [standing(trial) for trial in trials]
    ordered = sorted(standings)
    return np.array([(bisect_left(ordered, each) + bisect_right(ordered, each) - 1) / 2 for each in standings])


def _bin_count(parameter: Parameter) -> int:
    if isinstance(parameter, CategoricalParameter):
        return len(parameter.choices)
    return min(parameter.count, BINS) if isinstance(parameter, IntParameter) else BINS


def _bin(parameter: Parameter, value: Scalar) -> int:
    if not isinstance(parameter, FloatParameter) and _bin_count(parameter) < BINS:
        return parameter.index(value)
    return min(int(parameter.to_unit(value) * BINS), BINS - 1)


def _spread(parameter: Parameter, needed: Condition | None) -> Vector:
    """Return the share of a parameter's draws in each of its bins; of those that are `needed` alone, if they are."""
    bins = _bin_count(parameter)
    if isinstance(parameter, FloatParameter) or (needed is None and bins == BINS):
        return np.full(bins, 1 / bins)
    values = _all_values(parameter) if needed is None else needed.values
    shares = np.zeros(bins)
    for value in values:
        shares[_bin(parameter, value)] += _share(parameter, value)
    return shares / shares.sum()


def _all_values(parameter: IntParameter | CategoricalParameter) -> Sequence[Scalar]:
    return (
        parameter.choices
        if isinstance(parameter, CategoricalParameter)
        else [*map(parameter.at, range(parameter.count))]
    )


def _presence(space: SearchSpace, parameter: Parameter, needed: Mapping[str, Condition]) -> float:
    """Return the share of the draws that have the parameter, among those in which what is `needed` holds."""
    by_name = {each.name: each for each in space.parameters}
    share = 1.0
    for required in space.requirements[parameter.name].values():
        chooser = by_name[required.name]
        if required.name in needed:
            common = required.both(needed[required.name])
            share *= _share_of(chooser, common) / _share_of(chooser, needed[required.name])
        else:
            share *= _share_of(chooser, required)
    return share


def _share_of(parameter: Parameter, condition: Condition) -> float:
    return sum(_share(parameter, value) for value in condition.values)


def _share(parameter: Parameter, value: Scalar) -> float:
    """Return the share of the draws of an int or a categorical parameter that are `value`."""
    if isinstance(parameter, IntParameter):
        start, end = parameter.cell_of(value)
        return end - start
    assert isinstance(parameter, CategoricalParameter)  # a condition cannot be about a float
    return 1 / len(parameter.choices)
