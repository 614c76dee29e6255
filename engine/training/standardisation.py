"""Mean and scale of the training rows, and the map to zero mean and unit variance they define."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.training.arrays import Array

PIECE_ROWS = 1024  # what is worked out in float64 at once: 6 MB for 784 columns


@dataclass(frozen=True)
class Standardisation:
    """x ↦ (x - mean) / scale, column by column, in float64.

    The scale is the standard deviation over n (not n - 1). It is 0 for a column that is constant in the training rows:
    nothing can be learnt from it, so it becomes 0 in all rows and does no harm where it varies later.
    """

    mean: Array  # (columns,) or ()
    scale: Array  # (columns,) or ()

    @classmethod
    def fit(cls, rows: Array) -> "Standardisation":
        """Learn from training `rows` (rows, columns) or (rows,)."""
        # Compared exactly: rounding gives a constant column of 0.1 a deviation of 1e-17, not 0.
        constant = rows.max(axis=0) == rows.min(axis=0)
        mean = np.where(constant, rows[0], rows.mean(axis=0, dtype=np.float64))
        squares = sum(np.square(piece - mean).sum(axis=0) for piece in _pieces(rows))
        return cls(mean, np.where(constant, 0.0, np.sqrt(squares / len(rows))))

    @classmethod
    def identity(cls) -> "Standardisation":
        return cls(np.zeros(()), np.ones(()))

    def apply(self, rows: Array) -> Array:
        offset = np.asarray(rows - self.mean, np.float64)
        return np.divide(offset, self.scale, out=np.zeros_like(offset), where=self.scale != 0)

    def undo(self, rows: Array) -> Array:
        result: Array = rows * self.scale + self.mean
        return result

    def to_json(self) -> dict[str, Any]:
        return {"mean": self.mean.tolist(), "scale": self.scale.tolist()}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Standardisation":
        return cls(np.array(document["mean"], np.float64), np.array(document["scale"], np.float64))


def fill_piecewise(out: Array, function: Callable[[Array], Array], rows: Array) -> None:
    """Write function(rows) to `out`, a piece at a time: without an array of float64 as long."""
    for whole, piece in zip(_pieces(out), _pieces(rows), strict=True):
        whole[...] = function(piece)


def _pieces(rows: Array) -> Iterator[Array]:
    return (rows[start : start + PIECE_ROWS] for start in range(0, len(rows), PIECE_ROWS))
