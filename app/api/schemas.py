"""What a study is asked with, and what is told of studies, rounds and trials."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.api.strict import Name, StrictModel
from app.lifecycle import EndedBy, FailureReason, StudyState, TrialState
from engine.search.confirmation import MAX_FINALISTS, MAX_REPEATS, Confirmation
from engine.training.diagnosis import Verdict
from engine.training.result import Sign

MAX_SEED = 2**53 - 1  # every JSON reader keeps such an integer exact
MAX_TRIALS = 20_000
MAX_SEEDS = 32  # the error of the mean is less than a fifth of a single training's

TRAINING_DEFAULT = {"epochs": 30}
STRATEGY_DEFAULT = {"type": "coarse_to_fine"}
PRUNING_DEFAULT = {"type": "stop_curve"}

Seconds = Annotated[float, Field(gt=0, le=10_000_000)]
# What the engine judges: it takes any names, and refuses those it does not know with the nearest one.
Document = dict[Any, Any]


def _id_or_document(value: Any) -> Any:
    """Refuse anything else before the union does, which has a message for each of its sides."""
    if not isinstance(value, str | dict):
        raise ValueError("must be the id of a search space, or a search space")
    return value


class ObjectiveRequest(StrictModel):
    type: Literal["mlp"] = Field("mlp", description="Train a network on a dataset with Parfocal's engine.")
    dataset: str = Field(description="A dataset's id, or a built-in one's name: digits, breast-cancer, diabetes.")
    metric: str | None = Field(None, description="Measured on the dev rows. Left out: error_rate, or rmse.")
    base_error: float | None = Field(
        None,
        ge=0,
        le=1,
        description="The error rate that the diagnosis takes for unavoidable, a person's for example. Left out: 0.",
    )
    high_gap: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Above it the diagnosis calls avoidable bias or variance high. Left out: 0.02, two points.",
    )
    seeds: int = Field(
        1, ge=1, le=MAX_SEEDS, description="Trainings of each trial, in one pack: its value is their mean."
    )
    training: Document = Field(
        default_factory=lambda: dict(TRAINING_DEFAULT), description="Training values that are not searched."
    )


class ConfirmRequest(StrictModel):
    """The best trials are trained again with fresh seeds after the search; each repeat counts as a trial."""

    finalists: int = Field(Confirmation.finalists, ge=1, le=MAX_FINALISTS, description="The best trials.")
    repeats: int = Field(Confirmation.repeats, ge=1, le=MAX_REPEATS, description="Of each finalist.")


class StudyRequest(StrictModel):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"objective": {"dataset": "digits"}, "trials": 60, "seed": 0}]}
    )

    name: Name | None = Field(None, description="Left out: the dataset's name.")
    seed: int | None = Field(None, ge=0, le=MAX_SEED, description="Left out: drawn, and told in the answer.")
    search_space: Annotated[str | Document, BeforeValidator(_id_or_document)] = Field(
        "mlp-basic", description="A stored space's id, a ready-made one's name, or a space inline."
    )
    objective: ObjectiveRequest
    strategy: Document = Field(
        default_factory=lambda: dict(STRATEGY_DEFAULT),
        description="`type` is `coarse_to_fine`, `random`, `quasi_random` or `grid`.",
    )
    pruning: Document | None = Field(
        default_factory=lambda: dict(PRUNING_DEFAULT),
        description="`stop_curve` stops trials that are worse than the best of earlier rounds were after as many "
        "epochs. `successive_halving` trains all trials of a round a little, the best of them again and longer. Null: "
        "none is stopped, which is also the default for a strategy of a single round.",
    )
    trials: int = Field(100, ge=1, le=MAX_TRIALS, description="The budget, repeats included.")
    confirm: ConfirmRequest | None = Field(
        None,
        description="Left out: 3 repeats of 2 to 5 finalists, as many as 15 % of the trials allow, from 40 trials on; "
        "of a `grid`, which shall be complete, none. Null: the best trial is the winner.",
    )
    trial_timeout_seconds: Seconds = 600
    max_seconds: Seconds | None = Field(None, description="Ends the study early: then its answer depends on the clock.")
    max_attempts: int = Field(3, ge=1, le=100, description="How often a trial may lose its worker while alone.")


class ConfirmAnswer(BaseModel):
    finalists: int
    repeats: int


class DiagnosisAnswer(BaseModel):
    """What the errors and the signs of a training say, and what to try next."""

    verdict: Verdict | None = Field(description="Null for metrics other than the error rate, and if it diverged.")
    avoidable_bias: float | None = Field(description="Train error minus base error.")
    variance: float | None = Field(description="Dev error minus train error.")
    signs: list[Sign]
    advice: list[str]


class TrialSummary(BaseModel):
    number: int
    value: float
    values: dict[str, Any]
    diagnosis: DiagnosisAnswer | None


class WinnerAnswer(TrialSummary):
    value: float = Field(description="The mean over all its trainings.")
    standard_error: float | None = Field(description="Of that mean; null for one training.")
    trainings: int = Field(description="Those of the search, and those of its repeats.")


class StudyAnswer(BaseModel):
    id: str
    name: str
    state: StudyState
    version: int = Field(description="Raised with every change of the study or one of its trials.")
    seed: int
    search_space: dict[str, Any]
    objective: dict[str, Any]
    strategy: dict[str, Any]
    pruning: dict[str, Any] | None
    extensions: list[dict[str, int]] = Field(
        description="Each has the trials it added and the round that they began with; they are part of the budget."
    )
    trials: int = Field(description="The budget, repeats included.")
    confirm: ConfirmAnswer | None
    finalists: list[int] | None = Field(description="Trials that are trained again, the best first, after the search.")
    trial_timeout_seconds: float
    max_seconds: float | None
    max_attempts: int
    round: int | None = Field(description="The latest that has opened, from 0 on.")
    rung: int | None = Field(
        description="With successive halving, the rung of that round on which its trials train, from 0 on: where the "
        "next one begins, the best go back from `pruned` to `waiting`."
    )
    rounds: int = Field(description="How many there are in all, if no time limit ends the study before.")
    arrivals: dict[str, int] = Field(
        description="What waits for a round to open: values to try (`enqueued`), results to learn from (`imported`)."
    )
    counts: dict[str, int] = Field(
        description="Trials and repeats by state; `unproposed` are those of the budget still to come, and `imported` "
        "ones are none of it."
    )
    mean_pack_size: float | None = Field(description="Trials per pack, of those sent so far.")
    epochs_saved: int = Field(
        description="Epochs that pruned trials were planned for and did not train, less those that successive halving "
        "trained again; of short trainings these may be more, and it lies below 0."
    )
    best_trial: TrialSummary | None
    winner: WinnerAnswer | None = Field(
        description="Once the study is complete, the finalist with the best mean; without `confirm`, the best trial."
    )
    warnings: list[str]
    test_looks: int = Field(description="How often a result on the test rows was revealed.")
    ended_by: EndedBy | None
    failure: str | None
    environment: dict[str, Any] | None = Field(description="What the last bits of the results depend on.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class RoundAnswer(BaseModel):
    number: int
    state: Literal["open", "closed"]
    first_trial: int
    trials: int
    arrived: dict[str, list[int]] | None = Field(
        description="What came from outside and took effect when the round opened: the numbers of the trials that "
        "were `enqueued` and `imported`."
    )
    box: dict[str, Any]
    stop_curve: list[float | None] | None = Field(
        description="The limit of the metric epoch by epoch, made when the round opened: a trial whose best so far is "
        "worse is pruned. Null where anything goes; the last holds for all epochs that follow."
    )
    rungs: list[dict[str, Any]] | None = Field(
        description="With successive halving: after how many `epochs` trials were stopped on each rung, null where a "
        "single one trained to its end, and which `trials` it began with."
    )
    elites: list[int] | None = Field(description="Trials that shape the next box, the best first; null while open.")
    borders: list[dict[str, Any]] | None = Field(description="Borders of the space that the best trial so far lies on.")
    ended_by: Literal["trials"] | EndedBy | None = Field(
        description="`trials`: all of them ended. Else what ended the study while the round was open."
    )


class PackAnswer(BaseModel):
    size: int
    key: str


class RepeatAnswer(BaseModel):
    """A finalist trained again with fresh seeds."""

    repeat: int = Field(description="From 1 on.")
    state: TrialState
    value: float | None
    standard_error: float | None
    seed_values: list[float] | None
    metrics: dict[str, float] | None
    best_epoch: int | None
    epochs: int | None
    failure_reason: FailureReason | None
    failure: str | None
    attempts: int
    pack: PackAnswer | None
    started_at: datetime | None
    finished_at: datetime | None


class TrialAnswer(BaseModel):
    number: int = Field(description="From 0 on; of an imported trial from 1,000,000 on.")
    state: TrialState
    round: int = Field(description="Of an imported trial, the first that was shaped by it.")
    enqueued: bool = Field(description="Somebody brought these values.")
    values: dict[str, Any]
    value: float | None = Field(description="On the dev rows; of several seeds, the mean, as with all numbers below.")
    standard_error: float | None = Field(description="Of that mean; null for one seed.")
    seed_values: list[float] | None = Field(description="The value with each seed.")
    metrics: dict[str, float] | None = Field(
        description="Every metric of the task and the mean loss, on train and on dev, with the weights that were kept."
    )
    diagnosis: DiagnosisAnswer | None
    best_epoch: int | None = Field(description="The epoch whose weights were kept and measured.")
    epochs: int | None = Field(description="Trained so far.")
    failure_reason: FailureReason | None
    failure: str | None
    attempts: int
    pack: PackAnswer | None
    started_at: datetime | None
    finished_at: datetime | None


class LearningCurveAnswer(BaseModel):
    """The metric on the mini-batches of each epoch as they passed, and on all dev rows after it."""

    epoch: list[int]
    train: list[float]
    dev: list[float]
    batch_losses: list[float] | None = Field(
        description="Mean loss of each of the first 10,000 mini-batches, if the study has `record_batch_losses`."
    )


class SignalsAnswer(BaseModel):
    """What tells how the learning went, layer by layer from the input on. Norms are those of a mini-batch's ∂L/∂W."""

    first_gradient_norms: list[float] = Field(description="At the very first mini-batch.")
    last_gradient_norms: list[float] = Field(description="At the first mini-batch of the last epoch.")
    saturated: list[float] = Field(
        description="Share of each hidden layer's units that are flat on nearly all dev rows."
    )
    train_losses: list[float] = Field(description="Mean over the mini-batches of each epoch.")


class TrialDetail(TrialAnswer):
    learning_curve: LearningCurveAnswer | None
    signals: SignalsAnswer | None
    repeats: list[RepeatAnswer] = Field(description="If it is a finalist.")
