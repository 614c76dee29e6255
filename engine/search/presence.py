"""Which parameters a trial has: those whose conditions hold, and the rules that conditions within a space keep."""

from collections.abc import Mapping, Sequence
from itertools import chain

from engine.errors import InvalidField
from engine.search.conditions import Condition, merged
from engine.search.fields import shown, within
from engine.search.parameters import FloatParameter, Parameter


def requirements(parameters: Sequence[Parameter]) -> dict[str, dict[str, Condition]]:
    """Return, for each parameter, all that must hold where it is present, by the name that it is about.

    That is more than its own conditions: a parameter which they name must be present too.
    """
    found: dict[str, dict[str, Condition]] = {}
    for parameter in parameters:
        inherited = (found.get(condition.name, {}).values() for condition in parameter.when)
        found[parameter.name] = merged(chain(parameter.when, *inherited))
    return found


def check_conditions(parameters: Sequence[Parameter]) -> None:
    """Raise InvalidField, with the path from the space, for a condition on itself, on a later parameter or on a float,
    and for one that can never hold. A name that is no parameter is left for `SearchSpace.given` to judge."""
    for position, parameter in enumerate(parameters):
        for condition in parameter.when:
            with within("parameters", position, "when", condition.name):
                _check_condition(parameters, position, condition)
    for position, parameter in enumerate(parameters):
        for condition in requirements(parameters)[parameter.name].values() if parameter.when else ():
            if not condition.values:
                message = f"`when` of {parameter.name!r} can never hold: it asks {condition.name!r} for values that "
                raise InvalidField(
                    ("parameters", position, "when"), message + "its own conditions and those above them never share"
                )


def _check_condition(parameters: Sequence[Parameter], position: int, condition: Condition) -> None:
    names = [parameter.name for parameter in parameters]
    if condition.name not in names:
        return
    named = names.index(condition.name)
    if named >= position:
        raise InvalidField((), _not_earlier(parameters, names[position], condition.name))
    chooser = parameters[named]
    if isinstance(chooser, FloatParameter):
        raise InvalidField((), f"`when` must name an int or a categorical parameter, but {chooser.name!r} is a float")
    for index, value in enumerate(condition.values):
        if not chooser.contains(value):
            raise InvalidField((index,), f"`when` must hold values of {chooser.name!r}, which can never be "
                                         f"{shown(value)}: it is {_range(chooser)}")  # fmt: skip


def _not_earlier(parameters: Sequence[Parameter], name: str, named: str) -> str:
    cycle = _way({parameter.name: [each.name for each in parameter.when] for parameter in parameters}, named, name)
    if cycle:
        way = " → ".join(map(repr, (name, *cycle)))
        return f"`when` must name an earlier parameter, but these conditions form a cycle: {way}"
    return f"`when` must name an earlier parameter, but {named!r} stands after {name!r}: put it before"


def _way(named_by: Mapping[str, Sequence[str]], start: str, end: str) -> tuple[str, ...]:
    """Return the shortest way along the conditions from `start` to `end`, both included; () if there is none."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen = {start}
    for way in ways:  # which grows meanwhile
        if way[-1] == end:
            return way
        following = [name for name in named_by.get(way[-1], ()) if name not in seen]
        seen.update(following)
        ways += [(*way, name) for name in following]
    return ()


def _range(parameter: Parameter) -> str:
    document = parameter.to_json()
    if "choices" in document:
        return f"one of {shown(document['choices'])}"
    step = f" in steps of {document['step']}" if document["step"] > 1 else ""
    return f"an integer from {document['low']} to {document['high']}{step}"
