"""How the engine refuses an input: which field, what it holds, which rule it breaks."""

import difflib
from collections.abc import Iterable

Path = tuple[str | int, ...]


class InvalidField(ValueError):
    """One field of a search space, a strategy or a training plan breaks a rule.

    `path` leads to the field from the root of what was given: ("parameters", 2, "low").
    `message` names the field, its value and the rule, and can be read alone.
    """

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.message = message

    def within(self, *prefix: str | int) -> "InvalidField":
        """The same complaint, seen from a larger document that holds this one under `prefix`."""
        return InvalidField((*prefix, *self.path), self.message)


def unknown_name(kind: str, name: str, known: Iterable[str]) -> str:
    """Say that `name` is no known `kind`, and which known name is nearest to it, whatever the case of its letters."""
    names = {each.casefold(): each for each in known}
    nearest = difflib.get_close_matches(name.casefold(), names, n=1, cutoff=0.0)
    hint = f"the nearest known one is {names[nearest[0]]!r}" if nearest else "none is known here"
    return f"unknown {kind} {name!r}: {hint}"
