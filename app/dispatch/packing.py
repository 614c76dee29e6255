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


@dataclass(frozen=True)
class ChosenPack:
    key: str
    members: tuple[Member, ...]

    @property
    def numbers(self) -> list[int]:
        return [member.number for member in self.members]


def choose_pack(
    study: Study, waiting: Sequence[Trial], free_workers: int, data: DataShape, pack_bytes: int
) -> ChosenPack | None:
    """The trials to send next: those of one pack key that take longest, cut where other free workers can share them.

    Longest first, because what is left for last should be short: a round ends with its last pack. Trials that must run
    alone go before all, so that a bad one is known early. What is chosen never changes a trial's result, only when it
    comes.
    """
    alone = next((trial for trial in waiting if trial.alone), None)
    if alone is not None:
        return _pack([_member(study, alone)])
    groups = _groups(study, waiting)
    if not groups:
        return None
    seconds = [training_seconds([member.plan for member in group], data) for group in groups]
    longest = max(range(len(groups)), key=seconds.__getitem__)  # the first of equals, that of the lowest number
    parts = math.ceil(seconds[longest] * free_workers / sum(seconds))
    group = groups[longest]
    plan = group[0].plan
    most = min(best_members(plan, data), most_members(plan, data, pack_bytes))
    return _pack(group[: min(most, math.ceil(len(group) / parts))])


def _groups(study: Study, waiting: Sequence[Trial]) -> list[list[Member]]:
    """Members that can train together, in the order of their first one."""
    groups: dict[PackKey, list[Member]] = {}
    for trial in waiting:
        member = _member(study, trial)
        groups.setdefault(pack_key(member.plan), []).append(member)
    return list(groups.values())


def plan_of(study: Study, trial: Trial) -> TrainingPlan:
    return TrainingPlan.from_values(
        study.objective["training"] | trial.values,
        seed=derived_seed(study.seed, Purpose.TRAINING, trial.number),
        metric=study.objective["metric"],
        width_step=width_step(SearchSpace.from_json(study.search_space)),
    )


def width_step(space: SearchSpace) -> int:
    """To what hidden layers are rounded up: a function of the space alone, since a trial's bits depend on it."""
    names = ("hidden_units", *LAYER_NAMES["hidden_units"])
    searched = [parameter for parameter in space.parameters if parameter.name in names]
    return WIDTH_STEP if any(_sizes(parameter) > FEW_SIZES for parameter in searched) else 1


def _sizes(parameter: Parameter) -> int:
    if isinstance(parameter, CategoricalParameter):
        return len(parameter.choices)
    assert isinstance(parameter, IntParameter)
    return (parameter.high - parameter.low) // parameter.step + 1


def _member(study: Study, trial: Trial) -> Member:
    return Member(trial.number, plan_of(study, trial))


def _pack(members: Sequence[Member]) -> ChosenPack:
    return ChosenPack(str(pack_key(members[0].plan)), tuple(members))
