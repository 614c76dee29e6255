"""When trainings are given up, because by the same epoch others had come further."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

from engine.training.member import Member

StopCurve = Sequence[float | None]
"""The worst dev metric that a training may have come to at best, epoch by epoch: None where anything goes; the last
holds for all epochs that follow. Empty, and no training is ever given up."""


def limit_at(epoch: int, curve: StopCurve) -> float | None:
    """What the best of a training must have come to by the end of an epoch, counted from 1."""
    return curve[min(epoch, len(curve)) - 1] if curve else None


@dataclass
class Team:
    """Members that are given up together: trainings of one setting, which differ in their seed alone.

    What is compared is the curve of their mean, as it is kept: each epoch's is over those that trained it.
    """

    members: Sequence[Member]
    stop_curve: StopCurve
    best_cost: float = math.inf

    def prune(self) -> None:
        """Give up those that still train, if even the best of the mean so far is worse than the curve."""
        epoch = max(member.epochs for member in self.members)
        metric = self.members[0].metric
        costs = [metric.cost(each.curve.dev[-1]) for each in self.members if each.curve.epoch[-1:] == [epoch]]
        self.best_cost = min(self.best_cost, mean(costs) if costs else math.inf)
        limit = limit_at(epoch, self.stop_curve)
        if limit is not None and self.best_cost > metric.cost(limit):
            for member in self.members:
                member.give_up()


def teams_of(members: Sequence[Member], names: Sequence[int], stop_curves: Sequence[StopCurve]) -> list[Team]:
    """Those with a stop curve: members of one name are a team. Both lists are by a member's position."""
    by_name: dict[int, list[Member]] = {}
    for member in members:
        if stop_curves[member.position]:
            by_name.setdefault(names[member.position], []).append(member)
    return [Team(team, stop_curves[team[0].position]) for team in by_name.values()]
