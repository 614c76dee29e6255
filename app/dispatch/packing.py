"""Which waiting trials train together."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.dispatch.messages import Member
from app.store.models import Study, Trial
from engine.search import CategoricalParameter, IntParameter, Parameter, SearchSpace
from engine.seeding import Purpose, derived_seed
from engine.training import TrainingPlan, pack_key
from engine.training.costs import best_members, training_seconds
from engine.training.data_shape import DataShape
from engine.training.memory import most_members
from engine.training.packing import PackKey
from engine.training.values import LAYER_NAMES

WIDTH_STEP = 32  # searched widths are computed at multiples of this, so that neighbours in size can share a pack
FEW_SIZES = 4  # up to here sizes are computed as they are: packs of one size each are no smaller
WINDOW = 256  # waiting trials looked at: enough to fill packs, whatever the length of the queue
ORDER_SECONDS = 0.25  # of training worth a process of its own, which takes 20 ms to start, send to and record


@dataclass(frozen=True)
class ChosenPack:
    key: str
    members: tuple[Member, ...]

    @property
    def numbers(self) -> list[int]:
        return [member.number for member in self.members]


def choose_packs(
    study: Study, waiting: Sequence[Trial], free_workers: int, data: DataShape, pack_bytes: int
) -> list[ChosenPack]:
    """The packs to send next to one worker: first that of the key whose trials take longest, cut where other free
    workers can share them.

    Longest first, because what is left for last should be short: a round ends with its last pack. Where even that is
    short, others follow that do not make the order long, nor half as long as a fair share of what waits: to each key
    an order of its own would cost more than the training. Trials that must run alone go before all, so that a bad one
    is known early. What is chosen never changes a trial's result, only when it comes.
    """
    alone = next((trial for trial in waiting if trial.alone), None)
    if alone is not None:
        return [_pack([_member(study, alone, width_step(SearchSpace.from_json(study.search_space)))])]
    groups = sorted(_groups(study, waiting, data), key=lambda group: -group.seconds)  # of equals, the lowest number
    if not groups:
        return []
    total = sum(group.seconds for group in groups)
    first, others = _cut(groups[0], total / free_workers, data, pack_bytes), groups[1:]
    room = min(ORDER_SECONDS, total / (2 * free_workers)) - _seconds(first, data)
    packs = [_pack(first)]
    for group in others:
        if group.seconds <= room and _cut(group, math.inf, data, pack_bytes) == group.members:
            packs.append(_pack(group.members))
            room -= group.seconds
    return packs


@dataclass(frozen=True)
class _Group:
    """Waiting trials that can train together."""

    members: list[Member]
    seconds: float


def _cut(group: _Group, share_seconds: float, data: DataShape, pack_bytes: int) -> list[Member]:
    """The first of a group's members, as many as train best together and no more than one worker's share."""
    plan = group.members[0].plan
    parts = math.ceil(group.seconds / share_seconds)
    trainings = min(best_members(plan, data), most_members(plan, data, pack_bytes))
    most = max(1, trainings // len(group.members[0].plans))
    return group.members[: min(most, math.ceil(len(group.members) / max(parts, 1)))]


def _groups(study: Study, waiting: Sequence[Trial], data: DataShape) -> list[_Group]:
    """In the order of their first members."""
    step = width_step(SearchSpace.from_json(study.search_space))
    groups: dict[PackKey, list[Member]] = {}
    for trial in waiting:
        member = _member(study, trial, step)
        groups.setdefault(pack_key(member.plan), []).append(member)
    return [_Group(members, _seconds(members, data)) for members in groups.values()]


def _seconds(members: Sequence[Member], data: DataShape) -> float:
    return training_seconds([plan for member in members for plan in member.plans], data)


def _member(study: Study, trial: Trial, step: int) -> Member:
    first, *further = _seeds(study, trial)
    return Member(trial.number, _plan(study, trial, first, step), tuple(further))


def plan_of(study: Study, trial: Trial) -> TrainingPlan:
    """The plan of a trial's first training."""
    return _plan(study, trial, _seeds(study, trial)[0], width_step(SearchSpace.from_json(study.search_space)))


def _plan(study: Study, trial: Trial, seed: int, step: int) -> TrainingPlan:
    return TrainingPlan.from_values(
        study.objective["training"] | trial.values,
        seed=seed,
        metric=study.objective["metric"],
        width_step=step,
    )


def _seeds(study: Study, trial: Trial) -> list[int]:
    """One for each training of a trial. Its repeats go on where the trial itself has ended."""
    number = trial.number if trial.repeat_of is None else trial.repeat_of
    seeds = study.objective["seeds"]
    first = (trial.repeat or 0) * seeds
    return [_seed(study.seed, number, place) for place in range(first, first + seeds)]


def _seed(study_seed: int, number: int, place: int) -> int:
    """The first is named by its trial alone: it is the same however many others there are."""
    return derived_seed(study_seed, Purpose.TRAINING, *((number, place) if place else (number,)))


def width_step(space: SearchSpace) -> int:
    """To what hidden layers are rounded up: a function of the space alone, since a trial's bits depend on it."""
    names = ("hidden_units", *LAYER_NAMES["hidden_units"])
    searched = [parameter for parameter in space.parameters if parameter.name in names]
    return WIDTH_STEP if any(_sizes(parameter) > FEW_SIZES for parameter in searched) else 1


def _sizes(parameter: Parameter) -> int:
    if isinstance(parameter, CategoricalParameter):
        return len(parameter.choices)
    assert isinstance(parameter, IntParameter)
    return parameter.count


def _pack(members: Sequence[Member]) -> ChosenPack:
    return ChosenPack(str(pack_key(members[0].plan)), tuple(members))
