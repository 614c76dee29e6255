"""Whatever stands in a path or a query, the answer is a problem that says what is wrong, and never a crash."""

import base64
import json
import re

import httpx
import pytest

from tests.app.api.problems import field_error, problem_of

HUGE = str(2**63)
NO_ID = ["nothing", HUGE, "9" * 4000, "-1", "%00", "%ED%A0%80", "%FF", "..%2F..", "' OR 1=1", "é", "a" * 4000]
COLLECTIONS = ["/v1/studies", "/v1/datasets", "/v1/search-spaces"]
LISTS = [*COLLECTIONS, "/v1/gradient-checks"]


@pytest.fixture(scope="module")
def study(api: httpx.Client) -> str:
    """The address of a study that waits for a dispatcher."""
    answer = api.post("/v1/studies", json={"objective": {"dataset": "digits"}})
    return answer.raise_for_status().headers["location"]


@pytest.mark.parametrize("name", NO_ID, ids=lambda name: name[:20])
def test_an_id_that_nothing_has_is_not_found(name: str, api: httpx.Client) -> None:
    for collection in COLLECTIONS:
        problem = problem_of(api.get(f"{collection}/{name}"), 404)
        assert problem["title"] == "not found"
        problem_of(api.delete(f"{collection}/{name}"), 404)
    problem_of(api.get(f"/v1/gradient-checks/{name}"), 404)
    problem_of(api.post(f"/v1/studies/{name}/cancel"), 404)
    problem_of(api.post(f"/v1/studies/{name}/predict", json={"rows": [{}]}), 404)
    for part in ("trials", "trials/0", "rounds", "export", "model"):
        problem_of(api.get(f"/v1/studies/{name}/{part}"), 404)


def test_what_is_not_found_is_named(api: httpx.Client, study: str) -> None:
    assert "no study 'xyz'" in problem_of(api.get("/v1/studies/xyz"), 404)["detail"]
    assert "no dataset 'xyz'" in problem_of(api.get("/v1/datasets/xyz"), 404)["detail"]
    assert "no search space 'xyz'" in problem_of(api.get("/v1/search-spaces/xyz"), 404)["detail"]
    assert "has no trial 7" in problem_of(api.get(f"{study}/trials/7"), 404)["detail"]


@pytest.mark.parametrize("number", ["-1", "0", HUGE, str(2**64), "9" * 400])
def test_a_trial_number_that_no_trial_has_is_not_found(number: str, api: httpx.Client, study: str) -> None:
    problem_of(api.get(f"{study}/trials/{number}"), 404)


@pytest.mark.parametrize("number", ["one", "1.5", "NaN", "1e3", "%00", "9" * 5000])
def test_a_trial_number_that_is_no_integer_is_refused(number: str, api: httpx.Client, study: str) -> None:
    pointer, message = field_error(api.get(f"{study}/trials/{number}"))
    assert pointer == "number"
    assert "integer" in message


