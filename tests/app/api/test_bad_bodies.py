"""A body that is no JSON, or too long, is refused before anybody looks into it."""

import json

import httpx
import pytest

from tests.app.api.documents import Stored, objective, study, training
from tests.app.api.problems import field_error, problem_of

UNREADABLE = {
    b"": "is required",
    b"{": "no valid JSON",
    b'{"objective": {"dataset": "digits"}': "no valid JSON",
    b"{'objective': 1}": "no valid JSON: Expecting property name enclosed in double quotes at character 1",
    b'{"name": "\xff"}': "no valid JSON: 'utf-8'",
    b"[" * 100_000: "no valid JSON: maximum recursion depth",
    b'{"a":' * 100_000: "no valid JSON: maximum recursion depth",
    b'{"seed": ' + b"9" * 5000 + b"}": "no valid JSON: Exceeds the limit (4300 digits)",
}


@pytest.mark.parametrize("body", UNREADABLE, ids=lambda body: repr(body)[:40])
def test_a_body_that_is_no_json_is_refused(body: bytes, api: httpx.Client, stored: Stored) -> None:
    before = stored()
    answer = api.post("/v1/studies", content=body, headers={"content-type": "application/json"})
    pointer, message = field_error(answer)
    assert pointer == ""
    assert UNREADABLE[body] in message
    assert stored() == before


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", None])
def test_a_body_of_another_content_type_is_refused_with_the_right_one(
    content_type: str | None, api: httpx.Client
) -> None:
    headers = {"content-type": content_type} if content_type else {}
    answer = api.post("/v1/studies", content=b'{"objective": {"dataset": "digits"}}', headers=headers)
    pointer, message = field_error(answer)
    assert pointer == ""
    assert "Content-Type: application/json" in message


@pytest.mark.parametrize("path", ["/v1/studies", "/v1/search-spaces"])
@pytest.mark.parametrize("is_announced", [True, False])
def test_a_body_over_a_mebibyte_is_refused(path: str, is_announced: bool, api: httpx.Client, stored: Stored) -> None:
    before = stored()
    body = b" " * (2**20 + 1)
    answer = api.post(
        path, content=body if is_announced else iter([body]), headers={"content-type": "application/json"}
    )
    assert ("content-length" in answer.request.headers) == is_announced
    problem = problem_of(answer, 413)
    assert "1,048,576 bytes (1 MiB)," in problem["detail"]
    assert problem["title"] == "too large"
    assert stored() == before


def test_a_body_of_a_mebibyte_is_read(api: httpx.Client) -> None:
    body = json.dumps(study(name=5)).encode()
    padded = body + b" " * (2**20 - len(body))
    answer = api.post("/v1/studies", content=padded, headers={"content-type": "application/json"})
    assert field_error(answer)[0] == "/name"


def test_a_long_wrong_name_does_not_come_back_whole(api: httpx.Client) -> None:
    long = "x" * 500_000
    for document in (study(**{long: 1}), objective(dataset=long), training(**{long: 1}), study(search_space=long)):
        answer = api.post("/v1/studies", json=document)
        problem_of(answer, 422)
        assert len(answer.content) < 5000
