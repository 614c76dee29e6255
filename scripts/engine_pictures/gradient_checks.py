"""The numerical gradients' errors by their ε."""

from pathlib import Path

import numpy as np

from engine.training import TrainingPlan
from engine.training.gradient_check import EPSILON, check_gradients
from scripts.engine_pictures.studies import FEW_DIGITS
from scripts.engine_pictures.style import AMBER, BLUE, FAINT, QUIET, beside, panels, save
from scripts.engine_pictures.tables import markdown

PLAN = TrainingPlan(hidden_units=(8, 6), activation="tanh", l2=1.0, batch_norm=True)


def draw(folder: Path) -> dict[str, str]:
    epsilons = np.geomspace(1e-9, 1e-1, 25)
    found = [check_gradients(PLAN, FEW_DIGITS, epochs=2, epsilon=epsilon).overall for epsilon in epsilons]
    figure, (axis,) = panels(1, 2.6)
    one_sided, two_sided = ([getattr(check, kind) for check in found] for kind in ("one_sided_error", "relative_error"))
    axis.axhspan(1e-3, 1, color="#f7e3dd", linewidth=0)
    axis.axvline(EPSILON, color=FAINT, linewidth=1)
    axis.plot(epsilons, one_sided, color=AMBER)
    axis.plot(epsilons, two_sided, color=BLUE)
    beside(axis, epsilons[14], one_sided[14], "one-sided, falls with ε", AMBER, dx=-14, dy=12, ha="right")
    beside(axis, epsilons[18], two_sided[18], "two-sided, falls with ε²", BLUE, dx=10, dy=-4)
    beside(axis, epsilons[1], two_sided[1], "float64 rounds", QUIET, dx=10, dy=8)
    beside(axis, EPSILON, 3e-12, "ε used here", QUIET)
    beside(axis, 1e-9, 2e-2, "wrong", "#c2452d", dx=6)
    axis.set(title="relative error of a right gradient", xscale="log", yscale="log", xlabel="ε", ylim=(1e-12, 0.1))
    save(figure, folder, "gradient_checks")
    checks = check_gradients(PLAN, FEW_DIGITS, epochs=2)
    rows = [
        [f"`{check.name}`", f"{check.relative_error:.0e}", f"{check.one_sided_error:.0e}", f"`{check.verdict}`"]
        for check in [*checks.layers, checks.overall]
    ]
    return {"gradient checks": markdown(["", "two-sided error", "one-sided error", "verdict"], rows)}
