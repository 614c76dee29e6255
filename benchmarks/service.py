"""A running service, and whole studies timed on it as a user has them: submitted over HTTP and waited for."""

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.cli.options import load_settings
from app.client import Client
from app.supervisor import Service

POLL_SECONDS = 0.1


@contextmanager
def running_service(workers: int) -> Iterator[Client]:
    """One with nothing in it, which is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(data_dir=Path(folder), database_url="", host="127.0.0.1", port=0, workers=workers)
        with Service(settings) as service, Client(service.settings.base_url) as client:
            yield client


def timed_study(client: Client, document: Mapping[str, Any]) -> tuple[float, dict[str, Any]]:
    """Seconds from submission to the complete study, and what it answers."""
    start = time.perf_counter()
    study = client.create_study(document)
    while study["state"] in ("queued", "running"):
        time.sleep(POLL_SECONDS)
        study = client.study(study["id"])
    seconds = time.perf_counter() - start
    assert study["state"] == "complete", study["failure"]
    return seconds, study
