"""Predictions from the command line."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.cli import predict
from app.client import Client
from tests.app.cli.running import Parfocal

ROWS = [(row, "ab"[row % 2], 2 * row + 10 * (row % 2)) for row in range(60)]  # as in the fixture `table`

IMAGES = np.random.default_rng(0).integers(0, 256, (60, 2, 2), dtype=np.uint8)
LABELS = np.where(IMAGES.mean(axis=(1, 2)) < 128, "dark", "light")


@pytest.fixture(scope="session")
def studied(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Any]]:
    """A complete study that predicts a column of the table, made once."""
    made: dict[str, dict[str, Any]] = {}

    def study_of(target: str) -> dict[str, Any]:
        if target not in made:
            path = tmp_path_factory.mktemp("studied") / "houses.csv"
            path.write_text("\n".join(["area,town,price", *(f"{a},{t},{p}" for a, t, p in ROWS)]))
            dataset = client.upload_dataset(path, target)
            request = {"objective": {"dataset": dataset["id"], "training": {"epochs": 20}}, "trials": 2, "seed": 0}
            made[target] = client.wait(client.create_study(request | {"strategy": {"type": "random"}})["id"])
        return made[target]

    return study_of


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_numbers_are_written_beside_the_table(
    parfocal: Parfocal, client: Client, studied: Callable[[str], dict[str, Any]], table: Path
) -> None:
    study = studied("price")
    outcome = parfocal("predict", study["id"], str(table))
    assert (outcome.exit_code, outcome.err) == (0, "")
    expected = client.predict(study["id"], [{"area": area, "town": town} for area, town, _ in ROWS])
    assert rows_of(outcome.out) == [
        {"area": str(area), "town": town, "price": str(price), "predicted_price": repr(prediction["value"])}
        for (area, town, price), prediction in zip(ROWS, expected, strict=True)
    ]


def test_classes_are_written_with_their_probabilities_into_a_file(
    parfocal: Parfocal, client: Client, studied: Callable[[str], dict[str, Any]], table: Path, tmp_path: Path
) -> None:
    study = studied("town")
    outcome = parfocal("predict", study["id"], str(table), "-o", str(tmp_path / "out.csv"))
    assert (outcome.exit_code, outcome.out) == (0, "")
    assert outcome.err == f"{tmp_path / 'out.csv'} holds 60 predictions of town\n"
    expected = client.predict(study["id"], [{"area": area, "price": price} for area, _, price in ROWS])
    for row, prediction in zip(rows_of((tmp_path / "out.csv").read_text()), expected, strict=True):
        assert row["predicted_town"] == prediction["class"]
        assert {name: float(row[f"probability_{name}"]) for name in "ab"} == prediction["probabilities"]


@pytest.mark.parametrize(("limit", "value"), [("ROWS_AT_A_TIME", 7), ("BYTES_AT_A_TIME", 100), ("BYTES_AT_A_TIME", 1)])
def test_a_table_is_sent_a_part_at_a_time(
    limit: str,
    value: int,
    parfocal: Parfocal,
    studied: Callable[[str], dict[str, Any]],
    table: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = parfocal("predict", studied("price")["id"], str(table))
    monkeypatch.setattr(predict, limit, value)
    parts = parfocal("predict", studied("price")["id"], str(table))
    assert [row["price"] for row in rows_of(parts.out)] == [row["price"] for row in rows_of(whole.out)]
    for one, other in zip(rows_of(parts.out), rows_of(whole.out), strict=True):
        assert float(one["predicted_price"]) == pytest.approx(float(other["predicted_price"]))


def test_a_table_needs_neither_the_target_nor_commas(
    parfocal: Parfocal, studied: Callable[[str], dict[str, Any]], table: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.csv"
    other.write_text("town;area\n" + "".join(f" {town};{area}\n" for area, town, _ in ROWS))
    predicted = [
        [row["predicted_price"] for row in rows_of(parfocal("predict", studied("price")["id"], str(path)).out)]
        for path in (table, other)
    ]
    assert predicted[0] == predicted[1]


@pytest.fixture(scope="session")
def studied_images(client: Client, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A complete study of images of 2 by 2 pixels."""
    path = tmp_path_factory.mktemp("studied") / "images.npz"
    np.savez(path, x=IMAGES, y=LABELS)
    dataset = client.upload_dataset(path)
    request = {"objective": {"dataset": dataset["id"], "training": {"epochs": 20}}, "trials": 2, "seed": 0}
    return client.wait(client.create_study(request | {"strategy": {"type": "random"}})["id"])


