"""One contract for all lists: the pages, put together, are the whole, each item once and in its order."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from app.lifecycle import TrialState
from app.store import rounds, studies, trials
from app.store.database import Database
from app.store.models import Study
from app.store.times import now
from engine.search import READY_MADE
from engine.training.samples import SAMPLE_NAMES

CSV = "a,y\n" + "".join(f"{row},{row % 2}\n" for row in range(20))


@pytest.fixture(scope="module")
def filled(api: httpx.Client, database: Database) -> str:
    """Seven studies, of which three have one age; seven spaces and datasets; seven trials. The trials' address."""
    for number in range(7):
        study = api.post("/v1/studies", json={"objective": {"dataset": "digits"}, "name": f"study {number}"})
        study.raise_for_status()
        space = {"name": f"space {number}", "parameters": [{"name": "x", "type": "float", "low": 0, "high": 1}]}
        api.post("/v1/search-spaces", json=space).raise_for_status()
        files = {"file": (f"{number}.csv", CSV)}
        api.post("/v1/datasets", files=files, data={"target": "y"}).raise_for_status()
    with database.writing() as session:
        same_age = update(Study).where(Study.name.in_(["study 2", "study 3", "study 4"])).values(created_at=now())
        session.execute(same_age)
        _fill(studies.get(session, study.json()["id"]), session)
    return f"/v1/studies/{study.json()['id']}/trials"


def _fill(study: Study, session: Any) -> None:
    """Trials with equal values, with equal losses, and without either."""
    rounds.open_next(session, study, {}, [{"x": float(number)} for number in range(7)])
    session.flush()
    for trial, (cost, loss) in zip(
        trials.every(session, study.id),
        [(0.5, 0.1), (None, None), (0.25, 0.2), (0.5, 0.1), (0.5, 0.05), (None, None), (-1.0, 1e300)],
        strict=True,
    ):
        trials.start(study, trial, 7, "key")
        trial.cost = trial.value = cost
        trial.dev_loss = loss
        trials.move(study, trial, TrialState.FAILED if cost is None else TrialState.COMPLETE)


BY_VALUE = [6, 2, 4, 0, 3, 1, 5]  # the order of the trials above

LISTS: dict[str, Callable[[str], str]] = {
    "studies": lambda _: "/v1/studies",
    "datasets": lambda _: "/v1/datasets",
    "search spaces": lambda _: "/v1/search-spaces",
    "trials": lambda trials: trials,
    "trials by value": lambda trials: f"{trials}?order_by=value",
    "trials of a state": lambda trials: f"{trials}?state=complete",
    "trials of a state by value": lambda trials: f"{trials}?state=failed&order_by=value",
    "trials of a round": lambda trials: f"{trials}?round=0",
    "trials of no round": lambda trials: f"{trials}?round=5",
}


@pytest.fixture(params=LISTS)
def address(request: pytest.FixtureRequest, filled: str) -> str:
    return LISTS[request.param](filled)


def pages(api: httpx.Client, address: str, limit: int) -> Iterator[list[dict[str, Any]]]:
    parameters = dict(httpx.URL(address).params) | {"limit": str(limit)}
    while True:
        page = api.get(address, params=parameters).raise_for_status().json()
        assert page.keys() == {"items", "next_cursor"}
        yield page["items"]
        if page["next_cursor"] is None:
            return
        assert len(page["items"]) == limit
        parameters["cursor"] = page["next_cursor"]


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 1000])
def test_pages_join_to_the_whole(limit: int, address: str, api: httpx.Client) -> None:
    [whole] = pages(api, address, 1000)
    joined = [item for page in pages(api, address, limit) for item in page]
    assert joined == whole


@pytest.mark.usefixtures("filled")
def test_a_page_holds_a_hundred_unless_asked_otherwise(api: httpx.Client) -> None:
    for _ in range(100):
        api.post("/v1/studies", json={"objective": {"dataset": "digits"}}).raise_for_status()
    page = api.get("/v1/studies").json()
    assert len(page["items"]) == 100
    assert page["next_cursor"]


@pytest.mark.usefixtures("filled")
def test_studies_come_newest_first(api: httpx.Client) -> None:
    items = [study for page in pages(api, "/v1/studies", 1000) for study in page]
    times = [study["created_at"] for study in items]
    assert times == sorted(times, reverse=True)
    assert len(set(times)) == len(times) - 2  # three share one


def test_trials_come_by_number_or_the_best_first(api: httpx.Client, filled: str) -> None:
    def numbers(query: str) -> list[int]:
        return [trial["number"] for page in pages(api, filled + query, 2) for trial in page]

    assert numbers("") == list(range(7))
    assert numbers("?order_by=value") == BY_VALUE
    assert numbers("?order_by=value&state=complete") == BY_VALUE[:5]
    assert numbers("?order_by=value&state=failed") == BY_VALUE[5:]


@pytest.mark.usefixtures("filled")
def test_a_page_can_be_turned_though_its_last_item_was_deleted(api: httpx.Client) -> None:
    first = api.get("/v1/studies", params={"limit": 1}).json()
    expected = api.get("/v1/studies", params={"limit": 3}).json()["items"][1:]
    api.post(f"/v1/studies/{first['items'][0]['id']}/cancel").raise_for_status()
    api.delete(f"/v1/studies/{first['items'][0]['id']}").raise_for_status()
    following = api.get("/v1/studies", params={"limit": 2, "cursor": first["next_cursor"]}).raise_for_status()
    assert following.json()["items"] == expected


@pytest.mark.usefixtures("filled")
def test_what_is_added_meanwhile_neither_repeats_nor_hides_an_item(api: httpx.Client) -> None:
    [whole] = pages(api, "/v1/studies", 1000)
    found = []
    for page in pages(api, "/v1/studies", 40):
        found += page
        api.post("/v1/studies", json={"objective": {"dataset": "digits"}}).raise_for_status()
    assert found == whole


def test_a_cursor_of_another_list_is_refused(api: httpx.Client, filled: str) -> None:
    by_number = api.get(filled, params={"limit": 1}).json()["next_cursor"]
    by_value = api.get(filled, params={"limit": 1, "order_by": "value"}).json()["next_cursor"]
    assert api.get(filled, params={"cursor": by_value}).status_code == 422
    assert api.get(filled, params={"cursor": by_number, "order_by": "value"}).status_code == 422
    assert api.get("/v1/studies", params={"cursor": by_number}).status_code == 422


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("collection", ["datasets", "search-spaces"])
def test_what_is_built_in_is_in_the_list(collection: str, api: httpx.Client) -> None:
    items = [item for page in pages(api, f"/v1/{collection}", 4) for item in page]
    built_in = {item["id"] for item in items if item["built_in"]}
    known = {"datasets": set(SAMPLE_NAMES), "search-spaces": set(READY_MADE)}
    assert built_in == known[collection]
    assert len(items) == len(built_in) + 7
