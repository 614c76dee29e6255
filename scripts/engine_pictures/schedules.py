"""The learning-rate schedules over thirty epochs."""

from pathlib import Path
from typing import Any

from engine.training import TrainingPlan
from engine.training.schedules import learning_rate
from engine.training.values import ScheduleName
from scripts.engine_pictures.style import AMBER, BLUE, INK, QUIET, RED, TEAL, VIOLET, beside, panels, save

EPOCHS = 30
# A schedule, its settings, colour, its words and how far its label is moved up, in points
KINDS: tuple[tuple[ScheduleName, dict[str, Any], str, str, float], ...] = (
    ("constant", {}, QUIET, "constant", 0),
    ("exponential", {"decay_rate": 0.95}, BLUE, "exponential, decay_rate 0.95", -1),
    ("staircase", {"decay_rate": 0.5, "decay_every": 10}, TEAL, "staircase, decay_rate 0.5, decay_every 10", 9),
    ("sqrt", {"decay_k": 1.0}, VIOLET, "sqrt, decay_k 1", -8),
    ("time", {"decay_rate": 1.0}, AMBER, "time, decay_rate 1", 3),
    ("manual", {"rates": ((6, 0.6), (16, 0.15), (24, 0.02))}, RED, "manual [[6, 0.6], [16, 0.15], [24, 0.02]]", -8),
)


def draw(folder: Path) -> dict[str, str]:
    figure, (axis,) = panels(1, 3.0)
    for name, settings, colour, text, up in KINDS:
        plan = TrainingPlan(learning_rate=1.0, schedule=name, **settings)
        rates = [learning_rate(plan, epoch) for epoch in range(1, EPOCHS + 1)]
        is_stepped = name in ("staircase", "manual")
        axis.plot(range(1, EPOCHS + 1), rates, color=colour, drawstyle="steps-mid" if is_stepped else "default")
        beside(axis, EPOCHS, rates[-1], text, colour, dx=8, dy=up)
    axis.set(title="learning rate, started from 1", xlabel="epoch", xlim=(0.5, EPOCHS + 0.2), ylim=(0, 1.05))
    axis.title.set_color(INK)
    save(figure, folder, "schedules")
    return {}
