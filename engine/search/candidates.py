"""Candidates: points that a model is asked about, as unit coordinates (candidates, parameters)."""

import numpy as np
from numpy.typing import NDArray

from engine.search.box import Box

Array = NDArray[np.float64]

EACH = 128  # candidates from each source
SPREAD = 0.1  # of the range of a parameter, round an elite
HELD = 0.1  # of the spread: how far half of the coordinates move, as good points often differ in few


def candidates_from(box: Box, elites: Array, stream: np.random.Generator) -> Array:
    """Draw from the whole space, from the box and near the elites."""
    parameters = len(box.sides)
    whole, within = stream.random((2, EACH, parameters))
    return np.vstack([whole, box.placed(within), near(elites[stream.integers(len(elites), size=EACH)], SPREAD, stream)])


def near(points: Array, spread: float, stream: np.random.Generator) -> Array:
    """Move about half of each point's coordinates by `spread`, the others less; from a border they bounce off.

    A coordinate that is absent is drawn from all of its range.
    """
    spreads = np.where(stream.random(points.shape) < 0.5, spread, HELD * spread)
    moved = 1.0 - np.abs(1.0 - np.abs(points + spreads * stream.standard_normal(points.shape)))
    return np.where(np.isnan(points), stream.random(points.shape), moved)
