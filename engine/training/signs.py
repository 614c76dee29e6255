"""What goes wrong while a network learns, as far as it shows: gradients, units and a loss that lead nowhere.

The thresholds stand between what good trainings of small and large tables show and what bad ones do: on the sample
datasets a good network's gradients begin with norms from 0.02 to 25, no layer of it has more than a third of its units
saturated, and its loss never exceeds ten times what knowing nothing costs.
"""

import math
from itertools import pairwise

import numpy as np

from engine.training.dataset import Dataset
from engine.training.result import Sign, Signals

UNEQUAL = 1e3  # the first layer's gradient is so many times smaller, or larger, than the last one's
TINY_NORM = 1e-5  # with a gradient of this norm only an optimiser that divides by it moves at all
HUGE_NORM = 1e4  # thousands of units and inputs make a good network's norm hundreds
HUGE_LOSS = 100.0  # times the loss of one who knows nothing: overconfident and wrong
MANY_SATURATED = 0.5  # of the units of a layer
HIGH_LOSS = 0.9  # of the loss of one who knows the classes' shares alone: below that something has been learned
FLAT_EPOCHS = 3  # at least so many, and a quarter of all
FLAT_FALL = 0.05  # of the loss: a fall over those epochs that hardly is one
NOISE_NORM = 3.0  # of one row's gradient where nothing is learned; the mean over B rows leaves 1 / √B of it


def signs_of(signals: Signals, train_loss: float | None, batch_size: int, dataset: Dataset) -> list[Sign]:
    """What went wrong. `train_loss` is that of the kept weights; None says that the training diverged.

    A training that diverged has exploded, however it began: inputs and weights start finite, so only growth without
    bound leads to NaN or infinity. A plateau is told only where neither of the other two keeps the loss up: dead
    units are flat as well.
    """
    found: dict[Sign, bool] = {
        "vanishing": _is_vanishing(signals),
        "exploding": train_loss is None or _is_exploding(signals, dataset),
        "saturated": any(share > MANY_SATURATED for share in signals.saturated),
    }
    signs = [sign for sign, holds in found.items() if holds]
    if train_loss is None or "exploding" in signs or "saturated" in signs:
        return signs
    return [*signs, "plateau"] if _is_plateau(signals, train_loss, batch_size, dataset) else signs


def _is_vanishing(signals: Signals) -> bool:
    """Whether hardly any gradient arrived at the first layer when the learning began."""
    first, *_, last = signals.first_gradient_norms
    return first < TINY_NORM or first * UNEQUAL < last


def _is_exploding(signals: Signals, dataset: Dataset) -> bool:
    """Whether gradients grew from layer to layer, or they or the loss became huge."""
    first, *_, last = signals.first_gradient_norms
    norms = signals.first_gradient_norms + signals.last_gradient_norms
    knowing_nothing = math.log(dataset.classes) if dataset.classes else 1.0
    return (
        first > UNEQUAL * last > 0 or max(norms) > HUGE_NORM or max(signals.train_losses) > HUGE_LOSS * knowing_nothing
    )


def _is_plateau(signals: Signals, train_loss: float, batch_size: int, dataset: Dataset) -> bool:
    """Whether the loss is high and hardly falls, as the gradient shows no way down or the steps are too small for it.

    A gradient that is no larger than the noise of a mini-batch shows no way. Steps that are too small show in a loss
    that falls without a break: where they are too large it goes up and down.
    """
    losses, epochs = signals.train_losses, max(FLAT_EPOCHS, len(signals.train_losses) // 4)
    if len(losses) <= epochs or not 0 < HIGH_LOSS * chance_loss(dataset) < train_loss:
        return False
    lately = losses[-1 - epochs :]
    is_flat = lately[0] - lately[-1] < FLAT_FALL * lately[-1]
    is_small = math.hypot(*signals.last_gradient_norms) < NOISE_NORM / math.sqrt(batch_size)
    falls_steadily = all(before > after for before, after in pairwise(lately))
    return is_flat and (is_small or falls_steadily)


def chance_loss(dataset: Dataset) -> float:
    """The mean loss on the training rows of one who knows the classes' shares, or the targets' mean, and no more."""
    targets = dataset.train.targets
    if dataset.task == "regression":
        return float(np.mean(np.square(targets, dtype=float)))  # standardised: 1, unless they are all the same
    counts = np.bincount(targets)
    shares = counts[counts > 0] / len(targets)
    return float(-np.sum(shares * np.log(shares)))
