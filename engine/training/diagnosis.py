"""What the errors and the signals of a training say, and what to try next.

Bias and variance after Ng, Machine Learning Yearning (2018), chapters 20-24: what is missing from the base error on the
training rows is avoidable bias, what is lost from there to the dev rows is variance.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from engine.training.dataset import Dataset
from engine.training.result import Sign, Signals

Verdict = Literal["high_bias", "high_variance", "both", "good"]

HIGH_GAP = 0.02  # an avoidable bias or a variance above 2 points is high
UNEQUAL = 1e3  # the first layer's gradient is so many times smaller, or larger, than the last one's
HUGE = 1e5  # a first layer's gradient of this norm, or of its inverse, is useless whatever the others are
MANY_SATURATED = 0.5  # of the units of a layer
PLATEAU_EPOCHS = 3  # at least so many, and a quarter of all
PLATEAU_FALL = 0.01  # of the loss: a fall over those epochs that hardly is one
PLATEAU_LOSS = 0.5  # of the loss of one who knows the classes' shares alone: below that something has been learned
PLATEAU_GRADIENT = 0.3  # a norm as of a slope that leads nowhere

ADVICE: dict[str, tuple[str, ...]] = {
    "high_bias": (
        "train longer",
        "use a larger network",
        "use a higher learning rate or another optimizer",
        "use less l1, l2 and dropout",
    ),
    "high_variance": (
        "get more training rows, or augment images",
        "use more l2, or a lower keep_prob",
        "stop early",
        "use a smaller network",
    ),
    "good": (),
    "vanishing": (
        "initialise with he (relu) or xavier (tanh)",
        "use relu instead of sigmoid or tanh",
        "use batch_norm",
        "use fewer layers",
    ),
    "exploding": (
        "use a lower learning rate",
        "initialise with he (relu) or xavier (tanh)",
        "use batch_norm",
        "normalise the inputs",
    ),
    "saturated": ("use a lower learning rate", "use leaky_relu instead of relu", "use batch_norm"),
    "plateau": ("use adam or momentum", "use a higher learning rate", "use batch_norm"),
}


@dataclass(frozen=True)
class Diagnosis:
    verdict: Verdict | None  # None for metrics other than the error rate
    avoidable_bias: float | None
    variance: float | None
    signs: list[Sign] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return dict(vars(self))


def diagnosis_of(
    metrics: Mapping[str, float], signs: Sequence[Sign], base_error: float = 0.0, gap: float = HIGH_GAP
) -> Diagnosis:
    """The diagnosis from a trial's metrics and the signs seen in its training."""
    if "dev_error_rate" not in metrics:
        return Diagnosis(None, None, None, list(signs), _advice(signs))
    bias = metrics["train_error_rate"] - base_error
    variance = metrics["dev_error_rate"] - metrics["train_error_rate"]
    verdict = verdict_of(bias, variance, gap)
    findings = ["high_bias", "high_variance"] if verdict == "both" else [verdict]
    return Diagnosis(verdict, bias, variance, list(signs), _advice([*signs, *findings]))


def verdict_of(avoidable_bias: float, variance: float, gap: float = HIGH_GAP) -> Verdict:
    if avoidable_bias > gap:
        return "both" if variance > gap else "high_bias"
    return "high_variance" if variance > gap else "good"


def signs_of(signals: Signals, dataset: Dataset) -> list[Sign]:
    """What went wrong on the way, as far as it shows."""
    found: dict[Sign, bool] = {
        "vanishing": _ratio(signals) < 1 / UNEQUAL or signals.first_gradient_norms[0] < 1 / HUGE,
        "exploding": _ratio(signals) > UNEQUAL or signals.first_gradient_norms[0] > HUGE,
        "saturated": any(share > MANY_SATURATED for share in signals.saturated),
        "plateau": _is_plateau(signals, math.log(dataset.classes) if dataset.classes else 1.0),
    }
    return [sign for sign, holds in found.items() if holds]


def _ratio(signals: Signals) -> float:
    """The first layer's gradient over the last one's, when the learning began."""
    first, last = signals.first_gradient_norms[0], signals.first_gradient_norms[-1]
    return first / last if last > 0 else 1.0


def _is_plateau(signals: Signals, chance_loss: float) -> bool:
    """Whether the loss is high, hardly falls, and the gradient shows no way down."""
    losses, epochs = signals.train_losses, max(PLATEAU_EPOCHS, len(signals.train_losses) // 4)
    if len(losses) <= epochs:
        return False
    is_high = losses[-1] > PLATEAU_LOSS * chance_loss
    is_flat = losses[-1 - epochs] - losses[-1] < PLATEAU_FALL * losses[-1]
    return is_high and is_flat and math.hypot(*signals.last_gradient_norms) < PLATEAU_GRADIENT


def _advice(findings: Sequence[str]) -> list[str]:
    """What to try for each finding, without repeats."""
    return list(dict.fromkeys(step for finding in findings for step in ADVICE[finding]))
