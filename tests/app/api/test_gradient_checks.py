"""Gradient checks over HTTP: what is refused, and what a real worker finds."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from app.store import jobs, studies
from app.store.database import Database
from tests.app.api.problems import field_error, problem_of
from tests.app.waiting import wait_until

PATH = "/v1/gradient-checks"


def ended(service: httpx.Client, request: dict[str, Any]) -> dict[str, Any]:
    """Ask for a check, and return it once it has ended."""
    address = service.post(PATH, json=request).raise_for_status().headers["location"]

    def look() -> dict[str, Any] | None:
        check: dict[str, Any] = service.get(address).raise_for_status().json()
        return check if check["state"] in ("complete", "failed") else None

    return wait_until(look)


@pytest.mark.parametrize("dataset", ["digits", "breast-cancer", "diabetes"])
def test_right_gradients_are_found_right_array_by_array(dataset: str, service: httpx.Client) -> None:
    training = {"hidden_units": 8, "activation": "sigmoid", "batch_norm": True, "l2": 3.0, "keep_prob": 0.5}
    check = ended(service, {"dataset": dataset, "training": training, "epochs": 3, "seed": 4})
    assert (check["state"], check["verdict"], check["failure"]) == ("complete", "right", None)
    assert [array["name"] for array in check["layers"]] == [
        "W1", "beta1", "gamma1", "W2", "beta2", "gamma2", "W3", "b3"
    ]  # fmt: skip
    for array in [*check["layers"], check["overall"]]:
        assert array["verdict"] == "right"
        assert array["relative_error"] < 1e-6
        assert array["relative_error"] <= array["one_sided_error"]
        assert 0 < array["checked"] + array["skipped"] <= array["size"]
    assert {name: check[name] for name in ("dataset", "training", "epochs", "seed")} == {
        "dataset": dataset, "training": training, "epochs": 3, "seed": 4
    }  # fmt: skip


def test_of_a_large_array_200_numbers_are_checked(service: httpx.Client) -> None:
    check = ended(service, {"dataset": "digits"})
    assert [(array["size"], array["checked"] + array["skipped"]) for array in check["layers"]] == [
        (4096, 200), (64, 64), (4096, 200), (64, 64), (640, 200), (10, 10)
    ]  # fmt: skip


def test_a_network_that_diverges_on_the_way_has_failed_with_the_reason(service: httpx.Client) -> None:
    training = {"optimizer": "sgd", "learning_rate": 9e29, "normalize_inputs": False}
    check = ended(service, {"dataset": "diabetes", "training": training, "epochs": 20})
    assert (check["state"], check["verdict"], check["layers"]) == ("failed", None, None)
    assert check["failure"] == "the cost is NaN or infinite after 20 epochs: there are no gradients to compare"


def test_a_check_waits_for_a_worker(api: httpx.Client) -> None:
    answer = api.post(PATH, json={"dataset": "digits", "epochs": 2})
    check = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == f"{PATH}/{check['id']}"
    assert (check["state"], check["started_at"], check["verdict"]) == ("waiting", None, None)
    assert api.get(f"{PATH}/{check['id']}").json() == check


def test_the_newest_check_is_listed_first(api: httpx.Client) -> None:
    ids = [api.post(PATH, json={"dataset": "digits"}).json()["id"] for _ in range(3)]
    first = api.get(PATH, params={"limit": 2}).json()
    second = api.get(PATH, params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [check["id"] for check in first["items"] + second["items"][:1]] == ids[::-1]


@pytest.mark.parametrize(
    ("asked", "pointer", "message"),
    [
        ({}, "/dataset", "`dataset` is required"),
        ({"dataset": "digitz"}, "/dataset", "unknown dataset 'digitz': the nearest known one is 'digits'"),
        ({"training": {"lerning_rate": 1}}, "/training/lerning_rate", "nearest known one is 'learning_rate'"),
        ({"training": {"keep_prob": 0}}, "/training/keep_prob", "must be a number above 0 and at most 1, but got 0"),
        ({"training": {"batch_norm": True, "batch_size": 1}}, "/training/batch_size", "at least 2 with `batch_norm`"),
        ({"training": {"batch_size": 1079}}, "/training/batch_size", "at most 1078, the training rows of dataset"),
        ({"training": {"schedule": "manual"}}, "/training/rates", "`rates` must be given"),
        (
            {"dataset": "breast-cancer", "training": {"augmentation": {"shift": 1}}},
            "/training/augmentation",
            "has no `image_shape`",
        ),
        (
            {"training": {"hidden_units": 1000}},
            "/training",
            "has 1,076,010 parameters, but the gradients of at",
        ),
        ({"training": []}, "/training", "must be an object"),
        ({"epochs": -1}, "/epochs", "greater than or equal to 0"),
        ({"epochs": 1001}, "/epochs", "less than or equal to 1000"),
        ({"seed": 2**53}, "/seed", "less than or equal to 9007199254740991"),
        ({"sed": 1}, "/sed", "unknown field 'sed': the nearest known one is 'seed'"),
    ],
)
def test_what_cannot_be_checked_is_refused_and_leaves_nothing(
    asked: dict[str, Any],
    pointer: str,
    message: str,
    api: httpx.Client,
    stored: Callable[[], dict[str, object]],
) -> None:
    before = stored()
    document = asked and {"dataset": "digits"} | asked
    found, told = field_error(api.post(PATH, json=document))
    assert found == pointer
    assert message in told
    assert stored() == before


def test_a_check_goes_with_its_dataset(api: httpx.Client) -> None:
    table = "\n".join(["x,y", *(f"{row},{row * row}" for row in range(20))])
    form = {"target": "y", "task": "regression"}
    dataset = api.post("/v1/datasets", files={"file": ("t.csv", table)}, data=form).json()["id"]
    check = api.post(PATH, json={"dataset": dataset}).json()
    assert check["dataset"] == dataset
    api.delete(f"/v1/datasets/{dataset}").raise_for_status()
    assert f"no gradient check '{check['id']}'" in problem_of(api.get(f"{PATH}/{check['id']}"), 404)["detail"]


def test_a_job_of_another_kind_is_no_gradient_check(api: httpx.Client, database: Database) -> None:
    study_id = api.post("/v1/studies", json={"objective": {"dataset": "digits"}}).json()["id"]
    with database.writing() as session:
        job = jobs.add_model(session, studies.get(session, study_id))
    problem_of(api.get(f"{PATH}/{job.id}"), 404)
