"""Make engine/training/samples/*.npz from scikit-learn's copies of the data: `python -m scripts.make_sample_data`.

The bytes are the same each time, on one version of NumPy and zlib.
"""

from pathlib import Path
from typing import Any

import numpy as np
from sklearn import datasets

from app.tables.splitting import DEFAULT_FRACTIONS, assign_rows
from engine.training.arrays import Array

FOLDER = Path(__file__).parent.parent / "engine" / "training" / "samples"
SPLIT_SEED = 0


def digits() -> dict[str, Any]:
    source = datasets.load_digits()
    classes = [str(name) for name in source.target_names]
    made = _classification("digit", source.data, source.target, source.feature_names, classes)
    return made | {"image_shape": np.array([8, 8, 1])}


def breast_cancer() -> dict[str, Any]:
    source = datasets.load_breast_cancer()
    # Sorted, as the classes of a table are. "malignant" becomes class 1, which precision and recall are about.
    classes = sorted(str(name) for name in source.target_names)
    labels = np.searchsorted(classes, source.target_names[source.target])
    return _classification("diagnosis", source.data, labels, source.feature_names, classes)


def diabetes() -> dict[str, Any]:
    source = datasets.load_diabetes(scaled=False)
    splits = assign_rows(np.zeros(len(source.target), np.int64), DEFAULT_FRACTIONS, SPLIT_SEED)
    return _arrays("regression", "progression", source.data, source.target, splits, source.feature_names, [])


def _classification(target: str, inputs: Array, labels: Array, columns: Any, classes: list[str]) -> dict[str, Any]:
    splits = assign_rows(labels, DEFAULT_FRACTIONS, SPLIT_SEED)
    return _arrays("classification", target, inputs, labels.astype(np.uint8), splits, columns, classes)


def _arrays(
    task: str, target: str, inputs: Array, targets: Array, splits: Array, columns: Any, classes: list[str]
) -> dict[str, Any]:
    short = inputs.astype(np.float32)
    return {
        "task": np.array(task),
        "target": np.array(target),
        "x": short if np.array_equal(short, inputs) else inputs.astype(np.float64),
        "y": targets,
        "split": splits,
        "columns": np.array(columns, dtype=np.str_),
        "classes": np.array(classes, dtype=np.str_),
        "image_shape": np.array([], dtype=np.int64),
    }


SAMPLES = {"digits": digits, "breast-cancer": breast_cancer, "diabetes": diabetes}


def main() -> None:
    for name, make in SAMPLES.items():
        np.savez_compressed(FOLDER / f"{name}.npz", allow_pickle=False, **make())


if __name__ == "__main__":
    main()
