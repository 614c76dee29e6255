"""What a round's pruning goes by: the stop curve that it gets when it opens, or the rungs that it is trained on."""

import math
from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.dispatch import arriving
from app.lifecycle import TrialState
from app.store import curves, rounds, trials
from app.store.models import Round, Study
from engine.search import Pruning, StopCurve, SuccessiveHalving, pruning_from_json
from engine.training.metrics import METRICS


def limits(study: Study, open_round: Round) -> Sequence[float | None]:
    """The limit of the study's metric by epoch for the trials that the open round trains now."""
    if open_round.rungs is None:
        return open_round.stop_curve or ()
    epochs = open_round.rungs[-1]["epochs"]
    if epochs is None:
        return ()
    out_of_reach = METRICS[study.objective["metric"]].cost(-math.inf)  # which turns a cost back as well
    return *[None] * (epochs - 1), out_of_reach


def stop_curve(session: Session, study: Study, last: Round) -> list[float | None] | None:
    """The limits for the round after `last`, which has ended; None: they stop nobody."""
    pruning = _pruning(study)
    if not isinstance(pruning, StopCurve):
        return None
    elites = trials.ranked(session, study.id, max(len(last.elites or ()), pruning.min_elites))
    kept = curves.some(session, study.id, [trial.number for trial in elites])
    turn = METRICS[study.objective["metric"]].cost
    costs = pruning.limits([[turn(value) for value in kept[trial.number].points["dev"]] for trial in elites])
    return [None if cost is None else turn(cost) for cost in costs] or None


def first_rung_epochs(study: Study) -> int | None:
    """After how many epochs the trials of a round are first stopped; None: by no rung."""
    pruning = _pruning(study)
    return pruning.epochs(0) if isinstance(pruning, SuccessiveHalving) else None


def open_next_rung(session: Session, study: Study, open_round: Round) -> bool:
    """Let the best of the last rung go on, once all of its trials have ended; returns whether any does.

    None does in a round that the study was cut short in: not all on its last rung have come to what it is for.
    """
    pruning = _pruning(study)
    if not isinstance(pruning, SuccessiveHalving) or not open_round.rungs or open_round.cut_by is not None:
        return False
    rung = trials.some(session, study.id, open_round.rungs[-1]["trials"])
    good = pruning.going_on([arriving.observation(trial) for trial in rung])
    promoted = [trial for trial in rung if trial.number in good and trial.state is TrialState.PRUNED]
    if promoted:
        is_alone = len(promoted) == 1  # so it would go on from every rung to come, and be trained anew on each
        rounds.add_rung(study, open_round, None if is_alone else pruning.epochs(len(open_round.rungs)), promoted)
    return bool(promoted)


def _pruning(study: Study) -> Pruning | None:
    return None if study.pruning is None else pruning_from_json(study.pruning)
