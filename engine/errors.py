"""How the engine refuses an input: which field, what it holds, which rule it breaks."""

import difflib
from collections.abc import Iterable, Sequence

Path = tuple[str | int, ...]

NEAR = 0.6  # of difflib's similarity, 0 to 1: its own limit for what may well have been meant
MAX_LISTED_CHARACTERS = 200  # of names in a message: two or three lines in a terminal


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
    """Say that `name` is no known `kind`, and which known name is nearest to it, whatever the case of its letters.

    Of a few names among which none is near, all are told: the nearest of them would be a guess.
    """
    return f"unknown {kind} {name!r}: {_hint(name, [*known])}"


def _hint(name: str, known: Sequence[str]) -> str:
    if not known:
        return "none is known here"
    names = {each.casefold(): each for each in known}
    asked = name.casefold()
    [nearest] = difflib.get_close_matches(asked, names, n=1, cutoff=0.0)
    is_begun = bool(asked) and (nearest.startswith(asked) or asked.startswith(nearest))
    is_near = is_begun or difflib.SequenceMatcher(None, nearest, asked).ratio() >= NEAR
    listed = ", ".join(map(repr, known))
    if is_near or len(listed) > MAX_LISTED_CHARACTERS:
        return f"the nearest known one is {names[nearest]!r}"
    return f"the only known one is {listed}" if len(known) == 1 else f"the known ones are {listed}"
