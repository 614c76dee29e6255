"""Models on disk: whole or not there, and gone with their study."""

from pathlib import Path
from typing import BinaryIO

import pytest

from app import model_files
from app.lifecycle import EndedBy, StudyState
from app.settings import Settings
from app.store import studies
from app.store.database import Database
from app.supervisor import prepare
from tests.app.dispatch.making import add_study


def save_text(stream: BinaryIO) -> None:
    stream.write(b"whole")


def test_a_model_is_written_whole_and_over_an_older_one(tmp_path: Path) -> None:
    file = model_files.place_of(tmp_path / "models", "abc")
    for _ in range(2):
        model_files.write(file, save_text)
        assert file.read_bytes() == b"whole"
    assert list(file.parent.iterdir()) == [file]


def test_a_model_that_cannot_be_written_leaves_the_older_one_and_nothing_else(tmp_path: Path) -> None:
    file = model_files.place_of(tmp_path, "abc")
    model_files.write(file, save_text)

    def fail(stream: BinaryIO) -> None:
        stream.write(b"half")
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        model_files.write(file, fail)
    assert file.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [file]


def test_removing_a_model_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    model_files.remove(tmp_path / "none", "abc")


def test_a_start_of_the_service_takes_away_what_no_study_has(settings: Settings, database: Database) -> None:
    kept, gone = add_study(database), add_study(database)
    for study_id in (kept, gone):
        model_files.write(model_files.place_of(settings.models_dir, study_id), save_text)
    partial = settings.models_dir / f"{model_files.PARTIAL_PREFIX}x"
    partial.write_bytes(b"half")
    with database.writing() as session:
        studies.end(session, studies.get(session, gone), StudyState.CANCELLED, EndedBy.CANCELLED)
        studies.delete(session, gone)
    prepare(settings)
    assert [file.name for file in settings.models_dir.iterdir()] == [f"{kept}.npz"]
