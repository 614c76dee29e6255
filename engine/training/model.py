"""A trained network with all it needs to answer: its weights and the scales of its inputs and targets.

As a file it is an NPZ without pickled objects, made to be used with NumPy alone:

    W1, b1, W2, b2, …          layer by layer; batch norm is folded in
    activation                 of the hidden layers: relu, leaky_relu, tanh or sigmoid
    input_mean, input_scale    (features,): the network takes (x - mean) / scale; the scale of a constant feature is inf
    target_mean, target_scale  (): for regression the answer is output · scale + mean
    task                       classification or regression
    class_names                in the order of the outputs; of two classes the one output is the second's logit
    columns                    JSON: how a raw row becomes the features
"""

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from engine.training.arrays import Array
from engine.training.dataset import Dataset, Task
from engine.training.layers.activations import ACTIVATIONS, ActivationName, sigmoid
from engine.training.plan import TrainingPlan
from engine.training.result import TrainingResult
from engine.training.standardisation import Standardisation


@dataclass(frozen=True)
class Model:
    task: Task
    activation: ActivationName
    parameters: Sequence[Array]  # W1 (inputs, outputs), b1 (outputs,), W2, b2, …
    inputs: Standardisation
    targets: Standardisation
    class_names: Sequence[str]  # none for regression
    columns: Sequence[Any]  # how a raw row becomes the features, in the words of whoever encoded it

    @classmethod
    def of(
        cls,
        result: TrainingResult,
        plan: TrainingPlan,
        dataset: Dataset,
        class_names: Sequence[str] = (),
        columns: Sequence[Any] = (),
    ) -> "Model":
        """The network of a training that came to an end. Raises ValueError if it diverged."""
        if result.value is None:
            raise ValueError(f"the training came to no network: {result.failure}")
        inputs = dataset.input_standardisation if plan.normalize_inputs else Standardisation.identity()
        targets = dataset.target_standardisation
        return cls(dataset.task, plan.activation, result.parameters, inputs, targets, class_names, columns)

    def predict(self, rows: Array) -> Array:
        """For features (m, D) in the units they came in: probabilities (m, classes), or numbers (m,) in the target's.

        Raises ValueError for rows of another width.
        """
        features = len(self.parameters[0])
        if rows.ndim != len(("rows", "features")) or rows.shape[1] != features:
            raise ValueError(f"rows must be (m, {features}), but got {rows.shape}")
        logits = self._logits(self.inputs.apply(rows))
        if self.task == "regression":
            return self.targets.undo(logits[:, 0])
        if logits.shape[1] == 1:
            second = sigmoid(logits[:, 0])
            return np.stack([1 - second, second], axis=1)
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities: Array = odds / odds.sum(axis=1, keepdims=True)
        return probabilities

    def save(self, file: Path | BinaryIO) -> None:
        """Write the same bytes for the same model."""
        features = len(self.parameters[0])
        arrays = {f"{'Wb'[n % 2]}{n // 2 + 1}": array for n, array in enumerate(self.parameters)}
        scale = np.where(self.inputs.scale == 0, np.inf, self.inputs.scale)
        _write_npz(
            file,
            {
                **arrays,
                "activation": self.activation,
                "input_mean": np.broadcast_to(self.inputs.mean, features),
                "input_scale": np.broadcast_to(scale, features),
                "target_mean": self.targets.mean,
                "target_scale": self.targets.scale,
                "task": self.task,
                "class_names": np.array(self.class_names, np.str_),
                "columns": json.dumps(list(self.columns), ensure_ascii=False),
            },
        )

    @classmethod
    def load(cls, file: Path | BinaryIO) -> "Model":
        """Read what `save` wrote. Raises ValueError for another file."""
        with np.load(file, allow_pickle=False) as arrays:
            try:
                return cls._from_arrays(arrays)
            except KeyError as error:
                raise ValueError(f"this is no model of Parfocal: {error}") from error

    @classmethod
    def _from_arrays(cls, arrays: Any) -> "Model":
        layers = sum(name.startswith("W") for name in arrays)
        scale = arrays["input_scale"]
        return cls(
            task=str(arrays["task"]),  # type: ignore[arg-type]  # as it was saved
            activation=str(arrays["activation"]),  # type: ignore[arg-type]
            parameters=[arrays[f"{kind}{layer}"] for layer in range(1, layers + 1) for kind in "Wb"],
            inputs=Standardisation(arrays["input_mean"], np.where(np.isinf(scale), 0, scale)),
            targets=Standardisation(arrays["target_mean"], arrays["target_scale"]),
            class_names=arrays["class_names"].tolist(),
            columns=json.loads(str(arrays["columns"])),
        )

    def _logits(self, inputs: Array) -> Array:
        """(m, C) in float64, of which a file's reader need not think."""
        a = inputs[None]
        weights, biases = self.parameters[::2], self.parameters[1::2]
        for number, (w, b) in enumerate(zip(weights, biases, strict=True), start=1):
            z = a @ w.astype(np.float64) + b
            if number < len(weights):
                ACTIVATIONS[self.activation](z).apply(z)
            a = z
        logits: Array = a[0]
        return logits


LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first moment that a ZIP file can name


def _write_npz(file: Path | BinaryIO, arrays: Mapping[str, Any]) -> None:
    """As numpy.savez does, which does not promise to leave the time of writing out."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy", LONG_AGO), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
