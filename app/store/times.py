"""The one clock of the store."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)
