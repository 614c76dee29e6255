"""What a worker's news of a pack does to the trials and the study they belong to."""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from app.dispatch.messages import Alive, DatasetUnreadable, Diverged, Done, Finished, Message, Progress, WorkFailed
from app.dispatch.workers import Lost
from app.lifecycle import EndedBy, FailureReason, StudyState, TrialState
from app.store import curves, studies, trials
from app.store.models import Study, Trial
from engine.training.metrics import METRICS


def record(
    session: Session, study_id: str, numbers: Sequence[int], message: Message | Lost, *, was_alone: bool
) -> None:
    """Record what the worker of the trials `numbers` said, which are those that it has told no result of yet.

    News of trials that no longer run is too late (their study was cancelled, deleted, or has ended) and dropped.
    """
    study = session.get(Study, study_id)
    if study is None or study.state is not StudyState.RUNNING:
        return
    if isinstance(message, Finished | Diverged):
        numbers = [number for number in numbers if number == message.number]
    running = [t for t in trials.some(session, study_id, numbers) if t.state is TrialState.RUNNING]
    if not running or isinstance(message, Alive):
        return
    study.version += 1
    match message:
        case Progress(epochs):
            _progress(study, running, epochs)
        case Finished() | Diverged():
            _result(session, study, running[0], message)
        case DatasetUnreadable(failure):
            studies.end(session, study, StudyState.FAILED, EndedBy.FAILURE, f"its dataset cannot be read: {failure}")
        case WorkFailed(failure, may_pass):
            give_back(session, study, running, FailureReason.ERROR, failure, was_alone=was_alone, final=not may_pass)
        case Lost() | Done():
            text = "its worker ended before the training did"
            give_back(session, study, running, FailureReason.WORKER_LOST, text, was_alone=was_alone, final=False)


def give_back(
    session: Session,
    study: Study,
    running: Sequence[Trial],
    reason: FailureReason,
    text: str,
    *,
    was_alone: bool,
    final: bool,
) -> None:
    """Trials whose worker came to nothing wait again, each alone from now on, so that neighbours never pay.

    Only a trial that was alone is to blame itself: it used up an attempt, and fails when that was its last one or when
    the failure is `final`, since it would come to the same again.
    """
    for trial in running:
        trial.attempts += was_alone
        if was_alone and (final or trial.attempts >= study.max_attempts):
            _give_up_lower_rung(session, study, trial)
            trials.fail(study, trial, reason, text)
        else:
            trial.alone = True
            trials.give_back(study, trial)


def _progress(study: Study, running: Sequence[Trial], epochs: Mapping[int, int]) -> None:
    for trial in running:
        if trial.number in epochs:
            trial.epochs = epochs[trial.number]
            trial.version = study.version


def _result(session: Session, study: Study, trial: Trial, message: Finished | Diverged) -> None:
    _give_up_lower_rung(session, study, trial)
    trial.attempts += 1
    trial.epochs, trial.signs = message.epochs, list(message.signs)
    if isinstance(message, Finished):
        trial.value, trial.metrics = message.value, dict(message.metrics)
        trial.seed_values = list(message.seed_values)
        trial.cost = METRICS[study.objective["metric"]].cost(message.value)
        trial.dev_loss = message.metrics["dev_loss"]
        trial.best_epoch = message.best_epoch
        trial.epochs_counted = message.epochs_trained + message.epochs_saved
        study.epochs_saved += message.epochs_saved
        trials.move(study, trial, TrialState.PRUNED if message.epochs_saved else TrialState.COMPLETE)
    else:
        trials.fail(study, trial, FailureReason.DIVERGED, message.failure)
    points = {name: getattr(message.curve, name) for name in ("epoch", "train", "dev")}
    curves.keep(session, trial, points, dict(vars(message.signals)), message.curve.batch_losses or None)


def _give_up_lower_rung(session: Session, study: Study, trial: Trial) -> None:
    """What it came to there no longer counts: what counted as saved was not, and what it trained was for nothing."""
    if trial.value is not None:
        trial.value = trial.cost = trial.dev_loss = trial.metrics = trial.seed_values = None
        trial.best_epoch = trial.signs = None
        curves.forget(session, trial)
        study.epochs_saved -= trial.epochs_counted
        trial.epochs_counted = 0
