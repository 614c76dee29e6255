"""What a study searches: the parameters that the fixed values leave, and what each name can be beside the others."""

from collections.abc import Mapping
from typing import Any

from engine.errors import InvalidField, Path
from engine.search import CategoricalParameter, Condition, Parameter, SearchSpace
from engine.search.conditions import merged
from engine.training.plan import DEFAULT_VALUES
from engine.training.values import LAYER_NAMES, check_name, check_value

OWN_NAMES = [name for names in LAYER_NAMES.values() for name in names]


def check_conditions(space: SearchSpace) -> None:
    """Raise InvalidField for a condition on what is neither a parameter nor a training value, or can never hold."""
    for index, parameter in enumerate(space.parameters):
        for condition in parameter.when:
            if condition.name not in space.names:
                _check_condition(("parameters", index, "when", condition.name), condition)


def _check_condition(path: Path, condition: Condition) -> None:
    rule = "`when` must name an earlier parameter or a training value"
    try:
        check_name(condition.name)
        rule = "`when` must hold values that it can have"
        for position, value in enumerate(condition.values):
            path = (*path[:4], position)
            check_value(condition.name, value)
    except InvalidField as complaint:
        raise InvalidField(path, f"{rule}: {complaint.message}") from None


def what_is_searched(space: SearchSpace, fixed: Mapping[str, Any]) -> SearchSpace:
    """The space without the conditions, and the parameters, that the fixed training values settle."""
    check_conditions(space)
    return space.given({**DEFAULT_VALUES, **fixed})


def extremes(parameter: Parameter) -> dict[Path, Any]:
    """Values such that all that can be drawn is allowed if they are, each by its place in the parameter."""
    if isinstance(parameter, CategoricalParameter):
        return {("choices", index): choice for index, choice in enumerate(parameter.choices)}
    return {("low",): parameter.low, ("high",): parameter.high}


def possible_values(fixed: Mapping[str, Any], space: SearchSpace) -> dict[str, tuple[Any, ...]]:
    """The values that each name can have in some trial."""
    searched = {each.name: _values(each, None, is_sure=not each.when) for each in space.parameters}
    return {name: (value,) for name, value in fixed.items()} | searched


def possible_anywhere(fixed: Mapping[str, Any], space: SearchSpace) -> dict[str, tuple[Any, ...]]:
    """Like `possible_values`, but without a layer's own where it may be absent, since it then has that for all."""
    unsure = {each.name for each in space.parameters if each.when and each.name in OWN_NAMES}
    return {name: values for name, values in possible_values(fixed, space).items() if name not in unsure}


def possible_beside(condition: Condition, fixed: Mapping[str, Any], space: SearchSpace) -> dict[str, tuple[Any, ...]]:
    """The values that each name can have in the trials with a parameter, `condition.name`, of these values.

    A parameter that none of them has is left out, and so is a layer's own where it may be absent, since it then has
    the value for all layers.
    """
    requirements = space.requirements
    needed = merged([condition, *requirements[condition.name].values()])
    found = {name: (value,) for name, value in fixed.items()}
    for parameter in space.parameters:
        required = requirements[parameter.name].values()
        if any(each.name in needed and not each.both(needed[each.name]).values for each in required):
            continue
        is_sure = all(each.name in needed and needed[each.name].implies(each) for each in required)
        if is_sure or parameter.name not in OWN_NAMES:
            found[parameter.name] = _values(parameter, needed.get(parameter.name), is_sure)
    return found


def possible_together(fixed: Mapping[str, Any], space: SearchSpace) -> dict[str, tuple[Any, ...]]:
    """Like `possible_values`, but with the batch sizes alone that can come with batch norm, if that is searched."""
    possible = possible_values(fixed, space)
    if "batch_norm" not in space.names:
        return possible
    beside = possible_beside(Condition("batch_norm", (True,)), fixed, space)
    return possible | {"batch_size": beside.get("batch_size", (DEFAULT_VALUES["batch_size"],))}


def _values(parameter: Parameter, needed: Condition | None, is_sure: bool) -> tuple[Any, ...]:
    values = tuple(extremes(parameter).values()) if needed is None else needed.values
    return values if is_sure else (*values, *_default(parameter.name))


def _default(name: str) -> tuple[Any, ...]:
    return (DEFAULT_VALUES[name],) if name in DEFAULT_VALUES else ()
