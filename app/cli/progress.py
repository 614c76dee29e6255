"""Watching a study: a live bar on a terminal, plain lines anywhere else."""

import time
from collections.abc import Callable
from types import TracebackType

from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from app.cli.console import console, say
from app.cli.figures import clock, measured, metric_label, progress_counts
from app.client import Answer, Client


def follow(client: Client, study_id: str) -> Answer:
    """Show how a study gets on until it has ended; return it as it ended."""
    if console.is_terminal and not console.is_dumb_terminal:
        with LiveBar() as bar:
            return _tell(client, study_id, bar.show)
    return _tell(client, study_id, PlainLines().show)


def _tell(client: Client, study_id: str, show: Callable[[Answer], None]) -> Answer:
    for study in client.watch(study_id, poll_seconds=0.1):
        show(study)
    return study


class PlainLines:
    """One line whenever something changed that a line tells."""

    def __init__(self) -> None:
        self._last = ""

    def show(self, study: Answer) -> None:
        line = ", ".join(part for part in (_stage(study), _trials(study), _best(study)) if part)
        if line != self._last:
            say(line)
        self._last = line


class LiveBar:
    """A bar that is drawn again and again in place."""

    def __init__(self) -> None:
        self._forecast = Forecast()
        self._progress = Progress(
            TextColumn("{task.fields[stage]}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[trials]}", markup=False),
            TextColumn("{task.fields[best]}", style="bold", markup=False),
            _TimeLeft(self._forecast),
            console=console,
            expand=True,
        )
        self._task = self._progress.add_task("", stage="", trials="", best="")

    def __enter__(self) -> "LiveBar":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def show(self, study: Answer) -> None:
        done, total = progress_counts(study)
        self._forecast.follow(study, time.monotonic())
        self._progress.update(
            self._task, completed=done, total=total, stage=_stage(study), trials=_trials(study), best=_best(study)
        )


class Forecast:
    """When a study will have ended, if it goes on at the pace seen since the watching began.

    Packs end in bursts: between them the time left counts down instead of growing.
    """

    def __init__(self) -> None:
        self._first: tuple[int, float] | None = None
        self._done = 0
        self._end: float | None = None
        self._round: int | None = None

    def follow(self, study: Answer, now: float) -> None:
        """Record how far a study is. With successive halving trials end soon, and many of them then wait again: only
        whole rounds tell the pace there, and the repeats of finalists.
        """
        if study["rung"] is None or study["round"] != self._round or study["finalists"]:
            self.record(*progress_counts(study), now)
        self._round = study["round"]

    def record(self, done: int, total: int, now: float) -> None:
        first_done, began = self._first = self._first or (done, now)
        if first_done < done != self._done:
            self._end = now + (now - began) * (total - done) / (done - first_done)
        self._done = done

    def seconds_left(self, now: float) -> float | None:
        """None as long as there is no pace to tell it from."""
        return None if self._end is None else max(self._end - now, 0.0)


class _TimeLeft(ProgressColumn):
    def __init__(self, forecast: Forecast) -> None:
        super().__init__()
        self._forecast = forecast

    def render(self, _task: Task) -> Text:
        seconds = self._forecast.seconds_left(time.monotonic())
        return Text("–:–– left" if seconds is None else f"{clock(seconds)} left")


def _stage(study: Answer) -> str:
    """Its state, or while it runs the round and rung it is on, from 0 on as everywhere, and at last the finalists."""
    if study["state"] == "running" and study["finalists"]:
        return f"confirming {len(study['finalists'])} finalists"
    if study["state"] != "running" or study["round"] is None:
        return str(study["state"])
    stage = "running" if study["rounds"] == 1 else f"round {study['round']} of 0–{study['rounds'] - 1}"
    return stage if study["rung"] is None else f"{stage}, rung {study['rung']}"


def _trials(study: Answer) -> str:
    done, total = progress_counts(study)
    return f"{done}/{total} trials"


def _best(study: Answer) -> str:
    metric, best = study["objective"]["metric"], study["best_trial"]
    return f"best {metric_label(metric)} {measured(metric, best['value'])}" if best else ""
