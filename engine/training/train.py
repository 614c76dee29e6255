"""Train networks: one, or many in one fused pass."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from engine.training.dataset import Dataset
from engine.training.evaluation import Evaluation, Saturation
from engine.training.member import Member, measure
from engine.training.metrics import every_metric, metric_for
from engine.training.pack import Pack
from engine.training.packing import group_by_key
from engine.training.plan import TrainingPlan
from engine.training.pruning import StopCurve, Team, teams_of
from engine.training.result import TrainingResult

OnEpoch = Callable[[int, Mapping[int, float]], None]
OnResult = Callable[[int, TrainingResult], None]


def train(plan: TrainingPlan, dataset: Dataset) -> TrainingResult:
    """Train one network: a pack of one, on the same code path as any pack."""
    return train_pack([plan], dataset)[0]


def train_pack(
    plans: Sequence[TrainingPlan],
    dataset: Dataset,
    on_epoch: OnEpoch | None = None,
    on_result: OnResult | None = None,
    stop_curves: Sequence[StopCurve] | None = None,
    teams: Sequence[int] | None = None,
) -> list[TrainingResult]:
    """Train any plans on one dataset, those of one pack key together; results stand in the order of the plans.

    on_epoch(epoch, dev)   after each epoch of a group: the latest dev metric of its members by position in `plans`
    on_result(position, result)   as soon as a member is done, while its pack mates may go on
    stop_curves   one per plan, by which it is pruned (see `pruning`); one that is not has the same bits as without
    teams         one number per plan: those of one number have the same key and stop curve, and are pruned together
                  by their mean; left out, each is pruned alone

    The bits of a result depend on its plan and the dataset alone, and where it is pruned on its team, but not on what
    else it trained beside. Raises InvalidField if a plan's metric does not fit the dataset's task.
    """
    results: dict[int, TrainingResult] = {}
    curves = stop_curves or [()] * len(plans)
    names = range(len(plans)) if teams is None else teams

    def deliver(position: int, result: TrainingResult) -> None:
        results[position] = result
        if on_result:
            on_result(position, result)

    for positions in group_by_key(plans):
        metric = metric_for(plans[positions[0]].metric, dataset.task)
        members = [Member(each, plans[each], metric, dataset, may_be_pruned=bool(curves[each])) for each in positions]
        _train_group(members, teams_of(members, names, curves), dataset, on_epoch or _ignore, deliver)
    return [results[position] for position in range(len(plans))]


def _train_group(
    members: list[Member], teams: list[Team], dataset: Dataset, on_epoch: OnEpoch, on_result: OnResult
) -> None:
    pack = Pack([member.plan for member in members], dataset)
    # A member that diverges overflows on its way, in its own slice of the arrays: that is a result, not an error.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        while members:
            train_outputs = pack.train_epoch()
            dev_outputs = pack.evaluation.outputs(pack.dataset.dev)
            measured = measure(members[0].metric, train_outputs, dev_outputs)
            _record_batches(members, pack)
            for k, member in enumerate(members):
                member.record(measured[k], pack.gradient_norms[k], pack.parameters.all[k])
            for team in teams:
                team.prune()
            on_epoch(
                members[0].epochs, {member.position: member.curve.dev[-1] for member in members if not member.failure}
            )
            members = _let_go(members, pack, on_result)


def _record_batches(members: list[Member], pack: Pack) -> None:
    """Add the epoch's mini-batches to the curves of those members whose plan asks for it."""
    if any(member.records_batches for member in members):
        for member, losses in zip(members, pack.batch_costs(), strict=True):
            if member.records_batches:
                member.curve.append_batches(losses.tolist())


def _let_go(members: list[Member], pack: Pack, on_result: OnResult) -> list[Member]:
    """Deliver the results of the members that are done; the pack goes on with the others, who are returned."""
    leaving = [k for k, member in enumerate(members) if member.is_done]
    staying = [k for k, member in enumerate(members) if not member.is_done]
    if leaving:
        for k, result in zip(leaving, _results(leaving, members, pack), strict=True):
            on_result(members[k].position, result)
        if staying:
            pack.keep(staying)
    return [members[k] for k in staying]


def _results(leaving: list[int], members: list[Member], pack: Pack) -> list[TrainingResult]:
    """The results of the members at the positions `leaving`, measured with the weights they keep."""
    parameters = pack.parameters.of(leaving)
    for row, k in enumerate(leaving):
        parameters.all[row] = members[k].selection.kept(parameters.all[row])
    plans = [members[k].plan for k in leaving]
    evaluation, saturation = Evaluation(parameters, plans, pack.dataset), Saturation(plans)
    train_outputs = evaluation.outputs(pack.dataset.train)
    metrics = every_metric(train_outputs, evaluation.outputs(pack.dataset.dev, saturation), pack.dataset.task)
    return [
        members[k].result(
            metrics[row], saturation.share_of(row), evaluation.plain.own(row, members[k].plan.hidden_units)
        )
        for row, k in enumerate(leaving)
    ]


def _ignore(epoch: int, dev: Mapping[int, float]) -> None:
    """The on_epoch of a caller who asked for none."""
