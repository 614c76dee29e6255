"""What a worker is told to do for each kind of job, and how long it may take."""

from sqlalchemy.orm import Session

from app import model_files
from app.confirming import Winner, winner_of_study
from app.dispatch import packing
from app.dispatch.messages import CheckGradients, JudgeModel, Order, SaveModel
from app.lifecycle import JobKind
from app.settings import Settings
from app.store import datasets, studies
from app.store.models import Dataset, Job, Study
from engine.errors import InvalidField
from engine.training import TrainingPlan

GRADIENT_CHECK_SECONDS = 600  # measured: two minutes for the largest network that is accepted


def order_for(session: Session, job: Job, settings: Settings) -> tuple[Order, float]:
    """Raises InvalidField where the job cannot be done any more."""
    dataset = datasets.get(session, job.dataset_id)
    match job.kind:
        case JobKind.GRADIENT_CHECK:
            return _check(job, dataset, settings), GRADIENT_CHECK_SECONDS
        case JobKind.MODEL:
            return _model(session, job, dataset, settings)
        case JobKind.TEST:
            return _test(session, job, dataset, settings)


def _check(job: Job, dataset: Dataset, settings: Settings) -> CheckGradients:
    plan = TrainingPlan.from_values(job.request["training"], seed=job.request["seed"])
    return CheckGradients(settings.datasets_dir / dataset.content_hash, plan, job.request["epochs"])


def _model(session: Session, job: Job, dataset: Dataset, settings: Settings) -> tuple[SaveModel, float]:
    study, winner = _won(session, job)
    order = SaveModel(
        dataset=settings.datasets_dir / dataset.content_hash,
        plan=packing.plan_of(study, winner.trial),
        value=winner.seed_values[0],
        class_names=dataset.description["class_names"],
        columns=dataset.description["columns"],
        file=model_files.place_of(settings.models_dir, study.id),
    )
    return order, study.trial_timeout_seconds


def _test(session: Session, job: Job, dataset: Dataset, settings: Settings) -> tuple[JudgeModel, float]:
    study, winner = _won(session, job)
    plan = packing.plan_of(study, winner.trial)
    order = JudgeModel(settings.datasets_dir / dataset.content_hash, plan, winner.seed_values[0])
    return order, study.trial_timeout_seconds


def _won(session: Session, job: Job) -> tuple[Study, Winner]:
    """The job's study and its winner, whose first training is the one to do again."""
    assert job.study_id is not None
    study = studies.get(session, job.study_id)
    winner = winner_of_study(session, study)
    if winner is None:
        raise InvalidField(("study",), f"the study is {study.state} again: it has no winner until it is complete")
    return study, winner
