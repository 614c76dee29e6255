"""Values that somebody brings along, as a search space would give them to a trial."""

from typing import Any

from engine.errors import InvalidField
from engine.search.conditions import Condition
from engine.search.fields import read_object, shown
from engine.search.parameters import CategoricalParameter, FloatParameter, IntParameter, Parameter
from engine.search.scalars import Scalar, identity
from engine.search.space import SearchSpace


def read_values(space: SearchSpace, document: object) -> dict[str, Scalar]:
    """Return the values of a trial, one for each parameter whose conditions hold, in the order of the space.

    Raises InvalidField, with the path from the document, for a name that the space lacks, a value that is missing or
    outside its parameter's range, and one whose parameter's conditions do not hold.
    """
    given = read_object("a trial's values", document, required=(), optional=space.names)
    found: dict[str, Scalar] = {}
    for parameter in space.parameters:
        unmet = next((condition for condition in parameter.when if not condition.holds(found)), None)
        if unmet is None:
            found[parameter.name] = _read(parameter, given)
        elif parameter.name in given:
            raise InvalidField((parameter.name,), _no_place(parameter, given[parameter.name], unmet, found))
    return found


def _read(parameter: Parameter, given: dict[str, Any]) -> Scalar:
    name = parameter.name
    if name not in given:
        raise InvalidField((name,), f"`{name}` is required in a trial's values, but is missing")
    value = given[name]
    if not parameter.contains(value):
        raise InvalidField((name,), f"`{name}` must be {_rule(parameter)}, but got {shown(value)}")
    match parameter:
        case FloatParameter():
            return float(value)
        case CategoricalParameter():
            return next(choice for choice in parameter.choices if identity(choice) == identity(value))
        case IntParameter():
            return int(value)


def _rule(parameter: Parameter) -> str:
    match parameter:
        case FloatParameter():
            return f"a number from {parameter.low} to {parameter.high}"
        case CategoricalParameter():
            return f"one of {shown(list(parameter.choices))}"
        case IntParameter():
            steps = f" in steps of {parameter.step}" if parameter.step > 1 else ""
            return f"an integer from {parameter.low} to {parameter.high}{steps}"


def _no_place(parameter: Parameter, value: object, unmet: Condition, found: dict[str, Scalar]) -> str:
    there = f"is {shown(found[unmet.name])}" if unmet.name in found else "is not there"
    return (
        f"`{parameter.name}` must be left out where `{unmet.name}` {there}, as it is searched only where that is one "
        f"of {shown(list(unmet.values))}, but got {shown(value)}"
    )
