"""Early stopping: the errors and the norm of the weights, epoch by epoch."""

from pathlib import Path

import numpy as np

from engine.training import TrainingPlan
from engine.training.metrics import metric_for
from engine.training.pack import Pack
from scripts.engine_pictures.studies import DIABETES
from scripts.engine_pictures.style import AMBER, BLUE, QUIET, beside, name_ends, panels, save
from scripts.engine_pictures.tables import markdown

PLAN = TrainingPlan(
    hidden_units=(64, 64), activation="tanh", learning_rate=0.001, batch_size=32, epochs=200, metric="rmse"
)


def draw(folder: Path) -> dict[str, str]:
    pack, metric = Pack([PLAN], DIABETES), metric_for(PLAN.metric, DIABETES.task)
    history = []
    for _ in range(PLAN.epochs):
        pack.train_epoch()
        errors = [metric.compute(pack.evaluation.outputs(split))[0] for split in (DIABETES.train, DIABETES.dev)]
        norm = np.sqrt(sum(np.square(weights).sum() for weights in pack.parameters.weights))
        history.append((*errors, norm))
    train, dev, norms = np.array(history, np.float64).T
    epochs, best = np.arange(1, PLAN.epochs + 1), int(dev.argmin())

    figure, axes = panels(2, 2.6)
    name_ends(axes[0], [("train", epochs, train, QUIET), ("dev", epochs, dev, BLUE)])
    name_ends(axes[1], [("", epochs, norms, AMBER)])
    axes[0].set(title="error on diabetes (rmse)", xlabel="epoch", ylim=(25, 80))
    axes[1].set(title="norm of the weights", xlabel="epoch", ylim=(8.7, 11.6))
    for axis, value, colour, up in ((axes[0], dev[best], BLUE, 22), (axes[1], norms[best], AMBER, -9)):
        axis.plot(epochs[best], value, "o", color=colour, markersize=6)
        beside(axis, epochs[best], value, f"epoch {best + 1}, the best", colour, dx=6, dy=up)
    save(figure, folder, "early_stopping")
    rows = [[f"{n + 1}", f"{train[n]:.1f}", f"{dev[n]:.1f}", f"{norms[n]:.1f}"] for n in (0, best, PLAN.epochs - 1)]
    rows[1][0] += ", the best"
    return {"early stopping": markdown(["epoch", "train rmse", "dev rmse", "norm of the weights"], rows)}
