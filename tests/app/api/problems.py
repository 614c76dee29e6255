"""The shape of every error, and of what it says."""

from typing import Any

import httpx


def problem_of(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem document of an answer, after a look at its shape."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem.keys() == {"type", "title", "status", "detail", "errors"}
    assert problem["status"] == status
    assert problem["type"] == f"urn:parfocal:problem:{problem['title'].replace(' ', '-')}"
    assert problem["detail"]
    for error in problem["errors"]:
        assert error.keys() == {"pointer", "message"}
        assert error["message"]
    return problem


def field_error(answer: httpx.Response, status: int = 422) -> tuple[str, str]:
    """Pointer and message of the one field that an answer complains about."""
    problem = problem_of(answer, status)
    [error] = problem["errors"]
    assert error["message"] in problem["detail"]
    return error["pointer"], error["message"]
