"""What confirmation leaves to search with, and the winner: the finalist with the best mean, or else the best trial."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

from sqlalchemy.orm import Session

from app.lifecycle import StudyState, TrialState
from app.store import repeats, trials
from app.store.models import Study, Trial
from engine.search import Confirmation, Finalist, winner_of
from engine.training.metrics import METRICS, Metric


@dataclass(frozen=True)
class Winner:
    trial: Trial
    seed_values: Sequence[float]  # of all its trainings, those of the search first

    @property
    def value(self) -> float:
        return mean(self.seed_values)


def searched_trials(study: Study) -> int:
    """How many trials of the budget the search may propose: repeats take the rest."""
    return study.trials if study.confirm is None else Confirmation(**study.confirm).searched(study.trials)


def winner_of_study(session: Session, study: Study) -> Winner | None:
    if study.state is not StudyState.COMPLETE:
        return None
    again = _trained_again(session, study)
    if again:
        finalists = trials.some(session, study.id, list(again))
        metric = METRICS[study.objective["metric"]]
        number = winner_of(_finalist(trial, again[trial.number], metric) for trial in finalists)
        chosen = next(trial for trial in finalists if trial.number == number)
        return Winner(chosen, _seed_values([chosen, *again[number]]))
    best = trials.best(session, study.id)
    return None if best is None else Winner(best, _seed_values([best]))


def _trained_again(session: Session, study: Study) -> dict[int, list[Trial]]:
    """The repeats of each finalist by its number; none of any if the study ended before all were trained.

    A finalist without them would keep the luck that the others have lost.
    """
    if study.confirm is None or not study.finalists:
        return {}
    made = repeats.by_finalist(session, study.id)
    ended = {n: [each for each in made[n] if each.state is not TrialState.CANCELLED] for n in study.finalists}
    return ended if all(len(own) == study.confirm["repeats"] for own in ended.values()) else {}


def _finalist(trial: Trial, again: Sequence[Trial], metric: Metric) -> Finalist:
    complete = [each for each in (trial, *again) if each.state is TrialState.COMPLETE]
    return Finalist(
        trial.number,
        costs=[metric.cost(value) for value in _seed_values(complete)],
        tie_breaks=[each.dev_loss for each in complete if each.dev_loss is not None],
        failed_repeats=len(again) + 1 - len(complete),
    )


def _seed_values(complete: Sequence[Trial]) -> list[float]:
    return [value for trial in complete for value in trial.seed_values or []]
