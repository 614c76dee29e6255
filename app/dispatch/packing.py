"""Which waiting trials train together."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.dispatch.messages import Member
from app.store.models import Study, Trial
from engine.seeding import Purpose, derived_seed
from engine.training import TrainingPlan, pack_key

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
    )


def _pack(study: Study, trials: Sequence[Trial]) -> ChosenPack:
    members = tuple(Member(trial.number, plan_of(study, trial)) for trial in trials)
    return ChosenPack(str(pack_key(members[0].plan)), members)