def place(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


GARBAGE = ["", "x", "!!", "é", "null", "AAAA", "%00", place(None), place(5), place([]), place({}), place([["a"]])]
GARBAGE += [
    place([float("nan")] * 3),
    place([1e999, 1, 1]),
    place([2**63]),
    place([10**400]),
    place([-1]),
    place(["x"]),
]
GARBAGE += [place(["2026-01-01T00:00:00", "x"]), place(["yesterday", "x"]), place([1, 2, 3, 4]), place(["a", "b", "c"])]
GARBAGE += [base64.urlsafe_b64encode(b"[" * 20_000).decode(), base64.urlsafe_b64encode(b"\xff").decode()]


@pytest.mark.parametrize("cursor", GARBAGE, ids=lambda cursor: cursor[:30])
def test_a_cursor_of_our_making_alone_is_accepted(cursor: str, api: httpx.Client, study: str) -> None:
    for path in (*LISTS, f"{study}/arrivals", f"{study}/trials", f"{study}/trials?order_by=value"):
        pointer, message = field_error(api.get(path, params={**httpx.URL(path).params, "cursor": cursor}))
        assert pointer == "cursor"
        assert "must be the `next_cursor` of an earlier page" in message


WRONG_QUERIES = {
    "limit=0": ("limit", "`limit` must be greater than or equal to 1, but got '0'"),
    "limit=1001": ("limit", "`limit` must be less than or equal to 1000, but got '1001'"),
    f"limit={HUGE}": ("limit", "less than or equal to 1000"),
    "limit=ten": ("limit", "valid integer"),
    "limit=NaN": ("limit", "valid integer"),
    "limit=1e999": ("limit", "valid integer"),
    "limit=" + "9" * 5000: ("limit", "maximum size"),
    "limt=5": ("limt", "unknown field 'limt': the nearest known one is 'limit'"),
    "limit=1&limit=2": ("limit", "`limit` must come once, but the query has it 2 times"),
    "%00=5": ("\0", "unknown field '\\x00'"),
}
WRONG_TRIAL_QUERIES = WRONG_QUERIES | {
    "state=runing": (
        "state",
        "'waiting', 'running', 'complete', 'pruned', 'failed', 'cancelled' or 'imported', but got 'runing'",
    ),
    "round=-1": ("round", "greater than or equal to 0, but got '-1'"),
    f"round={HUGE}": ("round", "less than"),
    "round=first": ("round", "valid integer"),
    "order_by=cost": ("order_by", "'number' or 'value', but got 'cost'"),
    "changed_since=5": ("changed_since", "unknown field 'changed_since'"),
}


@pytest.mark.parametrize("query", WRONG_QUERIES, ids=lambda query: query[:20])
def test_a_wrong_query_of_a_list_is_refused(query: str, api: httpx.Client, study: str) -> None:
    for collection in (*LISTS, f"{study}/arrivals"):
        pointer, message = field_error(api.get(f"{collection}?{query}"))
        assert pointer == WRONG_QUERIES[query][0]
        assert WRONG_QUERIES[query][1] in message


@pytest.mark.parametrize("query", WRONG_TRIAL_QUERIES, ids=lambda query: query[:20])
def test_a_wrong_query_of_the_trials_is_refused(query: str, api: httpx.Client, study: str) -> None:
    pointer, message = field_error(api.get(f"{study}/trials?{query}"))
    assert pointer == WRONG_TRIAL_QUERIES[query][0]
    assert WRONG_TRIAL_QUERIES[query][1] in message


def test_a_query_that_nobody_reads_is_refused_by_every_endpoint(api: httpx.Client) -> None:
    described = api.get("/openapi.json").json()["paths"]
    for path, methods in described.items():
        for method in methods if path.startswith("/v1") else ():
            address = re.sub(r"{\w+}", "0", path)
            answer = api.request(method, f"{address}?unheard_of=1", json={} if method == "post" else None)
            found = {error["pointer"]: error["message"] for error in problem_of(answer, 422)["errors"]}
            assert found["unheard_of"].startswith("unknown field 'unheard_of': "), (method, path)


def test_a_name_that_comes_twice_in_a_query_is_refused_by_every_endpoint(api: httpx.Client) -> None:
    described = api.get("/openapi.json").json()["paths"]
    for path, methods in described.items():
        for method in methods:
            address = re.sub(r"{\w+}", "0", path)
            answer = api.request(method, f"{address}?twice=1&twice=2")
            assert field_error(answer) == ("twice", "`twice` must come once, but the query has it 2 times"), path


def test_an_export_asked_for_in_unknown_words_is_refused(api: httpx.Client, study: str) -> None:
    assert field_error(api.get(f"{study}/export?fromat=json")) == (
        "fromat",
        "unknown field 'fromat': the nearest known one is 'format'",
    )


def test_an_export_in_a_format_that_is_not_there_is_refused(api: httpx.Client, study: str) -> None:
    pointer, message = field_error(api.get(f"{study}/export?format=xml"))
    assert pointer == "format"
    assert message == "`format` must be 'json' or 'csv', but got 'xml'"


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v2/studies", "/v1/studies/x/y", "/v1/studys", "/%00", "/v1/gradient-check"]
)
def test_an_unknown_path_is_not_found(path: str, api: httpx.Client) -> None:
    assert "GET" in problem_of(api.get(path), 404)["detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/v1/studies"),
        ("PATCH", "/v1/studies/x"),
        ("DELETE", "/v1/studies"),
        ("POST", "/healthz"),
        ("GET", "/v1/studies/x/cancel"),
        ("PUT", "/v1/studies/x/trials"),
        ("PUT", "/v1/datasets/x"),
    ],
)
def test_a_wrong_method_is_refused_with_the_right_ones(method: str, path: str, api: httpx.Client) -> None:
    answer = api.request(method, path)
    assert f"{method} {path}" in problem_of(answer, 405)["detail"]
    assert answer.headers["allow"]
