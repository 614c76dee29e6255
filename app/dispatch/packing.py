"""Which waiting trials train together."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.dispatch.messages import Member
from app.store.models import Study, Trial
from engine.search import CategoricalParameter, IntParameter, Parameter, SearchSpace
from engine.seeding import Purpose, derived_seed
from engine.training import TrainingPlan, pack_key
from engine.training.values import LAYER_NAMES

WIDTH_STEP = 32  # searched widths are computed at multiples of this, so that neighbours in size can share a pack
FEW_SIZES = 4  # up to here sizes are computed as they are: packs of one size each are no smaller
MAX_MEMBERS = 16  # beyond this the arrays of a pack of small networks leave the cache, and a loss costs more
WINDOW = 256  # waiting trials looked at: enough to fill packs, whatever the length of the queue


@dataclass(frozen=True)
class ChosenPack:
    key: str
    members: tuple[Member, ...]

    @property
    def numbers(self) -> list[int]:
        return [member.number for member in self.members]


def choose_pack(study: Study, waiting: Sequence[Trial], free_workers: int) -> ChosenPack | None:
    """The trials to send next: the largest group of one pack key, but no more than a fair share of a free worker.

    Trials that must run alone go first, so that a bad one is known early. What is chosen never changes a trial's
    result, only when it comes.
    """
    alone = next((trial for trial in waiting if trial.alone), None)
    if alone is not None:
        return _pack(study, [alone])
    groups: dict[str, list[Trial]] = {}
    for trial in waiting:
        groups.setdefault(str(pack_key(plan_of(study, trial))), []).append(trial)
    if not groups:
        return None
    share = -(-len(waiting) // free_workers)
    largest = max(groups.values(), key=len)  # the first of equals, that of the lowest number
    return _pack(study, largest[: min(MAX_MEMBERS, share)])


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


def _pack(study: Study, trials: Sequence[Trial]) -> ChosenPack:
    members = tuple(Member(trial.number, plan_of(study, trial)) for trial in trials)
    return ChosenPack(str(pack_key(members[0].plan)), members)
