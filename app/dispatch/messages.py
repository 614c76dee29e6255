"""What a dispatcher and a worker say to each other. Reading these classes is reading the protocol.

The dispatcher sends one `Order`. The worker answers with any number of `Alive` and `Progress`, one `Finished` or
`Diverged` per member as it leaves the pack, and then `Done`; or it ends early with `PackFailed` or
`DatasetUnreadable`. A pipe that closes before `Done` is a lost worker.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.training import LearningCurve, TrainingPlan


@dataclass(frozen=True)
class Member:
    number: int  # of the trial
    plan: TrainingPlan


@dataclass(frozen=True)
class Order:
    dataset: Path
    members: tuple[Member, ...]


@dataclass(frozen=True)
class Alive:
    """Said every few seconds, however long an epoch takes."""


@dataclass(frozen=True)
class Progress:
    epochs: Mapping[int, int]  # epochs trained so far, by trial


@dataclass(frozen=True)
class Finished:
    number: int
    value: float
    metrics: Mapping[str, float]
    best_epoch: int
    epochs: int
    curve: LearningCurve


@dataclass(frozen=True)
class Diverged:
    number: int
    failure: str
    epochs: int
    curve: LearningCurve


@dataclass(frozen=True)
class PackFailed:
    """The training raised: `failure` is the error as text, for an exception may not survive the pipe."""

    failure: str
    may_pass: bool = False  # memory ran out: another time there may be enough


@dataclass(frozen=True)
class DatasetUnreadable:
    failure: str


@dataclass(frozen=True)
class Done:
    """Every member has left the pack."""


Message = Alive | Progress | Finished | Diverged | PackFailed | DatasetUnreadable | Done
