"""What a space draws before anything is known: how often each parameter is there, and how its values are spread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine.search.box import Box
from engine.search.parameters import CategoricalParameter, FloatParameter, IntParameter, Parameter
from engine.search.proposals import draw
from engine.search.scalars import Scalar
from engine.search.space import SearchSpace

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
MAX_BINS = 20

Numeric = FloatParameter | IntParameter


@dataclass(frozen=True)
class NumericPreview:
    """How the values of a float or an int parameter are spread.

    quantiles  by share: the value that so many of the draws do not exceed, always one of them; None without draws
    edges      of the bins, all equally wide in the parameter's own units, so that the counts show its scale; of few
               integers each has a bin
    counts     of draws, one less than edges
    """

    name: str
    share_present: float
    quantiles: dict[str, Scalar] | None
    edges: list[float]
    counts: list[int]


@dataclass(frozen=True)
class ChoicePreview:
    """How often each choice of a categorical parameter is drawn."""

    name: str
    share_present: float
    choices: list[Scalar]
    counts: list[int]


def preview(space: SearchSpace, samples: int, seed: int) -> list[NumericPreview | ChoicePreview]:
    """Return what the first `samples` trials of a random search with `seed` would have, parameter by parameter.

    Conditions on values that are fixed outside the space are taken to hold.
    """
    trials = draw(Box.whole(_without_outside_conditions(space)), seed, range(samples))
    return [_previewed(parameter, trials) for parameter in space.parameters]


def _without_outside_conditions(space: SearchSpace) -> SearchSpace:
    return SearchSpace(
        tuple(
            replace(parameter, when=tuple(each for each in parameter.when if each.name in space.names))
            for parameter in space.parameters
        )
    )


def _previewed(parameter: Parameter, trials: Sequence[Mapping[str, Scalar]]) -> NumericPreview | ChoicePreview:
    values = [trial[parameter.name] for trial in trials if parameter.name in trial]
    share = len(values) / len(trials)
    if isinstance(parameter, CategoricalParameter):
        drawn = [parameter.index(value) for value in values]
        counts = [drawn.count(index) for index in range(len(parameter.choices))]
        return ChoicePreview(parameter.name, share, list(parameter.choices), counts)
    edges = _edges(parameter)
    histogram, _ = np.histogram(np.array(values, dtype=float), edges)
    return NumericPreview(parameter.name, share, _quantiles(values), edges.tolist(), histogram.tolist())


def _edges(parameter: Numeric) -> Any:
    if isinstance(parameter, FloatParameter):
        return np.linspace(parameter.low, parameter.high, MAX_BINS + 1)
    half = parameter.step / 2
    return np.linspace(parameter.low - half, parameter.high + half, min(parameter.count, MAX_BINS) + 1)


def _quantiles(values: Sequence[Scalar]) -> dict[str, Scalar] | None:
    """Plain values as they were drawn: by NumPy's method `inverted_cdf`."""
    if not values:
        return None
    ordered = sorted(values, key=float)
    ranks = (max(int(np.ceil(share * len(ordered))) - 1, 0) for share in QUANTILES)
    return {str(share): ordered[rank] for share, rank in zip(QUANTILES, ranks, strict=True)}
