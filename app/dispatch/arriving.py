"""What came from outside takes effect when a round opens: results to learn from, and values to try.

The strategy counts the search's own trials from 0 on and knows nothing of others: imported ones get numbers below 0.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.lifecycle import TrialState
from app.store import arrivals, trials
from app.store.models import FIRST_IMPORTED, Study, Trial
from engine.search import Observation
from engine.training.metrics import METRICS


def import_results(session: Session, study: Study, round_number: int) -> list[int]:
    """Make trials of the results that wait; returns their numbers."""
    metric = METRICS[study.objective["metric"]]
    waiting = arrivals.take(session, study.id, has_result=True)
    costs = [None if result.value is None else metric.cost(result.value) for result in waiting]
    return trials.add_imported(session, study, round_number, list(zip(waiting, costs, strict=True)))


def enqueued_values(session: Session, study: Study, limit: int) -> list[dict[str, Any]]:
    """Take the values that wait to be tried, as many as a round has room for."""
    return [arrival.values for arrival in arrivals.take(session, study.id, has_result=False, limit=limit)]


def observation(trial: Trial) -> Observation:
    was_pruned = trial.state is TrialState.PRUNED
    return Observation(_mirrored(trial.number), trial.values, trial.cost, trial.dev_loss, was_pruned)


def trial_numbers(numbers: Sequence[int]) -> list[int]:
    """From the strategy's numbers back to those of trials."""
    return [_mirrored(number) for number in numbers]


def _mirrored(number: int) -> int:
    """FIRST_IMPORTED ↔ -1, the next ↔ -2, …; the search's own numbers stay."""
    return number if 0 <= number < FIRST_IMPORTED else FIRST_IMPORTED - 1 - number