def test_the_rows_of_arrays_are_predicted_beside_their_y(
    parfocal: Parfocal, client: Client, studied_images: dict[str, Any], tmp_path: Path
) -> None:
    some = IMAGES[:30].astype(np.float32)
    some[3, 1, 0] = np.nan
    np.savez(tmp_path / "labelled.npz", x=some, y=LABELS[:30])
    np.savez(tmp_path / "flat.npz", x=some.reshape(30, 4))
    labelled, flat = (
        rows_of(parfocal("predict", studied_images["id"], str(tmp_path / name)).out)
        for name in ("labelled.npz", "flat.npz")
    )
    cells = [[None if np.isnan(pixel) else pixel for pixel in row] for row in some.reshape(30, 4).tolist()]
    rows = [dict(zip(["x0", "x1", "x2", "x3"], row, strict=True)) for row in cells]
    answers = client.predict(studied_images["id"], rows)
    assert [row["predicted_y"] for row in labelled] == [answer["class"] for answer in answers]
    assert [row.pop("y") for row in labelled] == list(LABELS[:30])
    assert labelled == flat
    assert list(flat[0]) == ["predicted_y", "probability_dark", "probability_light"]


@pytest.mark.parametrize(
    ("arrays", "complaint"),
    [
        ({"x": np.zeros((5, 3))}, "mine.npz, array 'x': column 'x3' is required"),
        ({"x": np.zeros((5, 3, 3))}, "mine.npz, array 'x': unknown column 'x4': the known ones are 'x0', 'x1'"),
        ({"x": np.diag([1.0, 1.0, np.inf, 1.0])}, "mine.npz, row 2: column 'x2' must be at most ±1e+30, but got 'inf'"),
        ({"x": np.zeros(4)}, "mine.npz: array 'x' must be (rows, features), (rows, height, width)"),
        ({"x": np.array([["a"] * 4])}, "mine.npz: array 'x' must hold numbers, but holds <U1"),
        ({"y": np.zeros(4)}, "mine.npz: array 'x' is missing: an NPZ file needs 'x'"),
    ],
)
def test_arrays_that_cannot_be_predicted_are_named(
    arrays: dict[str, Any], complaint: str, parfocal: Parfocal, studied_images: dict[str, Any], tmp_path: Path
) -> None:
    np.savez(tmp_path / "mine.npz", **arrays)
    outcome = parfocal("predict", studied_images["id"], str(tmp_path / "mine.npz"))
    assert (outcome.exit_code, outcome.out) == (1, "")
    assert outcome.complaint.startswith(complaint)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (
            "area,town\n1,a\n2,c\n",
            "line 3: column 'town' holds 'c', which no training row has: it must be one of",
        ),
        ("area,town\n\n\n,b\nbig,a\n", "line 5: column 'area' must be a number, or null where it is missing, but got"),
        ("area,twon\n1,a\n", "line 1: unknown column 'twon': the nearest known one is 'town'"),
        ("area\n1\n", "line 1: column 'town' is required"),
        ("area,town\n1\n", "line 2 has 1 field, but the header has 2 (separated by ',')"),
        ("", "the file is empty: its first line must name the columns"),
        ("area,town\n", "the file has a header (line 1) with 2 columns, but no rows"),
    ],
)
def test_what_cannot_be_predicted_is_named_with_its_line(
    content: str, complaint: str, parfocal: Parfocal, studied: Callable[[str], dict[str, Any]], tmp_path: Path
) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(content)
    outcome = parfocal("predict", studied("price")["id"], str(path), "-o", str(tmp_path / "out.csv"))
    assert (outcome.exit_code, outcome.out) == (1, "")
    assert outcome.complaint.startswith("mine.csv")
    assert complaint in outcome.complaint
    assert not (tmp_path / "out.csv").exists()


def test_the_line_is_that_of_the_file_in_every_part(
    parfocal: Parfocal, studied: Callable[[str], dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predict, "ROWS_AT_A_TIME", 4)
    path = tmp_path / "mine.csv"
    path.write_text("area,town\n" + "1,a\n" * 9 + "x,a\n1,y\n" + "1,a\n" * 9)
    lines = parfocal("predict", studied("price")["id"], str(path)).err.splitlines()
    assert [line.split(": ")[1] for line in lines] == ["mine.csv, line 11", "mine.csv, line 12"]


def test_a_study_that_is_not_complete_is_refused(
    parfocal: Parfocal, long_study: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "mine.csv"
    names = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)]
    path.write_text(",".join(names) + "\n" + ",".join("0" * 64) + "\n")
    outcome = parfocal("predict", long_study["id"], str(path))
    assert outcome.exit_code == 1
    assert outcome.complaint.endswith(": only a complete study has a model")
