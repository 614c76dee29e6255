"""Where the API is put together, and its process: `python -m app.main DESCRIPTOR`, a listening socket's."""

import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import Depends, FastAPI
from fastapi_offline import FastAPIOffline

from app.api import (
    arrivals,
    datasets,
    gradient_checks,
    health,
    importances,
    looks,
    models,
    problems,
    spaces,
    studies,
    trials,
)
from app.api.body_limit import MEBIBYTE, BodyLimit
from app.api.strict import refuse_repeated_queries
from app.lifeline import exit_with_parent
from app.settings import Settings
from app.store.database import Database


def create_app(settings: Settings) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.settings = settings
        app.state.database = Database(settings.resolved_database_url)
        yield
        app.state.database.dispose()

    app = FastAPIOffline(
        title="Parfocal", version="0.1.0", lifespan=lifespan, dependencies=[Depends(refuse_repeated_queries)]
    )
    for room in (health, datasets, spaces, studies, trials, arrivals, importances, models, looks, gradient_checks):
        app.include_router(room.router)
    problems.install(app)
    app.add_middleware(
        BodyLimit, upload_path=datasets.router.prefix, upload_limit=settings.max_upload_mebibytes * MEBIBYTE
    )
    return app


def main(descriptor: int) -> None:
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    exit_with_parent()
    config = uvicorn.Config(create_app(Settings()), log_level="warning", timeout_graceful_shutdown=3)
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=descriptor)])


if __name__ == "__main__":
    main(int(sys.argv[1]))
