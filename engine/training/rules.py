"""The rules that single values keep, each able to say itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import InvalidField, unknown_name


@dataclass(frozen=True)
class Rule:
    """`text` completes the sentence "`name` must be …"."""

    text: str
    holds: Callable[[Any], bool]
    choices: Sequence[str] = ()

    def check(self, name: str, value: Any) -> None:
        if self.holds(value):
            return
        if self.choices and isinstance(value, str):
            raise InvalidField((name,), f"`{name}`: {unknown_name('choice', value, self.choices)}")
        raise InvalidField((name,), f"`{name}` must be {self.text}, but got {value!r}")


def whole(low: int, high: int) -> Rule:
    return Rule(f"a whole number from {low} to {high}", lambda value: _is_whole(value) and low <= value <= high)


def number(at_least: float | None = None, *, above: float | None = None, below: float = 1e30) -> Rule:
    """A number with a lower bound, inclusive or exclusive; the default upper one is safe to square in float64."""
    lowest = f"at least {at_least:g}" if at_least is not None else f"above {above:g}"

    def holds(value: Any) -> bool:
        return (
            _is_number(value)
            and (at_least is None or value >= at_least)
            and (above is None or value > above)
            and value < below
        )

    return Rule(f"a number {lowest} and below {below:g}", holds)


def choice(names: Sequence[str]) -> Rule:
    return Rule(f"one of {', '.join(names)}", lambda value: isinstance(value, str) and value in names, names)


def switch() -> Rule:
    return Rule("true or false", lambda value: isinstance(value, bool))


def optional(rule: Rule) -> Rule:
    return Rule(f"{rule.text}, or null", lambda value: value is None or rule.holds(value))


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return _is_whole(value) or isinstance(value, float)  # NaN and infinity fail every comparison with the bounds
