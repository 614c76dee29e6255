"""When a study begins, when a round is over, what comes next, and when the study ends."""

from datetime import timedelta

from sqlalchemy.orm import Session

from app import schedule
from app.dispatch import arriving, pruning
from app.lifecycle import EndedBy, StudyState, TrialState
from app.store import repeats, rounds, studies, trials
from app.store.models import Round, Study
from app.store.times import now
from engine.search import Observation, SearchSpace, Strategy, strategy_from_json, touched_borders
from engine.training.environment import numeric_environment


def needs_attention(study: Study) -> bool:
    """Whether `advance` would do something."""
    return study.state is StudyState.QUEUED or _is_overdue(study) or _is_round_over(study)


def advance(session: Session, study: Study) -> None:
    """Take the study's next step: start it, open its next round, or end it."""
    if study.state is StudyState.QUEUED:
        studies.start(study, numeric_environment())
    if _is_overdue(study):
        _end(session, study, EndedBy.MAX_SECONDS)
    elif _is_round_over(study):
        _next_round(session, study)


def _is_overdue(study: Study) -> bool:
    if study.max_seconds is None or study.started_at is None:
        return False
    return now() - study.started_at >= timedelta(seconds=study.max_seconds)


def _is_round_over(study: Study) -> bool:
    return study.counts[TrialState.WAITING] == 0 and study.counts[TrialState.RUNNING] == 0


def _next_round(session: Session, study: Study) -> None:
    if study.finalists is not None:  # they have been trained again
        _end(session, study, EndedBy.BUDGET)
        return
    strategy = strategy_from_json(study.strategy)
    space = SearchSpace.from_json(study.search_space)
    past = rounds.of_study(session, study.id)
    sizes, number = schedule.round_sizes(study, past), len(past)
    if past and pruning.open_next_rung(session, study, past[-1]):
        return
    imported = arriving.import_results(session, study, number) if number < len(sizes) else []
    observations = [arriving.observation(trial) for trial in trials.ended(session, study.id)]
    if past:
        _close(session, study, past[-1], strategy, sizes, observations, space)
    if number == len(sizes):
        _confirm(session, study)
        return
    proposals = strategy.propose(space, study.seed, number, sizes, observations)
    stop_curve = pruning.stop_curve(session, study, past[-1]) if past else None
    enqueued = arriving.enqueued_values(session, study, sizes[number])
    rounds.open_next(
        session,
        study,
        proposals.box.to_json(),
        [*enqueued, *proposals.values][: sizes[number]],
        stop_curve=stop_curve,
        first_rung_epochs=pruning.first_rung_epochs(study),
        enqueued=len(enqueued),
        imported=imported,
    )


def _close(
    session: Session,
    study: Study,
    last: Round,
    strategy: Strategy,
    sizes: tuple[int, ...],
    observations: list[Observation],
    space: SearchSpace,
) -> None:
    best = trials.best(session, study.id)
    borders = touched_borders(space, best.values) if best else []
    study.warnings = [border.warning() for border in borders]
    elites = arriving.trial_numbers(strategy.elites(last.number, sizes, observations))
    rounds.close(study, last, elites, [{"parameter": b.parameter, "end": b.end, "value": b.value} for b in borders])


def _confirm(session: Session, study: Study) -> None:
    """Let the finalists be trained again, if the study asks for it and has any; else it ends."""
    finalists = trials.ranked(session, study.id, study.confirm["finalists"]) if study.confirm else []
    if study.confirm is None or not finalists:
        _end(session, study, EndedBy.BUDGET)
        return
    study.version += 1
    study.finalists = [trial.number for trial in finalists]
    added = repeats.add(session, study, finalists, study.confirm["repeats"])
    if study.extensions:  # which are all searched: what their finalists take comes on top
        study.trials += added


def _end(session: Session, study: Study, by: EndedBy) -> None:
    if study.counts[TrialState.COMPLETE]:
        studies.end(session, study, StudyState.COMPLETE, by)
    else:
        studies.end(session, study, StudyState.FAILED, by, _why_none_completed(study))


def _why_none_completed(study: Study) -> str:
    """Time may end a first round on a lower rung of successive halving, when all that have ended are pruned."""
    told = "no trial completed"
    return f"{told}: those that came to a result were pruned" if study.counts[TrialState.PRUNED] else told
