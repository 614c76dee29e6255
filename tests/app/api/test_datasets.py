"""Tables over HTTP: uploaded whole or not at all, and gone from the disk with the last dataset that needs them."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import numpy as np
import pytest

from app.settings import Settings
from app.tables import ingest
from tests.app.api.problems import field_error, problem_of
from tests.app.waiting import wait_until

Stored = Callable[[], dict[str, object]]

ROWS = 60
FLOWERS = "size,place,kind\n" + "".join(
    f"{row / 7},{'' if row == 5 else 'sun' if row % 2 else 'shade'},{'abc'[row % 3]}\n" for row in range(ROWS)
)
PRICES = "area;rooms;price\n" + "".join(f"{row};{row % 4};{row * 1000.5}\n" for row in range(ROWS))

PIXELS = "a,b,c,d,y\n" + "".join(f"{row},{row * 2},{row % 5},1,{row % 2}\n" for row in range(ROWS))


def upload(api: httpx.Client, table: str | bytes, filename: str = "table.csv", **fields: Any) -> httpx.Response:
    return api.post("/v1/datasets", files={"file": (filename, table, "text/csv")}, data=fields)


def folders(settings: Settings) -> set[str]:
    return {path.name for path in settings.datasets_dir.iterdir()}


def test_a_classification_table_is_split_and_encoded(api: httpx.Client, settings: Settings) -> None:
    answer = upload(api, FLOWERS, "flowers.csv", target="kind")
    assert answer.status_code == 201
    dataset = answer.json()
    assert answer.headers["location"] == f"/v1/datasets/{dataset['id']}"
    assert api.get(answer.headers["location"]).json() == dataset
    assert (dataset["name"], dataset["task"], dataset["target"]) == ("flowers", "classification", "kind")
    assert dataset["built_in"] is False
    assert dataset["class_names"] == ["a", "b", "c"]
    assert {name: split["rows"] for name, split in dataset["splits"].items()} == {"train": 36, "dev": 12, "test": 12}
    assert dataset["splits"]["dev"]["class_rows"] == {"a": 4, "b": 4, "c": 4}
    assert dataset["split"] == {"fractions": [0.6, 0.2, 0.2], "seed": 0}
    assert [(column["name"], column["kind"]) for column in dataset["columns"]] == [
        ("size", "number"),
        ("place", "text"),
    ]
    assert dataset["content_hash"] in folders(settings)


def test_a_regression_table_with_all_options(api: httpx.Client) -> None:
    options: dict[str, Any] = {"name": "Preise", "task": "regression", "split": "[0.5, 0.25, 0.25]", "split_seed": 7}
    dataset = upload(api, PRICES, target="price", **options).raise_for_status().json()
    assert (dataset["name"], dataset["task"], dataset["class_names"]) == ("Preise", "regression", [])
    assert [split["rows"] for split in dataset["splits"].values()] == [30, 15, 15]
    assert dataset["split"] == {"fractions": [0.5, 0.25, 0.25], "seed": 7}


def test_a_column_can_say_how_to_split(api: httpx.Client) -> None:
    table = "a,part,y\n" + "".join(
        f"{row},{'train' if row < 30 else 'dev' if row < 45 else 'test'},{row % 2}\n" for row in range(ROWS)
    )
    dataset = upload(api, table, target="y", split_column="part").raise_for_status().json()
    assert [split["rows"] for split in dataset["splits"].values()] == [30, 15, 15]
    assert dataset["split"] == {"column": "part"}


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def bars() -> bytes:
    """Noisy pictures (5, 4) of a bar that lies or stands."""
    rng = np.random.default_rng(0)
    images, stands = rng.integers(0, 50, (ROWS, 5, 4), dtype=np.uint8), np.arange(ROWS) % 2 == 1
    images[stands, :, 2] += 200
    images[~stands, 2, :] += 200
    return npz(x=images, y=np.where(stands, "stands", "lies"))


def test_arrays_become_a_dataset_of_images(api: httpx.Client) -> None:
    answer = upload(api, bars(), "bars.npz", split="[0.5, 0.25, 0.25]")
    assert answer.status_code == 201
    dataset = answer.json()
    assert (dataset["name"], dataset["task"], dataset["target"]) == ("bars", "classification", "y")
    assert dataset["class_names"] == ["lies", "stands"]
    assert [split["rows"] for split in dataset["splits"].values()] == [30, 15, 15]
    assert dataset["image_shape"] == [5, 4, 1]
    assert len(dataset["columns"]) == 20
    assert dataset["columns"][19]["features"] == ["x19"]


def test_a_table_of_pixels_can_be_images(api: httpx.Client) -> None:
    dataset = upload(api, PIXELS, target="y", image_shape="[2, 2]").raise_for_status().json()
    assert dataset["image_shape"] == [2, 2, 1]
    assert upload(api, PIXELS, target="y").raise_for_status().json()["image_shape"] is None


def test_images_are_searched_with_augmentation(service: httpx.Client) -> None:
    dataset = upload(service, bars(), "bars.npz").raise_for_status().json()
    training = {"epochs": 2, "augmentation": {"shift": 1, "flip": True, "rotate": 10, "noise": 0.1}}
    request = {
        "objective": {"dataset": dataset["id"], "training": training},
        "strategy": {"type": "random"},
        "trials": 2,
    }
    location = service.post("/v1/studies", json=request).raise_for_status().headers["location"]
    wait_until(lambda: service.get(location).json()["state"] == "complete")


def test_the_bytes_that_curl_sends_are_understood(api: httpx.Client) -> None:
    body = (
        '--x\r\nContent-Disposition: form-data; name="file"; filename="my table.csv"\r\nContent-Type: text/csv\r\n\r\n'
        f'{FLOWERS}\r\n--x\r\nContent-Disposition: form-data; name="target"\r\n\r\nkind\r\n--x--\r\n'
    )
    answer = api.post(
        "/v1/datasets",
        content=body.encode(),
        headers={"content-type": "multipart/form-data; boundary=x", "expect": "100-continue"},
    )
    assert answer.raise_for_status().json()["name"] == "my table"


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("a/b/prices.csv", "prices"),
        ("prices", "prices"),
        ("/", "table"),
        ("\u200b.csv", "table"),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_dataset_without_a_name_has_that_of_its_file(filename: str, name: str, api: httpx.Client) -> None:
    assert upload(api, FLOWERS, filename, target="kind").raise_for_status().json()["name"] == name


WRONG_TABLES: dict[str, tuple[str | bytes, dict[str, Any], str, str]] = {
    "empty": (b"", {"target": "kind"}, "/file", "empty"),
    "header alone": ("a,kind\n", {"target": "kind"}, "/file", "no rows"),
    "ragged": (FLOWERS + "1,2\n", {"target": "kind"}, "/file", "line 62 has 2 fields, but the header has 3"),
    "not UTF-8": (FLOWERS.encode() + b"1,\xff,a\n", {"target": "kind"}, "/file", "line 62 is not UTF-8"),
    "no such target": (FLOWERS, {"target": "kinds"}, "/target", "the nearest known one is 'kind'"),
    "constant target": ("a,y\n" + "1,2\n" * 20, {"target": "y"}, "/target", "nothing to learn"),
    "missing target": (FLOWERS + "1,sun,\n", {"target": "kind"}, "/target", "line 62"),
    "rare class": (FLOWERS + "1,sun,d\n", {"target": "kind"}, "/target", "class 'd'"),
    "wrong task": (FLOWERS, {"target": "kind", "task": "regression"}, "/task", "regression needs a target of numbers"),
    "unknown task": (FLOWERS, {"target": "kind", "task": "clasification"}, "/task", "'classification'"),
    "no such split column": (FLOWERS, {"target": "kind", "split_column": "plaec"}, "/split_column", "'place'"),
    "shares that do not sum": (FLOWERS, {"target": "kind", "split": "[0.6, 0.2, 0.1]"}, "/split", "must sum to 1"),
    "two shares": (FLOWERS, {"target": "kind", "split": "[0.5, 0.5]"}, "/split", "three numbers"),
    "shares that are no list": (FLOWERS, {"target": "kind", "split": "0.6"}, "/split", "three numbers"),
    "shares that are texts": (FLOWERS, {"target": "kind", "split": '["0.6", "0.2", "0.2"]'}, "/split", "three numbers"),
    "shares that are no JSON": (FLOWERS, {"target": "kind", "split": "60/20/20"}, "/split", "three numbers"),
    "nested shares": (FLOWERS, {"target": "kind", "split": "[" * 100_000}, "/split", "three numbers"),
    "NaN in shares": (FLOWERS, {"target": "kind", "split": "[NaN, 0.5, 0.5]"}, "/split", "nan"),
    "infinite share": (FLOWERS, {"target": "kind", "split": "[1e999, 0.5, 0.5]"}, "/split", "inf"),
    "huge share": (FLOWERS, {"target": "kind", "split": f"[{'9' * 400}, 0.5, 0.5]"}, "/split", ""),
    "seed that is none": (FLOWERS, {"target": "kind", "split_seed": "NaN"}, "/split_seed", "integer"),
    "infinite seed": (FLOWERS, {"target": "kind", "split_seed": "1e999"}, "/split_seed", "integer"),
    "huge seed": (FLOWERS, {"target": "kind", "split_seed": 2**63}, "/split_seed", str(2**53 - 1)),
    "seed of many digits": (FLOWERS, {"target": "kind", "split_seed": "9" * 5000}, "/split_seed", "integer"),
    "negative seed": (FLOWERS, {"target": "kind", "split_seed": -1}, "/split_seed", "-1"),
    "NUL in the name": (FLOWERS, {"target": "kind", "name": "a\0b"}, "/name", "printable"),
    "NUL in the target": (FLOWERS, {"target": "a\0b"}, "/target", "'a\\x00b'"),
    "long name": (FLOWERS, {"target": "kind", "name": "x" * 201}, "/name", "at most 200"),
    "unknown field": (FLOWERS, {"target": "kind", "taget": "x"}, "/taget", "the nearest known one is 'target'"),
    "no target": (FLOWERS, {}, "/target", "`target` is required"),
    "shape that is no list": (FLOWERS, {"target": "kind", "image_shape": "8,8"}, "/image_shape", "but got '8,8'"),
    "shape of texts": (FLOWERS, {"target": "kind", "image_shape": '["1", "1"]'}, "/image_shape", "[height, width]"),
    "shape of one number": (FLOWERS, {"target": "kind", "image_shape": "[2]"}, "/image_shape", "but got [2]"),
    "shape of four": (FLOWERS, {"target": "kind", "image_shape": "[1, 1, 1, 1]"}, "/image_shape", "[height, width]"),
    "shape without pixels": (FLOWERS, {"target": "kind", "image_shape": "[2, 0]"}, "/image_shape", "but got [2, 0]"),
    "huge shape": (
        PIXELS,
        {"target": "y", "image_shape": f"[{10**40}, 1]"},
        "/image_shape",
        "must have as many pixels",
    ),
    "shape of other size": (PIXELS, {"target": "y", "image_shape": "[2, 3]"}, "/image_shape", "4, but [2, 3] has 6"),
    "texts as pixels": (FLOWERS, {"target": "kind", "image_shape": "[1, 3]"}, "/image_shape", "'place' holds text"),
    "arrays and a target": (bars(), {"target": "y"}, "/target", "has no effect on an NPZ file"),
    "arrays and a split column": (bars(), {"split_column": "split"}, "/split_column", "give it an array 'split'"),
    "arrays of another shape": (bars(), {"image_shape": "[4, 4]"}, "/image_shape", "20, but [4, 4] has 16"),
    "arrays and a wrong task": (bars(), {"task": "regression"}, "/task", "'y' holds 'lies' in row 0"),
    "an array alone": (b"\x93NUMPY\x01\x00", {"target": "y"}, "/file", "save `x` and `y` together, with numpy.savez"),
    "truncated arrays": (bars()[:-100], {}, "/file", "no whole NPZ file"),
    "pickled arrays": (npz(x=np.array([{}]), y=np.ones(1)), {}, "/file", "array 'x' holds pickled Python objects"),
    "one array alone": (npz(x=np.ones((20, 3))), {}, "/file", "array 'y' is missing"),
    "missing pixel": (PIXELS + "1,,3,4,0\n" * 30, {"target": "y", "image_shape": "[2, 2]"}, "/image_shape", "'b'"),
}


@pytest.mark.parametrize("name", WRONG_TABLES)
def test_a_wrong_table_is_refused_and_nothing_is_left(name: str, api: httpx.Client, stored: Stored) -> None:
    table, fields, pointer, part = WRONG_TABLES[name]
    before = stored()
    found, message = field_error(upload(api, table, **fields))
    assert found == pointer
    assert part in message
    assert stored() == before


def test_a_form_without_a_file_is_refused(api: httpx.Client) -> None:
    missing = api.post("/v1/datasets", data={"target": "kind"})
    assert field_error(missing) == ("/file", "`file` is required")
    as_text = api.post("/v1/datasets", data={"target": "kind", "file": "flowers.csv"})
    assert field_error(as_text)[1] == "`file` must be a file (curl: `--form file=@table.csv`), but got 'flowers.csv'"
    as_json = api.post("/v1/datasets", json={"target": "kind"})
    assert {error["pointer"] for error in problem_of(as_json, 422)["errors"]} == {"/file"}


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=x"])
def test_a_broken_form_is_a_bad_request(content_type: str, api: httpx.Client) -> None:
    problem_of(api.post("/v1/datasets", content=b"garbage", headers={"content-type": content_type}), 400)


@pytest.mark.parametrize("is_announced", [True, False])
def test_a_file_over_the_limit_is_refused(is_announced: bool, api: httpx.Client, stored: Stored) -> None:
    before = stored()
    request = api.build_request(
        "POST", "/v1/datasets", files={"file": ("t.csv", b"x" * 2**20)}, data={"target": "kind"}
    )
    body = request.read()
    headers = {"content-type": request.headers["content-type"]}
    answer = api.post("/v1/datasets", content=body if is_announced else iter([body]), headers=headers)
    problem = problem_of(answer, 413)
    assert "1,048,576 bytes (1 MiB, PARFOCAL_MAX_UPLOAD_MEBIBYTES)" in problem["detail"]
    assert f"{len(body):,}" in problem["detail"]
    assert stored() == before


def test_a_file_just_within_the_limit_is_read(api: httpx.Client) -> None:
    table = FLOWERS + "\n" * (2**20 - len(FLOWERS) - 1000)
    assert upload(api, table, target="kind").status_code == 201


def test_datasets_of_one_content_share_a_folder_until_the_last_is_deleted(
    api: httpx.Client, settings: Settings
) -> None:
    table = "a,y\n" + "".join(f"{row * 3},{row % 2}\n" for row in range(ROWS))
    before = folders(settings)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda number: upload(api, table, f"{number}.csv", target="y"), range(4)))
    datasets = [answer.raise_for_status().json() for answer in answers]
    assert len({dataset["id"] for dataset in datasets}) == 4
    [content_hash] = {dataset["content_hash"] for dataset in datasets}
    for dataset in datasets:
        assert folders(settings) - before == {content_hash}
        assert api.delete(f"/v1/datasets/{dataset['id']}").status_code == 204
        problem_of(api.get(f"/v1/datasets/{dataset['id']}"), 404)
    assert folders(settings) == before


def test_an_upload_survives_that_its_content_is_deleted_meanwhile(
    api: httpx.Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = "a,y\n" + "".join(f"{row * 5},{row % 2}\n" for row in range(ROWS))
    others = [upload(api, table, target="y").raise_for_status().json()]
    read_table = ingest.ingest

    def delete_the_other_when_read(*arguments: Any) -> Any:
        stored = read_table(*arguments)
        if others:
            httpx.delete(f"{api.base_url}/v1/datasets/{others.pop()['id']}").raise_for_status()
            assert not stored.path.exists()
        return stored

    monkeypatch.setattr(ingest, "ingest", delete_the_other_when_read)
    dataset = upload(api, table, target="y").raise_for_status().json()
    assert others == []
    assert dataset["content_hash"] in folders(settings)


def test_a_dataset_in_use_stays_until_its_study_is_deleted(api: httpx.Client, settings: Settings) -> None:
    dataset = upload(api, FLOWERS, target="kind").raise_for_status().json()
    request = {"objective": {"dataset": dataset["id"]}, "name": "the user"}
    study = api.post("/v1/studies", json=request).raise_for_status().headers["location"]
    problem = problem_of(api.delete(f"/v1/datasets/{dataset['id']}"), 409)
    assert f"dataset '{dataset['id']}' is in use by study 'the user'" in problem["detail"]
    assert dataset["content_hash"] in folders(settings)
    api.post(f"{study}/cancel").raise_for_status()
    problem_of(api.delete(f"/v1/datasets/{dataset['id']}"), 409)  # its export still tells of it
    api.delete(study).raise_for_status()
    assert api.delete(f"/v1/datasets/{dataset['id']}").status_code == 204


def test_a_built_in_dataset_stays(api: httpx.Client) -> None:
    assert "built in" in problem_of(api.delete("/v1/datasets/digits"), 409)["detail"]
    assert api.get("/v1/datasets/digits").json()["splits"]["train"]["rows"] > 1000


def test_an_uploaded_table_is_searched_to_the_end(service: httpx.Client) -> None:
    dataset = upload(service, PRICES, target="price", task="regression").raise_for_status().json()
    request = {
        "objective": {"dataset": dataset["id"], "training": {"epochs": 2}},
        "strategy": {"type": "random"},
        "trials": 2,
    }
    study = service.post("/v1/studies", json=request).raise_for_status()
    assert study.json()["objective"]["metric"] == "rmse"
    location = study.headers["location"]
    wait_until(lambda: service.get(location).json()["state"] == "complete")
