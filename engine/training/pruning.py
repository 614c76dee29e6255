"""When a training is given up, because by the same epoch others had come further."""

from collections.abc import Sequence

StopCurve = Sequence[float | None]
"""The worst dev metric that a training may have come to at best, epoch by epoch: None where anything goes; the last
holds for all epochs that follow. Empty, and no training is ever given up."""


def limit_at(epoch: int, curve: StopCurve) -> float | None:
    """What the best of a training must have come to by the end of an epoch, counted from 1."""
    return curve[min(epoch, len(curve)) - 1] if curve else None
