"""Making new training rows of images: shifted, mirrored, turned and noisy ones of the same class."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from engine.training.rules import Rule, number, switch, whole

MAX_SHIFT = 1000

_RULES: dict[str, Rule] = {
    "shift": whole(0, MAX_SHIFT),
    "flip": switch(),
    "rotate": number(0, at_most=180),
    "noise": number(0),
}


@dataclass(frozen=True)
class Augmentation:
    """shift    pixels, at most, up or down and left or right; fewer than an image is high and wide
    flip     whether half of the images are mirrored left to right
    rotate   degrees, at most, either way, about the centre
    noise    standard deviation of what is added to each pixel, in units of the pixels' own over the training rows
    """

    shift: int = 0
    flip: bool = False
    rotate: float = 0.0
    noise: float = 0.0

    @property
    def moves(self) -> bool:
        """Whether pixels change their places."""
        return self.shift > 0 or self.flip or self.rotate > 0


def augmentation_rule() -> Rule:
    names = ", ".join(f"{field.name} ({_RULES[field.name].text})" for field in fields(Augmentation))
    return Rule(f"null or an object with any of {names}", _holds)


def _holds(value: Any) -> bool:
    if value is None or isinstance(value, Augmentation):
        return True
    return isinstance(value, Mapping) and all(
        name in _RULES and _RULES[name].holds(part) for name, part in value.items()
    )
