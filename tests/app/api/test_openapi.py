"""The API describes itself, needs nothing from outside for that, and promises nothing that is not there."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest

# Promised for later: a client that finds one of them here would believe that it works.
LATER_NAMES = {
    "direction", "l1", "schedule",
    "keep_prob", "batch_norm", "augmentation", "decay_rate", "changed_since", "fields", "max", "lease",
    "external", "paused", "rmsprop", "adagrad",
}  # fmt: skip
LATER_PATHS = "pause|resume|columns|ask|tell|report|events|metrics"


@pytest.fixture(scope="module")
def document(api: httpx.Client) -> dict[str, Any]:
    return dict(api.get("/openapi.json").raise_for_status().json())


def names(part: Any) -> Iterator[str]:
    """Every name that a client could send or expect: of fields, of parameters, and of what they can be."""
    if isinstance(part, dict):
        yield from part.get("properties", {})
        yield from (text for text in part.get("enum", []) if isinstance(text, str))
        yield from (part[key] for key in ("const", "name") if isinstance(part.get(key), str))
        for value in part.values():
            yield from names(value)
    elif isinstance(part, list):
        for value in part:
            yield from names(value)


def test_every_endpoint_is_described(document: dict[str, Any]) -> None:
    calls = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    assert calls == {
        "GET /healthz",
        "GET /readyz",
        "GET /v1/datasets",
        "POST /v1/datasets",
        "GET /v1/datasets/{dataset_id}",
        "DELETE /v1/datasets/{dataset_id}",
        "GET /v1/search-spaces",
        "POST /v1/search-spaces",
        "GET /v1/search-spaces/{space_id}",
        "DELETE /v1/search-spaces/{space_id}",
        "GET /v1/search-spaces/{space_id}/preview",
        "GET /v1/studies",
        "POST /v1/studies",
        "GET /v1/studies/{study_id}",
        "DELETE /v1/studies/{study_id}",
        "POST /v1/studies/{study_id}/cancel",
        "GET /v1/studies/{study_id}/rounds",
        "GET /v1/studies/{study_id}/export",
        "GET /v1/studies/{study_id}/arrivals",
        "GET /v1/studies/{study_id}/importances",
        "GET /v1/studies/{study_id}/trials",
        "POST /v1/studies/{study_id}/trials",
        "POST /v1/studies/{study_id}/extend",
        "GET /v1/studies/{study_id}/trials/{number}",
        "GET /v1/studies/{study_id}/model",
        "POST /v1/studies/{study_id}/predict",
        "POST /v1/studies/{study_id}/test",
        "GET /v1/studies/{study_id}/tests",
        "GET /v1/studies/{study_id}/tests/{test_id}",
        "GET /v1/gradient-checks",
        "POST /v1/gradient-checks",
        "GET /v1/gradient-checks/{check_id}",
    }


def test_names_that_are_not_built_yet_are_absent(document: dict[str, Any]) -> None:
    described = set(names(document))
    assert {"objective", "trials", "limit", "order_by", "value", "waiting", "split_seed", "mlp"} <= described
    assert described & LATER_NAMES == set()
    assert [path for path in document["paths"] if re.search(rf"/({LATER_PATHS})\b", path)] == []


def test_unknown_fields_are_refused_by_the_description_too(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for name in (
        "StudyRequest",
        "ObjectiveRequest",
        "DatasetForm",
        "GradientCheckRequest",
        "PredictionRequest",
        "ArrivalsRequest",
    ):
        assert schemas[name]["additionalProperties"] is False


def test_the_examples_can_be_submitted(document: dict[str, Any], api: httpx.Client) -> None:
    [study] = document["components"]["schemas"]["StudyRequest"]["examples"]
    assert api.post("/v1/studies", json=study).status_code == 201
    [check] = document["components"]["schemas"]["GradientCheckRequest"]["examples"]
    assert api.post("/v1/gradient-checks", json=check).status_code == 202
    body = document["paths"]["/v1/search-spaces"]["post"]["requestBody"]["content"]["application/json"]
    [space] = body["schema"]["examples"]
    assert api.post("/v1/search-spaces", json=space).status_code == 201


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_the_pages_need_no_other_host(page: str, api: httpx.Client) -> None:
    text = api.get(page).raise_for_status().text
    assert re.findall(r"(?:https?:)?//[\w.-]+\.\w+", text) == []
    needed = re.findall(r"""(?:src|href|url)\s*[=:]\s*["']([^"']+)["']""", text)
    assert len(needed) >= 2
    for address in needed:
        assert api.get(urljoin(page, address)).raise_for_status().content
