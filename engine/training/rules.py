"""The rules that single values keep, each able to say itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from engine.errors import InvalidField, unknown_name

LARGEST = 1e30  # safe to square in float64, with room left


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


def number(
    at_least: float | None = None, *, above: float | None = None, below: float = LARGEST, at_most: float | None = None
) -> Rule:
    """A number between bounds, each inclusive or exclusive; the default upper one is safe to square in float64."""
    lowest = f"at least {at_least:g}" if at_least is not None else f"above {above:g}"
    highest = f"below {below:g}" if at_most is None else f"at most {at_most:g}"

    def holds(value: Any) -> bool:
        return (
            _is_number(value)
            and (at_least is None or value >= at_least)
            and (above is None or value > above)
            and (value < below if at_most is None else value <= at_most)
        )

    return Rule(f"a number {lowest} and {highest}", holds)


def choice(names: Sequence[str]) -> Rule:
    return Rule(f"one of {', '.join(names)}", lambda value: isinstance(value, str) and value in names, names)


def switch() -> Rule:
    return Rule("true or false", lambda value: isinstance(value, bool))


def optional(rule: Rule) -> Rule:
    return Rule(f"{rule.text}, or null", lambda value: value is None or rule.holds(value))


def rate_list() -> Rule:
    """Learning rates by the epoch from which they hold."""

    def holds(value: Any) -> bool:
        if not isinstance(value, list | tuple) or not all(map(_is_epoch_and_rate, value)):
            return False
        epochs = [epoch for epoch, _ in value]
        return all(earlier < later for earlier, later in pairwise(epochs))

    return Rule("a list of [epoch, rate] in the order of their epochs, which count from 1, each rate above 0", holds)


def _is_epoch_and_rate(entry: Any) -> bool:
    if not isinstance(entry, list | tuple) or len(entry) != len(("epoch", "rate")):
        return False
    epoch, rate = entry
    return _is_whole(epoch) and epoch >= 1 and _is_number(rate) and 0 < rate < LARGEST


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return _is_whole(value) or isinstance(value, float)  # NaN and infinity fail every comparison with the bounds
