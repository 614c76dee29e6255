"""What a dispatcher and a worker say to each other. Reading these classes is reading the protocol.

The dispatcher sends one `Order`. The worker answers with any number of `Alive`, with what it found, and then `Done`; or
it ends early with `WorkFailed` or `DatasetUnreadable`. A pipe that closes before `Done` is a lost worker.

    TrainPacks       any number of `Progress`, and one `Finished` or `Diverged` per member once it is done
    CheckGradients   one `Checked`
    SaveModel        one `ModelSaved` or `ModelDiffers`
    JudgeModel        one `ModelJudged` or `ModelDiffers`
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.training import LearningCurve, TrainingPlan
from engine.training.gradient_check import GradientCheck
from engine.training.held_out import Judgement
from engine.training.pruning import StopCurve
from engine.training.result import Sign, Signals


@dataclass(frozen=True)
class Member:
    """A trial with all its trainings: they share its pack and differ in their seed alone."""

    number: int  # of the trial
    plan: TrainingPlan  # of its first training
    further_seeds: tuple[int, ...] = ()  # of its other ones

    @property
    def plans(self) -> list[TrainingPlan]:
        return [self.plan, *(replace(self.plan, seed=seed) for seed in self.further_seeds)]


@dataclass(frozen=True)
class TrainPacks:
    """Train one pack after the other: the members of one key together."""

    dataset: Path
    members: tuple[Member, ...]
    stop_curve: StopCurve = ()


@dataclass(frozen=True)
class CheckGradients:
    dataset: Path
    plan: TrainingPlan
    epochs: int


@dataclass(frozen=True)
class SaveModel:
    """Train again what came to `value`, and save it with what its users need to know."""

    dataset: Path
    plan: TrainingPlan
    value: float
    class_names: Sequence[str]
    columns: Sequence[Any]
    file: Path


@dataclass(frozen=True)
class JudgeModel:
    """Train again what came to `value`, and evaluate it on the test rows. Nothing else opens them."""

    dataset: Path
    plan: TrainingPlan
    value: float


Order = TrainPacks | CheckGradients | SaveModel | JudgeModel


@dataclass(frozen=True)
class Alive:
    """Said every few seconds, however long an epoch takes."""


@dataclass(frozen=True)
class Progress:
    epochs: Mapping[int, int]  # epochs trained so far, by trial


@dataclass(frozen=True)
class Finished:
    """All numbers are means over the trainings of the trial, unless something else stands beside them."""

    number: int
    value: float
    seed_values: Sequence[float]  # of each training, in the order of the member's plans
    metrics: Mapping[str, float]
    best_epoch: int
    epochs: int  # of the longest
    curve: LearningCurve
    signals: Signals
    signs: Sequence[Sign]
    epochs_trained: int  # by all
    epochs_saved: int = 0  # by pruning, over all; above 0 exactly if it was pruned


@dataclass(frozen=True)
class Diverged:
    number: int
    failure: str
    epochs: int
    curve: LearningCurve
    signals: Signals
    signs: Sequence[Sign]


@dataclass(frozen=True)
class Checked:
    gradients: GradientCheck


@dataclass(frozen=True)
class ModelSaved:
    """Its file is whole and in its place."""


@dataclass(frozen=True)
class ModelJudged:
    judgement: Judgement


@dataclass(frozen=True)
class ModelDiffers:
    """The training did not come to the value that it came to before; nothing was saved, and no test row seen."""

    value: float | None  # None: it diverged


@dataclass(frozen=True)
class WorkFailed:
    """The work raised: `failure` is the error as text, for an exception may not survive the pipe."""

    failure: str
    may_pass: bool = False  # memory ran out: another time there may be enough


@dataclass(frozen=True)
class DatasetUnreadable:
    failure: str


@dataclass(frozen=True)
class Done:
    """All that was ordered has been told."""


Found = Progress | Finished | Diverged | Checked | ModelSaved | ModelJudged | ModelDiffers
End = WorkFailed | DatasetUnreadable | Done
Message = Alive | Found | End
