"""A picture of how a search zoomed in: for each parameter, where in the space each round drew its values."""

import math
from collections.abc import Mapping, Sequence
from itertools import chain, repeat
from typing import Any

from rich.table import Table
from rich.text import Text

from app.cli.console import plain_table, printable
from app.cli.figures import number

TITLE = "How the search zoomed in (a bar is the space, █ is where the round drew)"
BAR_WIDTH = 24  # characters for the whole range of a parameter
MAX_ROUNDS = 6  # of more rounds the first and the last few tell the story
MAX_CHOICES = 4  # likewise of choices, the likeliest


def zoom_table(parameters: Sequence[Mapping[str, Any]], rounds: Sequence[Mapping[str, Any]]) -> Table:
    """One row per parameter and round, from a search space's `parameters` and a study's rounds."""
    table = plain_table("parameter", "round", "", "drawn from", right=["round"])
    for parameter in parameters:
        name, scale = parameter["name"], parameter.get("scale", "linear")
        headings = chain([printable(name), "" if scale == "linear" else f"  {scale}"], repeat(""))
        for heading, told in zip(headings, _told(rounds), strict=False):
            table.add_row(heading, str(told["number"]), *_side(parameter, told["box"][name]))
    return table


def _told(rounds: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    return rounds if len(rounds) <= MAX_ROUNDS else [rounds[0], *rounds[1 - MAX_ROUNDS :]]


def _side(parameter: Mapping[str, Any], side: Mapping[str, Any]) -> tuple[Text | str, str]:
    """One parameter's side of a box, as a bar and in words."""
    if "choices" in side:
        return "", _likeliest(side["choices"], side["weights"])
    start, end = (_share(parameter, value) for value in (side["low"], side["high"]))
    return _bar(start, end), f"{number(side['low'])} to {number(side['high'])}"


def _share(parameter: Mapping[str, Any], value: float) -> float:
    """Where in the parameter's range, from 0 to 1, a value lies on its scale."""
    from engine.search.scales import SCALES  # here, because NumPy comes along and takes a while

    return SCALES[parameter.get("scale", "linear")].to_unit(value, parameter["low"], parameter["high"])


def _bar(start: float, end: float) -> Text:
    first = min(math.floor(start * BAR_WIDTH), BAR_WIDTH - 1)
    beyond = max(math.ceil(end * BAR_WIDTH), first + 1)
    return Text.assemble("·" * first, ("█" * (beyond - first), "cyan"), "·" * (BAR_WIDTH - beyond))


def _likeliest(choices: Sequence[Any], weights: Sequence[float]) -> str:
    """The choices with their shares of the draws; of many the likeliest, in the order of the space."""
    ranked = sorted(range(len(choices)), key=lambda index: -weights[index])
    told = [
        f"{number(choices[index])} {100 * weights[index] / sum(weights):.0f} %"
        for index in sorted(ranked[:MAX_CHOICES])
    ]
    return ", ".join(told + [f"{len(choices) - MAX_CHOICES} more"] * (len(choices) > MAX_CHOICES))
