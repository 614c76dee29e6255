"""How the client asks: one HTTP connection, pages put together, and every failure told apart.

Exception
├── ApiError      the service refused the request
└── Unreachable   there is no service to ask
"""

import json
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from itertools import islice
from typing import Any

import httpx

Answer = dict[str, Any]

TIMEOUT_SECONDS = 30.0
PAGE_LIMIT = 1000  # what the service gives at most at a time


class ApiError(Exception):
    """The service refused a request. `problem` is its RFC 9457 document: title, detail, errors, …"""

    def __init__(self, status: int, problem: Answer) -> None:
        super().__init__("; ".join(_messages(problem)))
        self.status = status
        self.problem = problem

    @property
    def messages(self) -> list[str]:
        """One line per broken rule, with the place in the request it is about."""
        return _messages(self.problem)


class Unreachable(Exception):
    """Nothing at the URL answers as Parfocal does."""


class Connection:
    """Raises ValueError for a URL that cannot be one."""

    def __init__(self, url: str, transport: httpx.BaseTransport | None = None) -> None:
        self.url = url.rstrip("/")
        host = _host(self.url)
        # A proxy named in the environment cannot reach what listens on this machine's loopback alone.
        self._http = httpx.Client(
            base_url=self.url, timeout=TIMEOUT_SECONDS, trust_env=not _is_loopback(host), transport=transport
        )

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, parameters: Mapping[str, Any] | None = None) -> Answer:
        return self.ask("GET", path, params=given(parameters or {}))

    def create(self, path: str, document: Mapping[str, Any] | bytes) -> Answer:
        body = document if isinstance(document, bytes) else json.dumps(document, allow_nan=False).encode()
        return self.ask("POST", path, content=body, headers={"Content-Type": "application/json"})

    def items(self, path: str, limit: int | None = None, filters: Mapping[str, Any] | None = None) -> Iterator[Answer]:
        """The items of all pages of a list, or the first `limit` of them."""
        return islice(self._all_items(path, min(limit or PAGE_LIMIT, PAGE_LIMIT), filters or {}), limit)

    def ask(self, method: str, path: str, **request: Any) -> Answer:
        response = self.send(method, path, **request)
        try:
            return response.json()
        except ValueError:
            raise self._not_parfocal(response) from None

    def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, **request)
        except httpx.RequestError as error:
            raise Unreachable(f"no service answers at {self.url} ({error or type(error).__name__})") from error
        if response.is_success:
            return response
        if response.headers.get("Content-Type", "").startswith("application/problem+json"):
            raise ApiError(response.status_code, response.json())
        raise self._not_parfocal(response)

    def _all_items(self, path: str, page_limit: int, filters: Mapping[str, Any]) -> Iterator[Answer]:
        cursor = None
        while True:
            page = self.get(path, {**filters, "cursor": cursor, "limit": page_limit})
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def _not_parfocal(self, response: httpx.Response) -> Unreachable:
        answer = f"{response.status_code} {response.reason_phrase}".rstrip()
        return Unreachable(f"what answers at {self.url} is not Parfocal: {response.request.url.path} gives {answer}")


def given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _messages(problem: Answer) -> list[str]:
    errors = problem.get("errors") or []
    located = [": ".join(filter(None, (error["pointer"], error["message"]))) for error in errors]
    return located or [problem.get("detail") or problem.get("title") or "the service gives no reason"]


def _host(url: str) -> str:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(f"`url` must be a URL, but got {url!r}: {error}") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError(f"`url` must start with http:// or https:// and name a host, but got {url!r}")
    return parsed.host


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
