"""Is it alive, and is it ready."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from app.api.dependencies import TheDatabase
from app.api.problems import problem
from app.store import dispatchers
from app.store.database import Database
from app.store.migrate import is_current

LATE_SECONDS = 10  # the dispatcher gives a sign of life every second

router = APIRouter(tags=["health"])


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """The API's process is alive."""
    return {"status": "ok"}


@router.get("/readyz", response_model=None, responses={503: {"description": "What is wrong."}})
def readyz(database: TheDatabase) -> dict[str, Any] | JSONResponse:
    """The database is migrated and the dispatcher is beating."""
    fault = _fault(database)
    return problem(503, "not ready", fault) if fault else {"status": "ready"}


def _fault(database: Database) -> str | None:
    try:
        if not is_current(database):
            return "the database is not migrated: run `parfocal db upgrade`"
        with database.reading() as session:
            silence = dispatchers.last_beat(session)
    except SQLAlchemyError as error:
        return f"the database does not answer: {type(error).__name__}"
    if silence is None:
        return "no dispatcher has started yet"
    seconds = silence.total_seconds()
    return f"the dispatcher has been silent for {seconds:.0f} seconds" if seconds > LATE_SECONDS else None
