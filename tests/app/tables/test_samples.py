import json
from pathlib import Path

import numpy as np
import pytest

from app.tables.encoding import Encoder
from app.tables.samples import store_sample
from engine.errors import InvalidField
from engine.training.dataset import open_dataset
from engine.training.samples import SAMPLE_NAMES, load_dataset, read_sample


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_a_stored_sample_is_what_the_engine_loads_to_the_bit(tmp_path: Path, name: str) -> None:
    opened, loaded = open_dataset(store_sample(tmp_path, name).path), load_dataset(name)
    assert (opened.task, opened.classes, opened.outputs) == (loaded.task, loaded.classes, loaded.outputs)
    for split, expected in [(opened.train, loaded.train), (opened.dev, loaded.dev)]:
        for array, other in [(split.inputs, expected.inputs), (split.targets, expected.targets)]:
            assert (array.dtype, array.shape) == (other.dtype, other.shape)
            assert array.tobytes() == other.tobytes()
    assert opened.input_standardisation.to_json() == loaded.input_standardisation.to_json()
    assert opened.target_standardisation.to_json() == loaded.target_standardisation.to_json()


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_the_test_rows_of_a_sample_are_standardised_as_the_others(tmp_path: Path, name: str) -> None:
    sample = read_sample(name)
    stored = store_sample(tmp_path, name)
    opened = open_dataset(stored.path)
    inputs_and_one, targets = (np.load(stored.path / f"{part}_test.npy") for part in "xy")
    inputs = inputs_and_one[:, :-1]
    assert np.allclose(opened.input_standardisation.undo(inputs), sample.rows("test")[0], rtol=1e-5, atol=1e-5)
    assert np.allclose(opened.target_standardisation.undo(targets), sample.rows("test")[1], rtol=1e-5)


def test_a_sample_is_described_like_a_table(tmp_path: Path) -> None:
    sample = read_sample("breast-cancer")
    stored = store_sample(tmp_path, "breast-cancer")
    assert stored.description["target"] == "diagnosis"
    assert stored.description["class_names"] == ["benign", "malignant"]
    assert stored.description["split"] == {"sample": "breast-cancer"}
    assert stored.description["splits"]["train"]["rows"] == 341
    encoder = Encoder.from_json(json.loads((stored.path / "dataset.json").read_text())["columns"])
    assert encoder.features == list(sample.columns)
    assert encoder.columns[0].to_json() == {
        "fill": float(np.median(sample.rows("train")[0][:, 0])),
        "has_missing": False,
    }


def test_a_sample_is_stored_once(tmp_path: Path) -> None:
    assert store_sample(tmp_path, "digits") == store_sample(tmp_path, "digits")
    assert len(list(tmp_path.iterdir())) == 1


def test_an_unknown_sample_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidField, match="unknown sample dataset 'digit': the nearest known one is 'digits'"):
        store_sample(tmp_path, "digit")
    assert list(tmp_path.iterdir()) == []
