"""Conditions: under which values of others a parameter is searched at all."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import InvalidField
from engine.search.fields import read_text, shown, within
from engine.search.scalars import Scalar, is_among, read_scalars


@dataclass(frozen=True)
class Condition:
    """The value called `name` is there and one of `values`."""

    name: str
    values: tuple[Scalar, ...]

    def holds(self, values: Mapping[str, Any]) -> bool:
        return self.name in values and is_among(values[self.name], self.values)

    def implies(self, other: "Condition") -> bool:
        """Say whether `other`, of the same name, holds wherever this one does."""
        return all(is_among(value, other.values) for value in self.values)

    def both(self, other: "Condition") -> "Condition":
        """Return the condition that holds where both do, which may be nowhere: then it has no values."""
        return Condition(self.name, tuple(value for value in self.values if is_among(value, other.values)))


Conditions = tuple[Condition, ...]
"""All of them must hold; of different names."""


def read_conditions(document: object) -> Conditions:
    """Return the conditions of `{"optimizer": ["momentum", "rmsprop"], "hidden_layers": [2]}`: all must hold.

    Raises InvalidField, with the path ("when", …), if the document is no such object.
    """
    if isinstance(document, tuple) and all(isinstance(each, Condition) for each in document):
        return document
    if not isinstance(document, Mapping):
        message = f"`when` must be an object of names, each with a list of values, but got {shown(document)}"
        raise InvalidField(("when",), message)
    conditions = []
    for name, values in document.items():
        read_text("when", name)
        with within("when", name):
            conditions.append(Condition(name, read_scalars(f"when.{name}", values)))
    return tuple(conditions)


def conditions_to_json(conditions: Conditions) -> dict[str, Any]:
    """Return the field `when` of a parameter, or nothing for one that is always searched."""
    return {"when": {each.name: list(each.values) for each in conditions}} if conditions else {}


def merged(conditions: Iterable[Condition]) -> dict[str, Condition]:
    """Return one condition per name, which holds where all of that name do."""
    found: dict[str, Condition] = {}
    for condition in conditions:
        found[condition.name] = condition.both(found[condition.name]) if condition.name in found else condition
    return found
