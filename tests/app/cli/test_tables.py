"""Tables and search spaces from the command line."""

import json
from pathlib import Path

import numpy as np
import pytest

from app.client import Client
from tests.app.cli.running import Parfocal


def test_a_table_is_added_and_listed(parfocal: Parfocal, client: Client, table: Path) -> None:
    added = parfocal("datasets", "add", str(table), "--target", "price", "--name", "homes")
    assert added.exit_code == 0
    assert "60 rows (36 train, 12 dev, 12 test), 2 columns, regression of price" in added.out
    listed = parfocal("datasets").out.splitlines()
    assert listed[0].split() == ["id", "name", "task", "target", "rows", "columns"]
    homes = next(line.split() for line in listed if "homes" in line)
    assert homes[1:] == ["homes", "regression", "price", "60", "2"]
    client.delete_dataset(homes[0])


def test_a_table_is_added_with_every_option(parfocal: Parfocal, client: Client, table: Path) -> None:
    options = ["--task", "regression", "--split", "0.5", "0.25", "0.25", "--split-seed", "4", "--json"]
    dataset = json.loads(parfocal("datasets", "add", str(table), "--target", "price", *options).out)
    assert [split["rows"] for split in dataset["splits"].values()] == [30, 15, 15]
    listed = {item["id"]: item for item in json.loads(parfocal("datasets", "--json").out)["items"]}
    assert listed[dataset["id"]].items() <= dataset.items()
    client.delete_dataset(dataset["id"])


def test_arrays_are_added_as_images(parfocal: Parfocal, client: Client, tmp_path: Path) -> None:
    rows, y = np.random.default_rng(0).normal(size=(60, 6)), np.arange(60) % 2
    np.savez(tmp_path / "pixels.npz", x=rows, y=y)
    added = parfocal("datasets", "add", str(tmp_path / "pixels.npz"), "--image-shape", "[2, 3]", "--json")
    dataset = json.loads(added.out)
    assert (dataset["name"], dataset["task"], dataset["image_shape"]) == ("pixels", "classification", [2, 3, 1])
    client.delete_dataset(dataset["id"])
    same = client.upload_dataset(tmp_path / "pixels.npz", image_shape=(2, 3))
    assert same["content_hash"] == dataset["content_hash"]
    client.delete_dataset(same["id"])


def test_a_table_needs_a_target_and_arrays_have_one(parfocal: Parfocal, table: Path, tmp_path: Path) -> None:
    assert parfocal("datasets", "add", str(table)).complaint.startswith("/target: `target` is required")
    np.savez(tmp_path / "arrays.npz", x=np.eye(60), y=np.arange(60) % 2)
    outcome = parfocal("tune", str(tmp_path / "arrays.npz"), "--trials", "8", "--seed", "1")
    assert outcome.exit_code == 0
    assert "classification of y" in outcome.out


def test_a_table_that_is_refused_is_one_line(parfocal: Parfocal, table: Path) -> None:
    outcome = parfocal("datasets", "add", str(table), "--target", "prices")
    assert outcome.exit_code == 1
    assert outcome.complaint == "/target: unknown column 'prices': the nearest known one is 'price'"


def test_tuning_a_table_goes_from_the_file_to_the_best_values(parfocal: Parfocal, table: Path) -> None:
    outcome = parfocal("tune", str(table), "--target", "price", "--trials", "8", "--seed", "1")
    assert outcome.exit_code == 0
    assert "dataset houses (" in outcome.out
    assert "8 trials, space mlp-basic, seed 1" in outcome.out
    assert "complete, 8/8 trials, best dev rmse " in outcome.out
    assert "Best values" in outcome.out
    assert "parfocal trials " in outcome.err


@pytest.mark.parametrize("option", [["--space", "absent"], ["--trials", "20001"]])
def test_tuning_that_is_refused_leaves_no_dataset_behind(
    parfocal: Parfocal, client: Client, table: Path, option: list[str]
) -> None:
    before = list(client.datasets())
    outcome = parfocal("tune", str(table), "--target", "price", *option)
    assert (outcome.exit_code, outcome.out) == (1, "")
    assert outcome.complaint.startswith("/")
    assert list(client.datasets()) == before


def test_the_search_spaces_are_listed_with_their_parameters(parfocal: Parfocal, client: Client) -> None:
    out = parfocal("spaces").out
    assert "0.0001 to 0.1, log" in out
    assert "0.9 to 0.999, reverse_log" in out
    assert "32, 64, 128" in out
    listed = json.loads(parfocal("spaces", "--json").out)
    assert listed == {"items": list(client.search_spaces()), "next_cursor": None}


def test_a_condition_is_told_with_its_parameter(parfocal: Parfocal, client: Client) -> None:
    optimizer = {"name": "optimizer", "type": "categorical", "choices": ["sgd", "momentum", "adam"]}
    when = {"optimizer": ["sgd", "momentum"], "batch_norm": [True]}
    client.create_search_space(
        {"parameters": [optimizer, {"name": "l2", "type": "int", "low": 0, "high": 9, "when": when}]}
    )
    out = " ".join(parfocal("spaces").out.split())  # which wraps where the screen is narrow
    assert "when optimizer is sgd or momentum" in out
    assert "when batch_norm is true" in out


def test_what_a_space_draws_is_shown(parfocal: Parfocal, client: Client) -> None:
    out = parfocal("spaces", "mlp-momentum").out
    assert "median" in out
    assert "0.99" in out
    assert "█" in out
    assert json.loads(parfocal("spaces", "mlp-momentum", "--json").out) == client.preview_search_space("mlp-momentum")
    assert parfocal("spaces", "nowhere").exit_code == 1
