"""A search space: the parameters a study may vary."""

from dataclasses import dataclass
from typing import Any

from engine.errors import InvalidField
from engine.search.fields import read_list, read_object, read_text, within
from engine.search.parameters import Parameter, parameter_from_json

MAX_PARAMETERS = 100  # far above what a random search can cover; keeps stored trials and boxes small


@dataclass(frozen=True)
class SearchSpace:
    """At least one parameter, each with a name of its own, in the order in which their values are drawn."""

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

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(parameter.name for parameter in self.parameters)

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
