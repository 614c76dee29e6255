"""From a request to a study: every value is checked here, so that nothing is refused later, while it runs."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from app.api.limits import check_batch_size, check_memory, check_seeds
from app.api.schemas import ObjectiveRequest, StudyRequest
from app.api.searched import (
    extremes,
    possible_anywhere,
    possible_beside,
    possible_together,
    possible_values,
    what_is_searched,
)
from app.api.training import at, check_images, dataset_named
from app.errors import InvalidInput, json_pointer
from app.store import spaces
from app.store.models import Dataset, Study
from engine.errors import InvalidField, Path, unknown_name
from engine.search import (
    READY_MADE,
    Condition,
    Confirmation,
    SearchSpace,
    Strategy,
    SuccessiveHalving,
    pruning_from_json,
    strategy_from_json,
)
from engine.search.fields import shown, within
from engine.training.diagnosis import HIGH_GAP
from engine.training.effects import check_effect, check_searched, check_together
from engine.training.metrics import Metric, metric_for
from engine.training.plan import DEFAULT_VALUES
from engine.training.values import check_name, check_value

DIAGNOSIS_LIMITS = {"base_error": 0.0, "high_gap": HIGH_GAP}
SEED_BITS = 32  # of a drawn seed: short enough to read out


def study_from(request: StudyRequest, session: Session, pack_bytes: int) -> Study:
    """Make the study a request asks for. Raises InvalidInput with a pointer into the request.

    `pack_bytes` is what a training may take.
    """
    with at("objective"):
        dataset = dataset_named(request.objective.dataset, session)
        metric = metric_for(request.objective.metric, dataset.description["task"])
    space_id, asked = _search_space(request, session)
    fixed = _fixed(request.objective, asked)
    _check_training(fixed, asked)
    with at("search_space"):
        space = what_is_searched(asked, fixed)
    _check_effects(fixed, asked, space)
    with _where_given(request, asked):
        check_together(possible_together(fixed, space))
    with at("objective", "training"):
        check_images(fixed, dataset)
    _check_batch_sizes(request, asked, dataset)
    possible = possible_values(fixed, space)
    with _where_given(request, asked):
        check_memory(possible, dataset, pack_bytes)
    with at("objective"):
        check_seeds(request.objective.seeds, possible, dataset, pack_bytes)
    with at("strategy"):
        strategy = strategy_from_json(request.strategy)
        strategy.check_space(space)
    confirmation = _confirmation(request, strategy)
    with at():
        most_epochs = max(possible.get("epochs", (DEFAULT_VALUES["epochs"],)))
        pruning = _pruning(request, strategy, confirmation, most_epochs)
    return Study(
        name=request.name or dataset.name,
        seed=secrets.randbits(SEED_BITS) if request.seed is None else request.seed,
        dataset_id=dataset.id,
        search_space_id=space_id,
        search_space=space.to_json(),
        objective={
            "type": request.objective.type,
            "dataset": dataset.id,
            "metric": metric.name,
            **_diagnosis_limits(request.objective, metric),
            "seeds": request.objective.seeds,
            "training": dict(fixed),
        },
        strategy=strategy.to_json(),
        pruning=pruning,
        trials=request.trials,
        confirm=None if confirmation is None else asdict(confirmation),
        trial_timeout_seconds=request.trial_timeout_seconds,
        max_seconds=request.max_seconds,
        max_attempts=request.max_attempts,
    )


def _confirmation(request: StudyRequest, strategy: Strategy) -> Confirmation | None:
    """What is asked, else what is right for the budget; none that leaves rounds too small, or a grid with gaps."""
    if request.confirm is not None:
        asked = Confirmation(**request.confirm.model_dump())
        with at():
            strategy.round_sizes(asked.searched(request.trials))
        return asked
    with at():
        strategy.round_sizes(request.trials)
    usual = None if strategy.is_exhaustive else Confirmation.for_budget(request.trials)
    if "confirm" in request.model_fields_set or usual is None:
        return None
    with suppress(InvalidField):
        strategy.round_sizes(usual.searched(request.trials))
        return usual
    return None


def _pruning(
    request: StudyRequest, strategy: Strategy, confirmation: Confirmation | None, most_epochs: int
) -> dict[str, Any] | None:
    """Raises InvalidField where it could have no effect."""
    searched = request.trials if confirmation is None else confirmation.searched(request.trials)
    rounds = len(strategy.round_sizes(searched))
    if request.pruning is None or (rounds == 1 and "pruning" not in request.model_fields_set):
        return None
    with within("pruning"):
        pruning = pruning_from_json(request.pruning)
    if rounds == 1 and pruning.needs_rounds:
        message = (
            f"`pruning` of type {pruning.type} compares trials with those of earlier rounds, so where the search has a "
            f"single round, as with {searched} trials of {strategy.to_json()['type']}, it must be null, or of another "
            f"type, but got {shown(request.pruning)}"
        )
        raise InvalidField(("pruning",), message)
    if isinstance(pruning, SuccessiveHalving) and pruning.min_epochs >= most_epochs:
        rule = (
            f"`min_epochs` must be below the `epochs` that a trial may train, {most_epochs}: else none is ever pruned"
        )
        raise InvalidField(("pruning", "min_epochs"), f"{rule}, but got {pruning.min_epochs}")
    return pruning.to_json()


def _search_space(request: StudyRequest, session: Session) -> tuple[str | None, SearchSpace]:
    if isinstance(request.search_space, dict):
        with at("search_space"):
            return None, SearchSpace.from_json(request.search_space)
    known = spaces.known_ids(session)
    if request.search_space not in known:
        raise InvalidInput.at("/search_space", unknown_name("search space", request.search_space, known))
    document = spaces.get(session, request.search_space).document
    return request.search_space, SearchSpace.from_json(document)


def _diagnosis_limits(objective: ObjectiveRequest, metric: Metric) -> dict[str, float | None]:
    """What the diagnosis compares error rates with; null where another metric ranks."""
    asked = {"base_error": objective.base_error, "high_gap": objective.high_gap}
    if metric.name == "error_rate":
        return {name: DIAGNOSIS_LIMITS[name] if value is None else value for name, value in asked.items()}
    for name, value in asked.items():
        if value is not None:
            message = f"`{name}` must be null unless `metric` is 'error_rate', but got {value!r} with {metric.name!r}"
            raise InvalidInput.at(f"/objective/{name}", message)
    return asked


def _fixed(objective: ObjectiveRequest, asked: SearchSpace) -> dict[str, Any]:
    """The training values that are not searched; those that are fixed by default give way to the search space."""
    if "training" in objective.model_fields_set:
        return objective.training
    return {name: value for name, value in objective.training.items() if name not in asked.names}


def _check_training(fixed: Mapping[str, Any], asked: SearchSpace) -> None:
    """Each name and value in itself."""
    for name, value in fixed.items():
        with at("objective", "training"):
            check_value(name, value)
            if name in asked.names:
                raise InvalidField((name,), f"`{name}` cannot be fixed at {value!r}: the search space searches it")
    for index, parameter in enumerate(asked.parameters):
        with _in_parameter(index, "name"):
            check_name(parameter.name)
        for place, value in extremes(parameter).items():
            with _in_parameter(index, *place):
                check_value(parameter.name, value)


def _check_effects(fixed: Mapping[str, Any], asked: SearchSpace, space: SearchSpace) -> None:
    """A name whose condition does not hold under the fixed values is in `asked` alone: no trial has it."""
    for parameter in space.parameters:
        whatever = Condition(parameter.name, tuple(extremes(parameter).values()))
        with _in_parameter(asked.names.index(parameter.name), "name"):
            check_searched(parameter.name, possible_beside(whatever, fixed, space))
    possible = possible_anywhere(fixed, space)
    for name, value in fixed.items():
        if name not in DEFAULT_VALUES or value != DEFAULT_VALUES[name]:  # a plan that is written out does no harm
            with at("objective", "training"):
                check_effect(name, possible)


def _check_batch_sizes(request: StudyRequest, space: SearchSpace, dataset: Dataset) -> None:
    """A ready-made space is for any dataset: where that has fewer rows, a larger batch is all of them."""
    if "batch_size" in request.objective.training:
        with at("objective", "training"):
            check_batch_size(request.objective.training["batch_size"], dataset)
    if isinstance(request.search_space, str) and request.search_space in READY_MADE:
        return
    for index, parameter in enumerate(space.parameters):
        if parameter.name == "batch_size":
            for place, value in extremes(parameter).items():
                with _in_parameter(index, *place):
                    check_batch_size(value, dataset)


@contextmanager
def _in_parameter(index: int, *place: str | int) -> Iterator[None]:
    """Like `at` for a training value that is searched: in the request it is no field, it stands at `place`."""
    try:
        yield
    except InvalidField as complaint:
        pointer = json_pointer(("search_space", "parameters", index, *place))
        raise InvalidInput.at(pointer, complaint.message) from None


@contextmanager
def _where_given(request: StudyRequest, space: SearchSpace) -> Iterator[None]:
    """Like `at` for a complaint about the dataset, or about a training value that can be searched or fixed."""
    try:
        yield
    except InvalidField as complaint:
        [name] = complaint.path
        raise InvalidInput.at(json_pointer(_place_of(str(name), request, space)), complaint.message) from None


def _place_of(name: str, request: StudyRequest, space: SearchSpace) -> Path:
    if name == "dataset":
        return "objective", name
    if name not in space.names:
        return "objective", "training", name
    is_inline = isinstance(request.search_space, dict)
    return ("search_space", "parameters", space.names.index(name)) if is_inline else ("search_space",)
