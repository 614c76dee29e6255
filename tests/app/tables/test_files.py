import errno
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from app.errors import InsufficientStorage
from app.tables import files
from app.tables.encoding import Encoder
from app.tables.files import remove, store, sweep
from app.tables.prepared import PreparedDataset, standardise
from engine.training.dataset import open_dataset


def prepared(offset: float = 0.0, rows: int = 4) -> PreparedDataset:
    inputs = np.random.default_rng(0).normal(size=(rows, 3)) + offset
    labels = np.arange(rows) % 2
    dataset, test = standardise("classification", [(inputs * factor, labels) for factor in (1, 2, 3)], 2)
    return PreparedDataset(dataset, test, "kind", ["no", "yes"], Encoder(()), {"seed": 0})


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_stored_dataset_is_what_training_opens(tmp_path: Path) -> None:
    made = prepared()
    stored = store(tmp_path / "datasets", made)
    assert stored.path == tmp_path / "datasets" / stored.content_hash
    assert names(stored.path) == [
        "dataset.json",
        *(f"{part}_{split}.npy" for part in "xy" for split in ("dev", "test", "train")),
    ]
    opened = open_dataset(stored.path)
    for split, expected in [(opened.train, made.dataset.train), (opened.dev, made.dataset.dev)]:
        assert split.inputs.dtype == np.float32
        assert split.targets.dtype == np.int32
        assert np.array_equal(split.inputs, expected.inputs)
        assert np.array_equal(split.targets, expected.targets)
    assert opened.input_standardisation.to_json() == made.dataset.input_standardisation.to_json()
    assert np.array_equal(np.load(stored.path / "x_test.npy", allow_pickle=False), made.test.inputs_and_one)
    assert np.array_equal(np.load(stored.path / "y_test.npy", allow_pickle=False), made.test.targets)


def test_the_description_is_the_file_and_tells_rows_and_balance(tmp_path: Path) -> None:
    stored = store(tmp_path, prepared())
    assert json.loads((stored.path / "dataset.json").read_text()) == stored.description
    assert stored.description["class_names"] == ["no", "yes"]
    assert stored.description["splits"]["dev"] == {"rows": 4, "class_rows": {"no": 2, "yes": 2}}


def test_the_same_content_is_stored_once(tmp_path: Path) -> None:
    first = store(tmp_path, prepared())
    written = (first.path / "x_train.npy").stat()
    assert store(tmp_path, prepared()) == first
    assert (first.path / "x_train.npy").stat() == written
    assert names(tmp_path) == [first.content_hash]


def test_other_rows_have_another_hash(tmp_path: Path) -> None:
    assert store(tmp_path, prepared()).content_hash != store(tmp_path, prepared(offset=0.5)).content_hash


def test_the_test_rows_count_into_the_hash(tmp_path: Path) -> None:
    made = prepared()
    stored = store(tmp_path, made)
    made.test.inputs[0, 0] += 1
    assert store(tmp_path, made).content_hash != stored.content_hash


def test_many_uploads_of_the_same_content_at_once_leave_one_folder(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        stored = list(pool.map(lambda _: store(tmp_path, prepared()), range(16)))
    assert names(tmp_path) == [stored[0].content_hash]
    assert len({dataset.content_hash for dataset in stored}) == 1


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InsufficientStorage, match=f"no space left on the disk of {tmp_path} to store the dataset"):
        store(tmp_path, prepared())
    assert names(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_disk_that_fills_up_within_an_array_is_known_as_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_array = files._write_array
    monkeypatch.setattr(files, "_write_array", lambda _path, array: write_array(Path("/dev/full"), array))
    with pytest.raises(InsufficientStorage):
        store(tmp_path, prepared(rows=100_000))
    assert names(tmp_path) == []


def test_another_error_of_the_disk_stays_what_it_is_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_descriptor: int) -> None:
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="input/output error"):
        store(tmp_path, prepared())
    assert names(tmp_path) == []


def crash_before_rename(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave what a process leaves that is killed just before it renames: nobody cleans up."""
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", lambda *_args, **_options: None)
        patched.setattr(files, "_rename", lambda *_paths: None)
        store(root, prepared())


def test_what_a_crash_leaves_does_no_harm_and_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crash_before_rename(tmp_path, monkeypatch)
    assert len(names(tmp_path)) == 1
    stored = store(tmp_path, prepared())
    assert len(names(tmp_path)) == 2
    sweep(tmp_path)
    assert names(tmp_path) == [stored.content_hash]
    assert open_dataset(stored.path).train.rows == 4


def test_sweeping_a_folder_that_is_not_there_does_nothing(tmp_path: Path) -> None:
    sweep(tmp_path / "datasets")
    assert names(tmp_path) == []


def test_a_removed_dataset_is_gone_and_can_be_stored_again(tmp_path: Path) -> None:
    stored = store(tmp_path, prepared())
    other = store(tmp_path, prepared(offset=1.0))
    remove(tmp_path, stored.content_hash)
    remove(tmp_path, stored.content_hash)
    assert names(tmp_path) == [other.content_hash]
    assert store(tmp_path, prepared()) == stored


def test_who_has_a_dataset_open_can_read_on_after_its_removal(tmp_path: Path) -> None:
    stored = store(tmp_path, prepared())
    opened = open_dataset(stored.path)
    remove(tmp_path, stored.content_hash)
    assert np.array_equal(opened.train.inputs, prepared().dataset.train.inputs)


@pytest.mark.parametrize("name", ["", ".", "..", "../datasets", "x" * 64])
def test_only_a_hash_can_be_removed(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="a content hash has 64 hexadecimal digits, but got"):
        remove(tmp_path, name)
    assert tmp_path.exists()
