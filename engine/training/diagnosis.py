"""What the errors and the signs of a training say, and what to try next.

Bias and variance after Ng, Machine Learning Yearning (2018), chapters 20-24: what is missing from the base error on the
training rows is avoidable bias, what is lost from there to the dev rows is variance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.training.advice import Finding, advice_for
from engine.training.plan import TrainingPlan
from engine.training.result import Sign

Verdict = Literal["high_bias", "high_variance", "both", "good"]

HIGH_GAP = 0.02  # an avoidable bias or a variance above 2 points is high
ROUNDING = 1e-9  # of the difference of two error rates: 0.05 - 0.03 comes out above 0.02


@dataclass(frozen=True)
class Diagnosis:
    verdict: Verdict | None  # None for metrics other than the error rate, and if the training diverged
    avoidable_bias: float | None
    variance: float | None
    signs: list[Sign]
    advice: list[str]


def diagnosis_of(
    metrics: Mapping[str, float],
    signs: Sequence[Sign],
    plan: TrainingPlan,
    base_error: float = 0.0,
    high_gap: float = HIGH_GAP,
) -> Diagnosis:
    """The diagnosis from the metrics and signs of a result (none if it diverged), and the plan that led to it.

    Signs come first in the advice: a network that does not learn need not be larger.
    """
    bias = variance = verdict = None
    if plan.metric in (None, "error_rate") and "dev_error_rate" in metrics:
        bias = metrics["train_error_rate"] - base_error
        variance = metrics["dev_error_rate"] - metrics["train_error_rate"]
        verdict = verdict_of(bias, variance, high_gap)
    findings: list[Finding] = list(signs)
    if verdict is not None and verdict != "good":
        findings.append(verdict)
    return Diagnosis(verdict, bias, variance, list(signs), advice_for(findings, plan))


def verdict_of(avoidable_bias: float, variance: float, high_gap: float = HIGH_GAP) -> Verdict:
    is_biased, is_variable = (gap > high_gap + ROUNDING for gap in (avoidable_bias, variance))
    if is_biased:
        return "both" if is_variable else "high_bias"
    return "high_variance" if is_variable else "good"
