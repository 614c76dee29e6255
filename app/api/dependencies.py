"""What endpoints ask for."""

from typing import Annotated

from fastapi import Depends, Request

from app.settings import Settings
from app.store.database import Database


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


TheDatabase = Annotated[Database, Depends(_database)]
TheSettings = Annotated[Settings, Depends(_settings)]
