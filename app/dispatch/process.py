"""Becoming the one dispatcher of a data directory, and giving way to the next."""

import os
import sys
from typing import NoReturn

from sqlalchemy.exc import OperationalError

from app.dispatch.dispatcher import Dispatcher
from app.lifeline import exit_with_parent
from app.locks import hold_lock
from app.settings import Settings
from app.store import dispatchers
from app.store.database import Database


def run_dispatcher(settings: Settings) -> int:
    """Dispatch until something ends it; the next one goes on where it was. Returns the exit code."""
    exit_with_parent()
    with hold_lock(settings.data_dir / "dispatcher.lock", wait=True):
        try:
            _dispatch(settings)
        except dispatchers.Superseded:
            reason = "another dispatcher has taken over"
        except OperationalError as error:  # the disk is full, or somebody holds the database for too long
            reason = f"the database cannot be used ({error.orig})"
    print(f"parfocal: {reason}; this dispatcher ends", file=sys.stderr)
    return 1


def _dispatch(settings: Settings) -> NoReturn:
    database = Database(settings.resolved_database_url)
    with database.writing() as session:
        epoch = dispatchers.take_over(session, os.getpid())
    dispatcher = Dispatcher(settings, database, epoch)
    try:
        dispatcher.run()
    finally:
        dispatcher.workers.kill_all()
