"""The diagnosis: verdicts on some errors, when each sign is seen, and what is advised."""

from pathlib import Path

from engine.training import signs
from engine.training.advice import ADVICE
from engine.training.diagnosis import verdict_of
from engine.training.evaluation import NEARLY_ALL
from engine.training.result import Sign
from scripts.engine_pictures.tables import markdown, percent

EXAMPLES = [(0.01, 0.11, 0.0), (0.15, 0.16, 0.0), (0.15, 0.30, 0.0), (0.005, 0.01, 0.0), (0.15, 0.16, 0.15)]

WHEN: dict[Sign, str] = {
    "vanishing": f"at the first mini-batch ‖dW‖ of the first layer is below {signs.TINY_NORM:g}, or "
    f"{signs.UNEQUAL:,.0f} times smaller than that of the last",
    "exploding": f"it is {signs.UNEQUAL:,.0f} times larger than that of the last; or some ‖dW‖ exceeds "
    f"{signs.HUGE_NORM:,.0f}; or the loss, {signs.HUGE_LOSS:.0f} times that of a guess; or the training diverged",
    "saturated": f"more than {100 * signs.MANY_SATURATED:.0f} % of a layer's units are flat on "
    f"{100 * NEARLY_ALL:.0f} % of the dev rows",
    "plateau": f"the loss is above {100 * signs.HIGH_LOSS:.0f} % of that of a guess and fell by less than "
    f"{100 * signs.FLAT_FALL:.0f} % over the last quarter of the epochs, because the gradient is no larger than the "
    "noise of a mini-batch, or the steps are too short to follow it; told only where nothing exploded or is saturated",
}


def draw(_folder: Path) -> dict[str, str]:
    return {
        "verdicts": markdown(["train", "dev", "base", "avoidable bias", "variance", "verdict"], _verdicts()),
        "signs": markdown(["sign", "when"], [[f"`{sign}`", text] for sign, text in WHEN.items()]),
        "advice": markdown(
            ["finding", "what to try next, as far as the plan does not do it yet"],
            [[f"`{finding}`", "; ".join(each.text for each in advice)] for finding, advice in ADVICE.items()],
        ),
    }


def _verdicts() -> list[list[str]]:
    rows = []
    for train, dev, base in EXAMPLES:
        bias, variance = train - base, dev - train
        numbers = [percent(number) for number in (train, dev, base, bias, variance)]
        rows.append([*numbers, f"`{verdict_of(bias, variance)}`"])
    return rows
