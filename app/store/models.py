"""The tables. Queries live beside this file, one file per noun."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, Enum, ForeignKey, ForeignKeyConstraint, Index, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from app.lifecycle import EndedBy, FailureReason, JobKind, JobState, StudyState, TrialState


class UtcTime(TypeDecorator[datetime]):
    """A moment, always in UTC: SQLite keeps no time zone, so it is taken off on the way in and put back."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


def _words(enum: type[StrEnum]) -> Enum:
    """Kept as the word itself, in a plain text column that takes new words without a migration."""
    return Enum(
        enum, native_enum=False, length=32, values_callable=lambda members: [member.value for member in members]
    )


FIRST_IMPORTED = 1_000_000  # far above the trials that a study may have


class Base(DeclarativeBase):
    # Named, because SQLite can only change a constraint that has a name.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - read once by SQLAlchemy
        datetime: UtcTime(),
        dict[str, Any]: JSON(none_as_null=True),
        list[Any]: JSON(none_as_null=True),
        StudyState: _words(StudyState),
        TrialState: _words(TrialState),
        JobState: _words(JobState),
        JobKind: _words(JobKind),
        FailureReason: _words(FailureReason),
        EndedBy: _words(EndedBy),
    }


class Dataset(Base):
    __tablename__ = "datasets"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    built_in: Mapped[bool]
    content_hash: Mapped[str]  # names the folder
    description: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class SearchSpace(Base):
    __tablename__ = "search_spaces"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    built_in: Mapped[bool]
    document: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class Study(Base):
    __tablename__ = "studies"
    __table_args__ = (Index(None, "state"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    state: Mapped[StudyState]
    version: Mapped[int]  # raised in the transaction of each change
    seed: Mapped[int]
    extensions: Mapped[list[Any]] = mapped_column(server_default="[]")  # trials, and the round that they begin with
    dataset_id: Mapped[str] = mapped_column(ForeignKey("datasets.id"))
    search_space_id: Mapped[str | None] = mapped_column(ForeignKey("search_spaces.id"))  # None: given inline
    search_space: Mapped[dict[str, Any]]  # as it was when the study was made
    objective: Mapped[dict[str, Any]]
    strategy: Mapped[dict[str, Any]]
    pruning: Mapped[dict[str, Any] | None]
    trials: Mapped[int]  # the budget, repeats included
    confirm: Mapped[dict[str, Any] | None]  # finalists and repeats; None: the best trial is the winner
    finalists: Mapped[list[Any] | None]  # trial numbers, the best first, once they are trained again
    trial_timeout_seconds: Mapped[float]
    max_seconds: Mapped[float | None]
    max_attempts: Mapped[int]
    round: Mapped[int | None]  # the open one
    counts: Mapped[dict[str, Any]]  # trials by state
    packs_sent: Mapped[int] = mapped_column(server_default="0")
    trials_sent: Mapped[int] = mapped_column(server_default="0")  # in those packs; one that was lost is sent again
    epochs_saved: Mapped[int] = mapped_column(server_default="0")  # by pruning, less what was trained again
    warnings: Mapped[list[Any]]
    ended_by: Mapped[EndedBy | None]
    test_looks: Mapped[int] = mapped_column(server_default="0")  # results on the test rows that were revealed
    failure: Mapped[str | None]
    environment: Mapped[dict[str, Any] | None]  # what the last bits of the results depend on
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Round(Base):
    __tablename__ = "rounds"

    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    first_trial: Mapped[int]
    trials: Mapped[int]
    box: Mapped[dict[str, Any]]
    arrived: Mapped[dict[str, Any] | None]  # what came from outside and took effect when it opened, by trial numbers
    stop_curve: Mapped[list[Any] | None]  # the limit of the metric by epoch; None where nobody is pruned
    rungs: Mapped[list[Any] | None]  # the epochs and the trials of each; None without successive halving
    elites: Mapped[list[Any] | None]  # trial numbers; None while the round is open
    cut_by: Mapped[EndedBy | None]  # what ended the study in this round, if it has gone on since
    borders: Mapped[list[Any] | None]


class Trial(Base):
    """A trial of the search, numbered from 0 on; the repeat of a finalist, numbered -1, -2, …; or an imported one,
    numbered from FIRST_IMPORTED on: the search's own numbers stay without gaps, whatever comes in between."""

    __tablename__ = "trials"
    __table_args__ = (
        Index(None, "study_id", "state", "number"),
        Index(None, "study_id", "state", "cost", "dev_loss", "number"),
    )

    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    repeat_of: Mapped[int | None]  # the finalist that is trained again
    repeat: Mapped[int | None]  # which of its repeats this is, from 1 on
    round: Mapped[int]
    state: Mapped[TrialState]
    version: Mapped[int]  # the study's version at the last change of this row
    values: Mapped[dict[str, Any]]
    enqueued: Mapped[bool] = mapped_column(server_default="0")  # somebody brought these values
    value: Mapped[float | None]  # the mean over its seeds
    seed_values: Mapped[list[Any] | None]  # of each seed
    cost: Mapped[float | None]  # the value turned so that lower is better; ranks trials before dev_loss and number
    dev_loss: Mapped[float | None]
    metrics: Mapped[dict[str, Any] | None]
    signs: Mapped[list[Any] | None]  # of trouble in the training, once that has ended
    best_epoch: Mapped[int | None]
    epochs: Mapped[int | None]  # trained so far
    epochs_counted: Mapped[int] = mapped_column(server_default="0")  # of all seeds: trained for its value, or saved
    failure_reason: Mapped[FailureReason | None]
    failure: Mapped[str | None]
    attempts: Mapped[int]
    alone: Mapped[bool]  # a pack that held it was lost: it runs without neighbours from now on
    pack_size: Mapped[int | None]
    pack_key: Mapped[str | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Curve(Base):
    """A trial's learning curve and what else its training told, apart from it because lists leave it out."""

    __tablename__ = "curves"
    __table_args__ = (
        ForeignKeyConstraint(["study_id", "number"], ["trials.study_id", "trials.number"], ondelete="CASCADE"),
    )

    study_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    points: Mapped[dict[str, Any]]  # epoch, train, dev: lists of one length
    signals: Mapped[dict[str, Any] | None]  # as of `engine.training.result.Signals`
    batch_losses: Mapped[list[Any] | None]  # if the study asked for them


class Arrival(Base):
    """Values to try or a result to learn from, which somebody sent: it waits for the next round to open."""

    __tablename__ = "arrivals"

    id: Mapped[int] = mapped_column(primary_key=True)  # in the order in which they came
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), index=True)
    values: Mapped[dict[str, Any]]
    has_result: Mapped[bool]
    value: Mapped[float | None]  # None: it has failed, or it is to be tried
    dev_loss: Mapped[float | None]


class Pack(Base):
    """A worker process that is training, so that a later dispatcher can end what an earlier one left."""

    __tablename__ = "packs"

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[str]
    numbers: Mapped[list[Any]]
    pid: Mapped[int]  # also its process group
    process_started: Mapped[str]  # tells it from a later process with the same pid
    sent_at: Mapped[datetime]


class Job(Base):
    """One piece of work for a worker besides trials. It goes with its dataset, and with its study if it has one."""

    __tablename__ = "jobs"
    __table_args__ = (Index(None, "state", "created_at", "id"), Index(None, "kind", "created_at", "id"))

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[JobKind]
    state: Mapped[JobState]
    dataset_id: Mapped[str] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"))
    study_id: Mapped[str | None] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), index=True)
    request: Mapped[dict[str, Any]]  # what its kind needs to know
    result: Mapped[dict[str, Any] | None]
    failure: Mapped[str | None]
    attempts: Mapped[int]  # workers that it has used up
    pid: Mapped[int | None]  # its worker's while it runs, as in `Pack`
    process_started: Mapped[str | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Dispatcher(Base):
    """One row: which dispatcher may write, and when it last did."""

    __tablename__ = "dispatcher"

    id: Mapped[int] = mapped_column(primary_key=True)
    epoch: Mapped[int]
    pid: Mapped[int]
    beat_at: Mapped[datetime]
