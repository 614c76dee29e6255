"""Transactions: writers wait for each other, readers for nobody, and what fails leaves nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.settings import Settings
from app.store import dispatchers, studies
from app.store.database import Database
from app.store.models import Study
from tests.app.store.rows import new_study

WRITERS = 4
TRANSACTIONS = 50


def test_writers_that_read_first_take_turns(settings: Settings, database: Database) -> None:
    """Each reads a number and writes the next: SQLite refuses that as "locked" unless it is told before it begins."""
    with database.writing() as session:
        study_id = new_study(session).id
    first, other = database, Database(settings.resolved_database_url)

    def write(number: int) -> None:
        for _ in range(TRANSACTIONS):
            with (first, other)[number % 2].writing() as session:
                study = studies.get(session, study_id)
                study.version += 1

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    with database.reading() as session:
        assert studies.get(session, study_id).version == 1 + WRITERS * TRANSACTIONS
    other.dispose()


def test_a_reader_sees_one_moment_while_others_write(database: Database) -> None:
    with database.writing() as session:
        study_id = new_study(session).id
    with database.reading() as reader:
        assert studies.get(reader, study_id).version == 1
        with database.writing() as writer:
            studies.get(writer, study_id).version = 2
        reader.expire_all()
        assert studies.get(reader, study_id).version == 1
    with database.reading() as reader:
        assert studies.get(reader, study_id).version == 2


def test_an_exception_takes_all_of_its_transaction_back(database: Database) -> None:
    def fail() -> None:
        with database.writing() as session:
            new_study(session)
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.reading() as session:
        assert session.query(Study).count() == 0


def test_what_was_read_can_be_used_after_its_transaction(database: Database) -> None:
    with database.writing() as session:
        study = new_study(session, name="kept")
    assert study.name == "kept"


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 3, 29, 2, 30, 15, 123456, tzinfo=UTC),
        datetime(2026, 3, 29, 2, 30, tzinfo=timezone(timedelta(hours=5, minutes=45))),
        datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=timezone(timedelta(hours=-11))),
    ],
)
def test_a_moment_comes_back_as_the_same_moment_in_utc(moment: datetime, database: Database) -> None:
    with database.writing() as session:
        study = new_study(session)
        study.created_at = moment
    with database.reading() as session:
        kept = studies.get(session, study.id).created_at
    assert kept == moment
    assert kept.tzinfo is UTC


def test_only_the_newest_dispatcher_may_write(database: Database) -> None:
    with database.writing() as session:
        assert dispatchers.last_beat(session) is None
        first = dispatchers.take_over(session, pid=1)
    with database.writing() as session:
        second = dispatchers.take_over(session, pid=2)
    assert second > first

    def write_as(epoch: int) -> None:
        with database.writing() as session:
            new_study(session)
            dispatchers.check(session, epoch)

    with pytest.raises(dispatchers.Superseded):
        write_as(first)
    with database.writing() as session:
        dispatchers.check(session, second)
        beat = dispatchers.last_beat(session)
        assert beat is not None
        assert beat < timedelta(minutes=1)
        assert session.query(Study).count() == 0
