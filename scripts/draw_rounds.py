"""Draw how a search zoomed in: `parfocal export STUDY | python scripts/draw_rounds.py learning_rate l2 > rounds.svg`.

Two numeric parameters of an exported study: a panel per round with its box, and the trials drawn so far.
"""

import json
import sys
from typing import Any

from engine.search import SearchSpace
from engine.search.parameters import FloatParameter, IntParameter

PANEL = 200  # pixels
GAP = 36
TOP = 58
BEST, WORST = (20, 110, 180), (214, 222, 232)  # colours of the lowest and of a poor value

Numeric = FloatParameter | IntParameter


def main(names: list[str]) -> None:
    print(draw(json.load(sys.stdin), *names))


def draw(document: dict[str, Any], x_name: str, y_name: str) -> str:
    space = SearchSpace.from_json(document["study"]["search_space"])
    x, y = (next(p for p in space.parameters if p.name == name) for name in (x_name, y_name))
    assert isinstance(x, Numeric)
    assert isinstance(y, Numeric)
    rounds = document["rounds"]
    width, height = len(rounds) * (PANEL + GAP) + GAP, PANEL + TOP + 48
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        f'font-size="12" fill="#333"><rect width="{width}" height="{height}" fill="white"/>'
    ]
    for index, round_ in enumerate(rounds):
        shown = [
            trial
            for trial in document["trials"]
            if trial["round"] <= round_["number"] and {x.name, y.name} <= trial["values"].keys()
        ]
        parts += [
            f'<g transform="translate({GAP + index * (PANEL + GAP)} {TOP})">',
            *panel(round_, shown, x, y),
            "</g>",
        ]
    return "\n".join([*parts, "</svg>"])


def panel(round_: dict[str, Any], shown: list[dict[str, Any]], x: Numeric, y: Numeric) -> list[str]:
    values = sorted(trial["value"] for trial in shown if trial["value"] is not None)
    low, poor = values[0], values[int(0.7 * (len(values) - 1))]
    box = round_["box"]
    left, right = (position(x, box[x.name][end]) for end in ("low", "high"))
    bottom, top = (PANEL - position(y, box[y.name][end]) for end in ("low", "high"))
    parts = [
        f'<text x="0" y="-30" font-weight="bold">round {round_["number"]}</text>',
        f'<text x="0" y="-12">{round_["trials"]} trials, best {100 * low:.1f} %</text>',
        f'<rect width="{PANEL}" height="{PANEL}" fill="#fafafa" stroke="#ccc"/>',
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{bottom - top:.1f}" fill="#fff3d6" '
        'stroke="#e39b00" stroke-width="1.5"/>',
        f'<text x="{PANEL / 2}" y="{PANEL + 18}" text-anchor="middle">{x.name}</text>',
        f'<text transform="translate(-9 {PANEL / 2}) rotate(-90)" text-anchor="middle">{y.name}</text>',
    ]
    return parts + [dot(trial, trial["round"] == round_["number"], low, poor, x, y) for trial in shown]


def dot(trial: dict[str, Any], is_new: bool, low: float, poor: float, x: Numeric, y: Numeric) -> str:
    share = 1.0 if trial["value"] is None else min((trial["value"] - low) / max(poor - low, 1e-12), 1)
    colour = ",".join(f"{b + (w - b) * share:.0f}" for b, w in zip(BEST, WORST, strict=True))
    place = f'cx="{position(x, trial["values"][x.name]):.1f}" cy="{PANEL - position(y, trial["values"][y.name]):.1f}"'
    edge = ' stroke="#333" stroke-width="0.8"' if is_new else ""
    return f'<circle {place} r="{4 if is_new else 2.5}" fill="rgb({colour})"{edge}/>'


def position(parameter: Numeric, value: float) -> float:
    """Pixels from the low end, on the parameter's own scale."""
    return PANEL * parameter.to_unit(value)


if __name__ == "__main__":
    main(sys.argv[1:])
