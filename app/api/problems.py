"""Every error as an RFC 9457 problem: {"type", "title", "status", "detail", "errors": [{"pointer", "message"}]}."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from app.errors import FieldError, InvalidInput, ServiceError, json_pointer
from engine.errors import InvalidField

MAX_TEXT_LENGTH = 1000  # characters of a message: a value of a mebibyte need not come back whole, and twice


class ProblemResponse(JSONResponse):
    media_type = "application/problem+json"

    def render(self, content: Any) -> bytes:
        # JSON can hold half a surrogate pair, UTF-8 cannot: it goes back as the JSON escape that it came as.
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode(errors="backslashreplace")


def install(app: FastAPI) -> None:
    app.add_exception_handler(ServiceError, _on_service_error)
    app.add_exception_handler(InvalidField, _on_invalid_field)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(Exception, _on_crash)


def problem(
    status: int, title: str, detail: str, errors: Sequence[FieldError] = (), headers: Any = None
) -> ProblemResponse:
    body = {
        "type": f"urn:parfocal:problem:{title.replace(' ', '-')}",
        "title": title,
        "status": status,
        "detail": _cut(detail),
        "errors": [{"pointer": _cut(error.pointer), "message": _cut(error.message)} for error in errors],
    }
    return ProblemResponse(body, status, headers)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT_LENGTH else f"{text[: MAX_TEXT_LENGTH - 1]}…"


def _on_service_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ServiceError)
    return problem(error.status, error.title, error.detail, error.errors, error.headers)


def _on_invalid_field(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, InvalidField)
    return _on_service_error(request, InvalidInput.from_field(error))


def _on_invalid_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return _on_service_error(request, InvalidInput([_field_error(item) for item in error.errors()]))


def _field_error(item: Any) -> FieldError:
    """Name field, value and rule. The value is only ever shown as text: as JSON, NaN would be a second error."""
    place, *path = item["loc"]
    if item["type"] == "json_invalid":
        return _unreadable(f"{item['ctx']['error']} at character {path[0]}")
    if item["type"] == "unknown_field":
        return FieldError(_pointer(place, path + item["ctx"]["path"]), item["ctx"]["message"])
    if place == "body" and not path and isinstance(item["input"], bytes):
        return FieldError("", "the body must be JSON, sent with `Content-Type: application/json` (curl: `--json`)")
    name = _name(path) if path else place
    if item["type"] == "missing":
        return FieldError(_pointer(place, path), f"`{name}` is required")
    return FieldError(_pointer(place, path), f"`{name}` {_rule(item)}, but {_found(item)}")


def _name(path: list[str | int]) -> str:
    """The last field of the path, with the places in its lists: rows[3]."""
    last = max((place for place, step in enumerate(path) if isinstance(step, str)), default=0)
    return str(path[last]) + "".join(f"[{step}]" for step in path[last + 1 :])


def _rule(item: Any) -> str:
    if item["type"] in ("dict_type", "model_type", "model_attributes_type"):
        return "must be an object"  # which Python calls a dictionary
    rule = str(item["msg"]).removeprefix("Value error, ")
    for subject in ("Input ", "String ", "List "):
        rule = rule.removeprefix(subject)
    return rule.split(" after validation")[0].replace("should ", "must ", 1)


def _found(item: Any) -> str:
    if item["type"] in ("too_short", "too_long"):
        return f"has {item['ctx']['actual_length']}"
    return f"got {_shown(item['input'])}"


def _unreadable(reason: object) -> FieldError:
    return FieldError("", f"the body is no valid JSON: {reason}")


def _pointer(place: str, path: list[str | int]) -> str:
    """Into the body; a query or path parameter has its name alone."""
    return json_pointer(path) if place == "body" else str(path[-1] if path else place)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:97]}..."


def _on_http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, ServiceError):
        return _on_service_error(request, error.__cause__)
    # JSON that is nested too deeply, has a number of too many digits, or is no UTF-8.
    if isinstance(error.__cause__, RecursionError | ValueError):
        return _on_service_error(request, InvalidInput([_unreadable(error.__cause__)]))
    title = HTTPStatus(error.status_code).phrase.lower()
    detail = f"{error.detail} ({request.method} {request.url.path})"
    return problem(error.status_code, title, detail, headers=error.headers)


def _on_crash(_: Request, error: Exception) -> JSONResponse:
    return problem(500, "internal error", f"the service has a fault ({type(error).__name__}); its log tells more")
