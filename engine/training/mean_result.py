"""One result for several trainings that differ in their seed alone: what a setting is worth, luck apart."""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from statistics import mean, median_low, stdev

from engine.training.result import LearningCurve, Sign, Signals, TrainingResult


def mean_result(results: Sequence[TrainingResult]) -> TrainingResult:
    """The mean of all numbers, so exact that equal ones stay as they are; of one result, that itself.

    A training that has ended is left out of the later epochs of the curve. `best_epoch` is the lower median, `epochs`
    the most, `epochs_saved` those of all, `parameters` are those of the first. If one diverges, so does the whole: a
    setting that fails with every third seed is not to be had for the mean of the others.
    """
    if len(results) == 1:
        return results[0]
    failure = _failure(results)
    return TrainingResult(
        value=None if failure else mean(result.value for result in results if result.value is not None),
        metrics={} if failure else {name: mean(r.metrics[name] for r in results) for name in results[0].metrics},
        best_epoch=None if failure else median_low(r.best_epoch for r in results if r.best_epoch is not None),
        epochs=max(result.epochs for result in results),
        curve=_mean_curve([result.curve for result in results]),
        parameters=results[0].parameters,
        signals=_mean_signals([result.signals for result in results]),
        signs=_signs(results),
        failure=failure,
        epochs_saved=0 if failure else sum(result.epochs_saved for result in results),
    )


def standard_error(values: Sequence[float]) -> float | None:
    """s / √n, how far the mean of n values is likely to lie from that of endlessly many; None for fewer than two."""
    return stdev(values) / math.sqrt(len(values)) if len(values) > 1 else None


def _failure(results: Sequence[TrainingResult]) -> str | None:
    """That of the first training that diverged."""
    diverged = ((place, result.failure) for place, result in enumerate(results, start=1) if result.failure)
    return next((f"training {place} of {len(results)}: {failure}" for place, failure in diverged), None)


def _mean_curve(curves: Sequence[LearningCurve]) -> LearningCurve:
    return LearningCurve(
        max((curve.epoch for curve in curves), key=len),
        _means(curve.train for curve in curves),
        _means(curve.dev for curve in curves),
        _means(curve.batch_losses for curve in curves),
    )


def _mean_signals(signals: Sequence[Signals]) -> Signals:
    return Signals(
        _means(signal.first_gradient_norms for signal in signals),
        _means(signal.last_gradient_norms for signal in signals),
        _means(signal.saturated for signal in signals),
        _means(signal.train_losses for signal in signals),
    )


def _signs(results: Sequence[TrainingResult]) -> list[Sign]:
    """Those of any training, each once."""
    return list(dict.fromkeys(sign for result in results for sign in result.signs))


def _means(series: Iterable[Sequence[float]]) -> list[float]:
    """Place by place, the mean of those that are as long."""
    return [mean(_given(values)) for values in zip_longest(*series)]


def _given(values: Iterable[float | None]) -> Iterator[float]:
    return (value for value in values if value is not None)
