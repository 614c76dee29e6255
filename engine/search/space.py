"""A search space: the parameters a study may vary."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from engine.errors import InvalidField, unknown_name
from engine.search.conditions import Condition
from engine.search.fields import read_list, read_object, read_text, within
from engine.search.parameters import Parameter, parameter_from_json
from engine.search.presence import check_conditions, requirements
from engine.search.scalars import Scalar

MAX_PARAMETERS = 100  # far above what a random search can cover; keeps stored trials and boxes small


@dataclass(frozen=True)
class SearchSpace:
    """At least one parameter, each with a name of its own, in the order in which their values are drawn.

    A trial has the parameters whose conditions hold. A condition is about an earlier parameter, or about a value that
    is fixed outside the space: `given` settles those, and until then they do not hold.
    """

    parameters: tuple[Parameter, ...]
    name: str | None = None

    def __post_init__(self) -> None:
        if self.name is not None:
            read_text("name", self.name)
        if not 1 <= len(self.parameters) <= MAX_PARAMETERS:
            rule = f"`parameters` must hold 1 to {MAX_PARAMETERS} parameters"
            raise InvalidField(("parameters",), f"{rule}, but holds {len(self.parameters)}")
        for position, name in enumerate(self.names):
            if name in self.names[:position]:
                message = f"the `name` of each parameter must differ, but {name!r} is there twice"
                raise InvalidField(("parameters", position, "name"), message)
        check_conditions(self.parameters)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(parameter.name for parameter in self.parameters)

    def present(self, values: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """Return those of `values`, one for each parameter, whose conditions hold: what a trial is given."""
        found: dict[str, Scalar] = {}
        for parameter in self.parameters:
            if all(condition.holds(found) for condition in parameter.when):
                found[parameter.name] = values[parameter.name]
        return found

    @cached_property
    def requirements(self) -> Mapping[str, Mapping[str, Condition]]:
        """What must hold where each parameter is present, by the name that it is about."""
        return requirements(self.parameters)

    def given(self, fixed: Mapping[str, Any]) -> "SearchSpace":
        """Return what is left to search where the names in `fixed` have these values.

        A condition on such a name is settled: it goes where it holds, and where it does not its parameter goes, with
        all that hangs on it. Raises InvalidField for a condition on a name that is neither there nor an earlier
        parameter, and if nothing is left.
        """
        outside = {name: value for name, value in fixed.items() if name not in self.names}
        left: dict[str, Parameter] = {}
        for position, parameter in enumerate(self.parameters):
            for condition in parameter.when:
                self._check_known(position, condition.name, outside)
            if all(condition.name in left or condition.holds(outside) for condition in parameter.when):
                still_open = tuple(condition for condition in parameter.when if condition.name in left)
                left[parameter.name] = replace(parameter, when=still_open)
        if not left:
            raise InvalidField(("parameters",), "`parameters` must leave something to search, but each has a condition "
                                                "that does not hold under the fixed values")  # fmt: skip
        return SearchSpace(tuple(left.values()), self.name)

    def _check_known(self, position: int, name: str, outside: Mapping[str, Any]) -> None:
        if name not in self.names and name not in outside:
            message = "`when` must name an earlier parameter or a fixed value: "
            known = [*self.names[:position], *outside]
            path = ("parameters", position, "when", name)
            raise InvalidField(path, message + unknown_name("name", name, known))

    @classmethod
    def from_json(cls, document: object) -> "SearchSpace":
        """Return the space that `document` describes: {"name": …, "parameters": [{"name": …, "type": …, …}, …]}.

        Raises InvalidField, with the path from the document, for whatever is unknown, missing or wrong in it.
        """
        values = read_object("a search space", document, required=["parameters"], optional=["name"])
        parameters = []
        for position, parameter in enumerate(read_list("parameters", values["parameters"])):
            with within("parameters", position):
                parameters.append(parameter_from_json(parameter))
        return cls(tuple(parameters), values.get("name"))

    def to_json(self) -> dict[str, Any]:
        """Return the document of this space with its defaults written out."""
        return {"name": self.name, "parameters": [parameter.to_json() for parameter in self.parameters]}
