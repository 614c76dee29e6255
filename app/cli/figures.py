"""Numbers, times and names as a person reads them."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.cli.console import printable

SIGNIFICANT_DIGITS = 4
_SHARES = ("error_rate", "accuracy", "precision", "recall", "f1")


def number(value: Any) -> str:
    """A searched value, true or false as JSON has it. Between 0.9 and 1 it is the distance from 1 that matters, so that
    keeps two digits.
    """
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, float):
        return printable(str(value))
    if 0.9 < value < 1:
        decimals = max(SIGNIFICANT_DIGITS, 1 - math.floor(math.log10(1 - value)))
        return f"{value:.{decimals}f}".rstrip("0")
    return f"{value:.{SIGNIFICANT_DIGITS}g}"


def measured(metric: str, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{100 * value:.2f} %" if metric in _SHARES else _plain(value)


def _plain(value: float) -> str:
    """In the target's own units: 37,170 reads better than 3.717e+04."""
    if 10**SIGNIFICANT_DIGITS <= abs(value) < 1e12:
        return f"{value:,.0f}"
    return f"{value:.{SIGNIFICANT_DIGITS}g}"


def metric_words(metric: str) -> str:
    return "error" if metric == "error_rate" else metric.replace("_", " ")


def metric_label(metric: str, rows: str = "dev") -> str:
    """The metric with the rows it was measured on."""
    return f"{rows} {metric_words(metric)}"


def values(assigned: Mapping[str, Any]) -> str:
    return "  ".join(f"{name}={number(value)}" for name, value in assigned.items())


def moment(text: str, form: str = "%d %b %Y, %H:%M") -> str:
    """A time of the API in the time zone of whoever asks."""
    return datetime.fromisoformat(text).astimezone().strftime(form)


def duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def elapsed(started: str | None, finished: str | None) -> str | None:
    """How long something took that has ended."""
    if started is None or finished is None:
        return None
    return duration((datetime.fromisoformat(finished) - datetime.fromisoformat(started)).total_seconds())


def clock(seconds: float) -> str:
    """A time that counts down: 0:08, 12:30, 1:05:00."""
    minutes, rest = divmod(math.ceil(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"


def progress_counts(study: Mapping[str, Any]) -> tuple[int, int]:
    """How many trials of a study have ended, and how many it may have."""
    counts = study["counts"]
    return sum(counts.get(state, 0) for state in ("complete", "pruned", "failed", "cancelled")), study["trials"]


def trial_counts(study: Mapping[str, Any]) -> str:
    """For example: 100 trials: 98 complete, 2 failed."""
    counted = (f"{count} {state}" for state, count in study["counts"].items() if count)
    return f"{study['trials']} trials: {', '.join(counted)}"


def what_pruning_saved(study: Mapping[str, Any]) -> str:
    """Successive halving may train more again than it saves, where a rung is nearly as long as a whole training."""
    saved = study["epochs_saved"]
    if saved < 0:
        return f"pruning trained {-saved:,} epochs more than it saved"
    return f"pruning saved {saved:,} epochs of {study['counts']['pruned']} trials"
