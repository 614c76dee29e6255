"""Search spaces over HTTP: stored as they are drawn from, immutable, kept while a study needs them."""

import httpx
import pytest

from tests.app.api.problems import field_error, problem_of

SPACE = {
    "name": "own",
    "parameters": [
        {"name": "learning_rate", "type": "float", "low": 0.001, "high": 0.1, "scale": "log"},
        {"name": "hidden_units", "type": "int", "low": 8, "high": 32, "step": 8, "scale": "log"},
        {"name": "activation", "type": "categorical", "choices": ["relu", "tanh"]},
    ],
}


def test_a_stored_space_is_what_was_sent(api: httpx.Client) -> None:
    answer = api.post("/v1/search-spaces", json=SPACE)
    assert answer.status_code == 201
    space = answer.json()
    assert answer.headers["location"] == f"/v1/search-spaces/{space['id']}"
    assert api.get(answer.headers["location"]).json() == space
    assert space.keys() == {"id", "name", "built_in", "parameters", "created_at"}
    assert {"name": space["name"], "parameters": space["parameters"]} == SPACE
    assert space["built_in"] is False


def test_what_was_left_out_is_told(api: httpx.Client) -> None:
    space = api.post(
        "/v1/search-spaces",
        json={
            "parameters": [
                {"name": "a", "type": "float", "low": 0, "high": 1},
                {"name": "b", "type": "int", "low": 0, "high": 1},
            ]
        },
    ).json()
    assert space["name"] == "unnamed"
    assert space["parameters"] == [
        {"name": "a", "type": "float", "low": 0.0, "high": 1.0, "scale": "linear"},
        {"name": "b", "type": "int", "low": 0, "high": 1, "step": 1, "scale": "linear"},
    ]


def test_a_space_in_use_stays_until_its_study_is_deleted(api: httpx.Client) -> None:
    space = api.post("/v1/search-spaces", json=SPACE).headers["location"]
    request = {"objective": {"dataset": "digits"}, "search_space": space.rpartition("/")[2], "name": "the user"}
    study = api.post("/v1/studies", json=request).raise_for_status().headers["location"]
    assert "is in use by study 'the user'" in problem_of(api.delete(space), 409)["detail"]
    api.post(f"{study}/cancel").raise_for_status()
    api.delete(study).raise_for_status()
    answer = api.delete(space)
    assert (answer.status_code, answer.content) == (204, b"")
    problem_of(api.get(space), 404)


def test_a_space_given_inline_needs_no_stored_one(api: httpx.Client) -> None:
    space = api.post("/v1/search-spaces", json=SPACE).headers["location"]
    api.post("/v1/studies", json={"objective": {"dataset": "digits"}, "search_space": SPACE}).raise_for_status()
    assert api.delete(space).status_code == 204


def test_a_ready_made_space_stays(api: httpx.Client) -> None:
    assert "ready-made" in problem_of(api.delete("/v1/search-spaces/mlp-basic"), 409)["detail"]
    assert api.get("/v1/search-spaces/mlp-basic").json()["built_in"] is True


def test_a_preview_shows_what_a_space_draws(api: httpx.Client) -> None:
    answer = api.get("/v1/search-spaces/mlp-momentum/preview").raise_for_status().json()
    assert (answer["samples"], answer["seed"]) == (1000, 0)
    space = api.get("/v1/search-spaces/mlp-momentum").json()
    told = {parameter["name"]: parameter for parameter in answer["parameters"]}
    assert list(told) == [parameter["name"] for parameter in space["parameters"]]
    assert told["momentum"]["quantiles"]["0.5"] == pytest.approx(0.99, abs=0.001)
    assert sum(told["learning_rate"]["counts"]) == 1000
    assert told["batch_size"]["choices"] == [32, 64, 128]


def test_a_preview_of_an_own_space_takes_samples_and_seed(api: httpx.Client) -> None:
    address = api.post("/v1/search-spaces", json=SPACE).headers["location"] + "/preview"
    first, other = (api.get(address, params={"samples": 50, "seed": seed}).json() for seed in (1, 2))
    assert (first["samples"], first["seed"]) == (50, 1)
    assert [sum(parameter["counts"]) for parameter in first["parameters"]] == [50, 50, 50]
    assert first["parameters"] != other["parameters"]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [("samples=0", "samples"), ("samples=10001", "samples"), ("seed=-1", "seed"), ("sampels=5", "sampels")],
)
def test_a_preview_that_makes_no_sense_is_refused(query: str, pointer: str, api: httpx.Client) -> None:
    assert field_error(api.get(f"/v1/search-spaces/mlp-basic/preview?{query}"))[0] == pointer


def test_there_is_no_preview_of_what_is_not_there(api: httpx.Client) -> None:
    problem_of(api.get("/v1/search-spaces/nowhere/preview"), 404)
