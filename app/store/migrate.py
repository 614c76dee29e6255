"""Bring the database to the newest schema. Safe to repeat, and to run while another does."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import migrations
from app.settings import Settings
from app.store.database import Database


def upgrade(settings: Settings) -> None:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.resolved_database_url)
    try:
        with database.writing() as session:
            config = _config()
            config.attributes["connection"] = session.connection()
            command.upgrade(config, "head")
    finally:
        database.dispose()


def is_current(database: Database) -> bool:
    with database.reading() as session:
        revision = MigrationContext.configure(session.connection()).get_current_revision()
    return revision == ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    return config
