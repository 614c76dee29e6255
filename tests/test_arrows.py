"""The arrows between the rooms: who may know whom, and what a worker loads."""

import subprocess
import sys

import pytest

from tests.import_graph import import_graph, inside, reach

GRAPH = import_graph()

FORBIDDEN = {  # a room, and what must not be loaded because of it
    "engine": ["app", "migrations"],
    "engine.training": ["engine.search"],
    "engine.search": ["engine.training"],
    "app.api": ["app.dispatch", "app.supervisor", "app.cli", "app.client"],
    "app.store": ["app.api", "app.dispatch", "app.tables", "engine.training", "engine.search"],
    "app.dispatch": ["app.api", "app.cli", "app.main", "app.tables"],
    "app.tables": ["app.api", "app.store", "app.dispatch", "engine.search"],
    "app.client": ["app.api", "app.store", "app.dispatch", "app.tables", "app.settings", "engine"],
    "app.lifecycle": ["app.store", "app.settings", "engine"],
    "app.dispatch.worker": ["app.settings", "app.store", "app.errors", "engine.search"],
}


@pytest.mark.parametrize(
    ("room", "forbidden"), [(room, forbidden) for room, several in FORBIDDEN.items() for forbidden in several]
)
def test_a_room_loads_nothing_of_a_room_it_must_not_know(room: str, forbidden: str) -> None:
    modules = inside(room, GRAPH)
    assert modules
    assert inside(forbidden, GRAPH)
    assert inside(forbidden, reach(GRAPH, *modules)) == set()


@pytest.mark.parametrize(
    ("room", "needed"),
    [
        ("app.main", "app.api.studies"),
        ("app.api", "app.store.studies"),
        ("app.dispatch", "app.store.trials"),
        ("app.dispatch", "engine.search.box"),
        ("app.dispatch.worker", "engine.training.network"),
        ("app.dispatch.worker", "numpy"),
        ("app.dispatch.__main__", "app.settings"),
        ("app.store.migrate", "migrations"),
        ("engine.search", "engine.seeding"),
    ],
)
def test_the_arrows_that_are_there_are_found(room: str, needed: str) -> None:
    assert inside(needed, reach(GRAPH, *inside(room, GRAPH)))


def others(modules: set[str]) -> set[str]:
    """The top names of what is neither ours nor Python's."""
    tops = {module.partition(".")[0] for module in modules}
    return tops - set(sys.stdlib_module_names) - {"app", "engine", "migrations"}


def test_the_training_room_needs_numpy_alone() -> None:
    loaded = reach(GRAPH, *inside("engine.training", GRAPH))
    assert others(loaded) == {"numpy"}
    assert inside("engine", loaded) - inside("engine.training", loaded) == {"engine", "engine.seeding", "engine.errors"}


def test_the_search_room_needs_numpy_and_scipy_alone() -> None:
    assert others(reach(GRAPH, *inside("engine.search", GRAPH))) == {"numpy", "scipy"}


def test_the_search_room_loads_scipy_for_the_strategy_that_uses_it_alone() -> None:
    assert "scipy" not in loaded_by("import engine.search")


def test_a_worker_needs_numpy_alone() -> None:
    assert others(reach(GRAPH, "app.dispatch.worker")) == {"numpy"}


HEAVY = {
    "fastapi",
    "starlette",
    "sqlalchemy",
    "pydantic",
    "pydantic_core",
    "pandas",
    "alembic",
    "httpx",
    "uvicorn",
    "scipy",
}


def loaded_by(statement: str) -> set[str]:
    """The names in `sys.modules` after a statement in a fresh Python."""
    code = f"import sys; before = set(sys.modules); {statement}; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_what_a_worker_runs_loads_neither_web_nor_sql_nor_settings() -> None:
    loaded = loaded_by("import app.dispatch.worker")
    assert {"app.dispatch.worker", "app.dispatch.messages", "engine.training.train", "numpy"} <= loaded
    assert {name.partition(".")[0] for name in loaded} & HEAVY == set()
    dispatch = {f"app.dispatch.{name}" for name in ("worker", "work", "messages")}
    assert inside("app", loaded) == {"app", "app.model_files", "app.dispatch", *dispatch}


def test_the_main_module_that_every_worker_loads_again_needs_the_standard_library_alone() -> None:
    loaded = loaded_by("import app.dispatch.__main__")
    assert inside("app", loaded) == {"app", "app.dispatch", "app.dispatch.__main__"}
    assert others({name for name in loaded if not name.startswith("__editable__")}) == set()


def test_the_check_would_find_what_is_heavy() -> None:
    loaded = loaded_by("import app.dispatch.dispatcher")
    assert {"sqlalchemy", "pydantic", "app.settings", "app.store"} <= loaded
