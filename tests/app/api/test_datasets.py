"""Tables over HTTP: uploaded whole or not at all, and gone from the disk with the last dataset that needs them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from app.settings import Settings
from app.tables import ingest
from tests.app.api.problems import problem_of
from tests.app.api.tables import FLOWERS, PIXELS, PRICES, ROWS, bars, upload
from tests.app.waiting import wait_until


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


def test_arrays_become_a_dataset_of_images(api: httpx.Client) -> None:
    answer = upload(api, bars(), "bars.npz", split="[0.5, 0.25, 0.25]")
    assert answer.status_code == 201
    dataset = answer.json()
    assert (dataset["name"], dataset["task"], dataset["target"]) == ("bars", "classification", "y")
    assert dataset["class_names"] == ["lies", "stands"]
    assert [split["rows"] for split in dataset["splits"].values()] == [30, 15, 15]
    assert dataset["image_shape"] == [5, 4, 1]
    assert len(dataset["columns"]) == dataset["column_count"] == 20
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
