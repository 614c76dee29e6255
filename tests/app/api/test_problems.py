"""Every error of the service becomes an RFC 9457 problem with the status of its class."""

from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI

from app import errors
from app.api import problems
from app.errors import FieldError, InvalidInput, ServiceError
from engine.errors import InvalidField
from tests.app.api.problems import problem_of
from tests.app.api.serving import serving

STATUS = {
    "InvalidInput": 422,
    "NotFound": 404,
    "Conflict": 409,
    "TooLarge": 413,
    "NotReady": 503,
    "InsufficientStorage": 507,
}


@pytest.fixture(scope="module")
def failing() -> Iterator[httpx.Client]:
    """An API in which `/NAME` raises the error of that name."""
    app = FastAPI()
    problems.install(app)

    @app.get("/crash")
    def crash() -> None:
        raise RuntimeError("a secret")

    @app.get("/field")
    def field() -> None:
        raise InvalidField(("parameters", 0, "a/b"), "`low < high` must hold")

    @app.get("/InvalidInput")
    def invalid_input() -> None:
        raise InvalidInput([FieldError("/a", "`a` is wrong"), FieldError("/b", "`b` is wrong")])

    @app.get("/{name}")
    def fail(name: str) -> None:
        raise getattr(errors, name)(f"this is {name}")

    with serving(app) as client:
        yield client


def test_every_error_has_a_status_of_its_own() -> None:
    assert {kind.__name__: kind.status for kind in ServiceError.__subclasses__()} == STATUS


@pytest.mark.parametrize("name", STATUS.keys() - {"InvalidInput"})
def test_every_error_is_answered_with_its_status_and_its_words(name: str, failing: httpx.Client) -> None:
    problem = problem_of(failing.get(f"/{name}"), STATUS[name])
    assert problem["detail"] == f"this is {name}"
    assert problem["errors"] == []


def test_what_is_not_ready_says_when_to_ask_again(failing: httpx.Client) -> None:
    assert failing.get("/NotReady").headers["retry-after"] == "1"
    assert "retry-after" not in failing.get("/Conflict").headers


def test_several_wrong_fields_are_told_apart(failing: httpx.Client) -> None:
    problem = problem_of(failing.get("/InvalidInput"), 422)
    assert problem["detail"] == "`a` is wrong; `b` is wrong"
    assert [error["pointer"] for error in problem["errors"]] == ["/a", "/b"]


def test_a_complaint_of_the_engine_points_into_the_request(failing: httpx.Client) -> None:
    problem = problem_of(failing.get("/field"), 422)
    assert problem["errors"] == [{"pointer": "/parameters/0/a~1b", "message": "`low < high` must hold"}]


@pytest.mark.filterwarnings("default")
def test_a_crash_is_a_problem_that_tells_no_more_than_its_kind(failing: httpx.Client) -> None:
    problem = problem_of(failing.get("/crash"), 500)
    assert "RuntimeError" in problem["detail"]
    assert "secret" not in str(problem)
