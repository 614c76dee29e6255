"""From a request to a study: every value is checked here, so that nothing is refused later, while it runs."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm import Session

from app.api.schemas import StudyRequest
from app.api.training import at, check_images, dataset_named
from app.errors import InvalidInput, json_pointer
from app.store import spaces
from app.store.models import Study
from engine.errors import InvalidField, Path, unknown_name
from engine.search import CategoricalParameter, Parameter, SearchSpace, strategy_from_json
from engine.training.effects import check_effect, check_together
from engine.training.metrics import metric_for
from engine.training.values import check_name, check_value

SEED_BITS = 32  # of a drawn seed: short enough to read out


def study_from(request: StudyRequest, session: Session) -> Study:
    """Make the study a request asks for. Raises InvalidInput with a pointer into the request."""
    with at("objective"):
        dataset = dataset_named(request.objective.dataset, session)
        metric = metric_for(request.objective.metric, dataset.description["task"])
    space_id, space = _search_space(request, session)
    _check_training(request.objective.training, space)
    with at("objective"):
        check_images(request.objective.training, dataset)
    with at("strategy"):
        strategy = strategy_from_json(request.strategy)
    with at():
        strategy.round_sizes(request.trials)
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
            "training": dict(request.objective.training),
        },
        strategy=strategy.to_json(),
        trials=request.trials,
        trial_timeout_seconds=request.trial_timeout_seconds,
        max_seconds=request.max_seconds,
        max_attempts=request.max_attempts,
    )


def _search_space(request: StudyRequest, session: Session) -> tuple[str | None, SearchSpace]:
    if isinstance(request.search_space, dict):
        with at("search_space"):
            return None, SearchSpace.from_json(request.search_space)
    known = spaces.known_ids(session)
    if request.search_space not in known:
        raise InvalidInput.at("/search_space", unknown_name("search space", request.search_space, known))
    document = spaces.get(session, request.search_space).document
    return request.search_space, SearchSpace.from_json(document)


def _check_training(fixed: Mapping[str, Any], space: SearchSpace) -> None:
    for name, value in fixed.items():
        with at("objective", "training"):
            check_value(name, value)
            if name in space.names:
                raise InvalidField((name,), f"`{name}` cannot be fixed at {value!r}: the search space searches it")
    possible = {name: (value,) for name, value in fixed.items()}
    possible |= {parameter.name: tuple(_extremes(parameter).values()) for parameter in space.parameters}
    for index, parameter in enumerate(space.parameters):
        with _in_parameter(index, "name"):
            check_name(parameter.name)
        for place, value in _extremes(parameter).items():
            with _in_parameter(index, *place):
                check_value(parameter.name, value)
    for index, parameter in enumerate(space.parameters):  # once every value is known to make sense
        with _in_parameter(index, "name"):
            check_effect(parameter.name, possible)
    with at("objective", "training"):
        check_together(possible)


def _extremes(parameter: Parameter) -> dict[Path, Any]:
    """Values such that all that can be drawn is allowed if they are, each by its place in the parameter."""
    if isinstance(parameter, CategoricalParameter):
        return {("choices", index): choice for index, choice in enumerate(parameter.choices)}
    return {("low",): parameter.low, ("high",): parameter.high}


@contextmanager
def _in_parameter(index: int, *place: str | int) -> Iterator[None]:
    """Like `at` for a training value that is searched: in the request it is no field, it stands at `place`."""
    try:
        yield
    except InvalidField as complaint:
        pointer = json_pointer(("search_space", "parameters", index, *place))
        raise InvalidInput.at(pointer, complaint.message) from None
