"""How much each parameter decides whether a trial is a good one, by functional analysis of variance.

A Gaussian process learns the results, as it does to guide a search. Its mean over all other parameters is a curve over
one parameter alone, and that curve's variance over the space, in shares of the sum over all parameters, is the
parameter's importance:

    V_j = Var over x_j of E over the others of f(x)

(Oakley, O'Hagan, "Probabilistic Sensitivity Analysis of Complex Models: a Bayesian Approach", Journal of the Royal
Statistical Society B 66, 2004; for hyperparameters, with a forest: Hutter, Hoos, Leyton-Brown, "An Efficient Approach
for Assessing Hyperparameter Importance", ICML 2014.) What counts is the whole space, so a parameter on which a search
has long zoomed in keeps its importance, though most trials are near its best value by then.

Two other measures were built and lost it. PED-ANOVA compares the best trials with all of them: on a test function, a
learning rate that has 0.96 by random search had 0.13 after 100 trials of coarse_to_fine. A forest that learns how
trials rank sees most ranks near the best point: with real networks in 6 spaces, 53 % of what it told after 100 trials
of a guided search stood in the wrong place, by what 500 random trials tell, and it named the most important parameter
in 44 % of the studies. Of the process 27 % stand in the wrong place, and it names that parameter in 72 %; after 100
random trials it is 8 % and 97 %, and was 12 % and 87 %.

A conditional parameter is judged where it is present, the others drawn as they are there, and its variance counts by
the share of the draws that have it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.search.coordinates import Coordinates
from engine.search.gaussian_process import GaussianProcess, likeliest_kernel
from engine.search.history import Observation
from engine.search.results import standardised
from engine.search.space import SearchSpace
from engine.seeding import Purpose, generator

Array = NDArray[np.float64]

MIN_TRIALS = 10  # with a parameter: fewer say nothing of it
MOST_TOLD = 200  # trials, evenly spaced in the order of their numbers
MOST_FITTED = 100  # of these, likewise: they tell how far the results of two points hang together
DRAWS = 128  # of the other parameters
POINTS = 24  # of a curve; two to four choices have the same number of them each
SPACE_DRAWS = 4096  # that tell how often a parameter is present
PIECE_NUMBERS = 2**22  # looked at together: 32 MiB
DECIMALS = 4  # beyond them there is nothing but the luck of the draws


@dataclass(frozen=True)
class Importance:
    """A parameter's share of what all decide, from 0 to 1; None if too few trials have it to tell."""

    parameter: str
    importance: float | None


def importances(space: SearchSpace, observations: Sequence[Observation]) -> list[Importance]:
    """Return the importance of each parameter of `space`, the largest first; those that are known sum to 1, or are 0.

    Failed trials count like the worst one, and pruned ones have the value they came to. A disaster counts as little
    more than the worst of the others.
    """
    trials = sorted(observations, key=lambda trial: trial.number)
    told = [trials[place] for place in _evenly(len(trials), MOST_TOLD)]
    is_known = {name: sum(name in trial.values for trial in told) >= MIN_TRIALS for name in space.names}
    variances = dict(zip(space.names, _variances(space, told, [*is_known.values()]), strict=True))
    total = sum(variances.values()) or 1.0
    shares = {name: round(variances[name] / total, DECIMALS) if is_known[name] else None for name in space.names}
    order = sorted(shares, key=lambda name: -1.0 if (share := shares[name]) is None else share, reverse=True)
    return [Importance(name, shares[name]) for name in order]


def _evenly(count: int, most: int) -> NDArray[np.intp]:
    """Return the places of at most so many of `count` things, evenly spaced."""
    return np.linspace(0, count - 1, min(count, most)).astype(np.intp)


def _variances(space: SearchSpace, told: Sequence[Observation], is_known: Sequence[bool]) -> list[float]:
    """Return the variance of each parameter's curve, over all draws of the space; 0 if it is not known."""
    if all(trial.has_failed for trial in told):
        return [0.0] * len(is_known)
    coordinates = Coordinates(space)
    model = _model(coordinates, told)
    draws = generator(0, Purpose.IMPORTANCES).random((SPACE_DRAWS, len(is_known)))
    is_present = ~np.isnan(coordinates.settled(draws))
    variances = []
    for column, known in enumerate(is_known):
        having = draws[is_present[:, column]]
        curve = _curve(coordinates, model, having[:DRAWS], column) if known and len(having) else np.zeros(1)
        variances.append(float(curve.var()) * len(having) / SPACE_DRAWS)
    return variances


def _model(coordinates: Coordinates, told: Sequence[Observation]) -> GaussianProcess:
    points, results = coordinates.columns(coordinates.of_trials(told)), standardised(told)
    fitted = _evenly(len(told), MOST_FITTED)
    kernel = likeliest_kernel(coordinates.parameter_of, points[fitted], results[fitted])
    return GaussianProcess.told(kernel, points, results)


def _curve(coordinates: Coordinates, model: GaussianProcess, draws: Array, column: int) -> Array:
    """Return the mean result (POINTS,) over `draws` (draws, parameters), in which one column takes each point."""
    units = np.tile(draws, (POINTS, 1))
    units[:, column] = np.repeat((np.arange(POINTS) + 0.5) / POINTS, len(draws))
    pieces = np.array_split(units, -(-len(units) * len(coordinates.parameter_of) // PIECE_NUMBERS))
    means = [model.mean(coordinates.columns(coordinates.settled(piece))) for piece in pieces]
    return np.concatenate(means).reshape(POINTS, -1).mean(axis=1)
