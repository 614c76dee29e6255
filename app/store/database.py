"""The connection to the database: short reading transactions, and writing ones that never meet "database is locked"."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_TIMEOUT_SECONDS = 30  # a writer waits so long for another's transaction; ours last two seconds at most


class Database:
    """`reading()` and `writing()` give a session inside one transaction.

    A writing transaction begins with BEGIN IMMEDIATE: it waits for its turn at the start. SQLite refuses one that
    read first and wants to write later with "database is locked", whatever the timeout.
    """

    def __init__(self, url: str) -> None:
        self.engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_SECONDS})
        self._writing_engine = self.engine.execution_options(parfocal_begin="BEGIN IMMEDIATE")
        event.listen(self.engine, "connect", _configure)
        event.listen(self.engine, "begin", _begin)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Commits at the end of the block, rolls back on an exception."""
        with Session(self._writing_engine, expire_on_commit=False) as session, session.begin():
            yield session

    def dispose(self) -> None:
        self.engine.dispose()


def _configure(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver opens no transaction of its own
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")  # readers and the writer do not wait for each other
    cursor.execute("PRAGMA synchronous = NORMAL")  # in WAL mode safe against any crash of a process
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    options: dict[str, Any] = dict(connection.get_execution_options())
    connection.exec_driver_sql(options.get("parfocal_begin", "BEGIN"))
