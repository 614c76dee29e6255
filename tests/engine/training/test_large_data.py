"""A large dataset is mapped into a worker: its memory does not grow with the rows beyond what `memory` tells."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from engine.training.arrays import with_one
from engine.training.dataset import DESCRIPTION_FILE
from engine.training.standardisation import Standardisation

ROWS = {"train": 16_000, "dev": 4_000}
FEATURES, CLASSES = 784, 10
TRAIN_AND_DEV_BYTES = sum(ROWS.values()) * FEATURES * 4
# What does not hang on the members: buffers of the libraries, what a process frees and keeps.
CONSTANT_BYTES = 4 * 2**20

TRAIN = """
    import json, sys, tracemalloc
    from pathlib import Path

    from engine.training import TrainingPlan, open_dataset, train_pack
    from engine.training.data_shape import DataShape
    from engine.training.memory import pack_bytes
    from tests.engine.training.small_data import clouds

    def own_bytes():
        lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Anonymous:"))

    values = {"hidden_layers": 1, "hidden_units": 32, "keep_prob": 0.8, "batch_size": 64, "epochs": 1}
    plans = [TrainingPlan.from_values(values | json.loads(sys.argv[2]), seed=seed) for seed in range(2)]
    dataset = open_dataset(Path(sys.argv[1]))
    plain = TrainingPlan.from_values(values)
    train_pack([plain], clouds(10))  # what the first training alone loads
    tracemalloc.start()
    before, during = own_bytes(), []
    results = train_pack(plans, dataset, on_epoch=lambda *_: during.append(own_bytes()))
    assert all(result.failure is None for result in results)
    print(json.dumps({
        "stated": pack_bytes(plans[0], len(plans), DataShape.of(dataset)),
        "peak of what Python allocated": tracemalloc.get_traced_memory()[1],
        "memory that no file stands for": max(during) - before,
    }))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20,000 images of 28 × 28."""
    directory, rng = tmp_path_factory.mktemp("large"), np.random.default_rng(0)
    for name, rows in ROWS.items():
        np.save(directory / f"x_{name}.npy", with_one(rng.random((rows, FEATURES), np.float32)))
        np.save(directory / f"y_{name}.npy", rng.integers(CLASSES, size=rows, dtype=np.int32))
    description = {
        "task": "classification",
        "classes": CLASSES,
        "input_standardisation": Standardisation(np.zeros(FEATURES), np.ones(FEATURES)).to_json(),
        "target_standardisation": Standardisation.identity().to_json(),
        "image_shape": (28, 28, 1),
    }
    (directory / DESCRIPTION_FILE).write_text(json.dumps(description))
    return directory


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="Linux alone tells it")
@pytest.mark.parametrize(
    ("values", "copies"),
    [({}, 0), ({"augmentation": {"shift": 1}}, 0), ({"normalize_inputs": False}, 1)],
    ids=["dropout", "augmented", "raw inputs: one copy for all members"],
)
def test_a_pack_holds_no_copy_of_the_rows(values: dict[str, object], copies: int, folder: Path) -> None:
    command = [sys.executable, "-c", textwrap.dedent(TRAIN), str(folder), json.dumps(values)]
    done = subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    bound = found.pop("stated") + CONSTANT_BYTES
    assert bound < (copies + 0.5) * TRAIN_AND_DEV_BYTES, "else another copy would go unnoticed"
    assert all(size <= bound for size in found.values()), (bound, found)
