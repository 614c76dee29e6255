"""Fair timing on a noisy machine: all contestants in turn, again and again, and the median of each."""

import statistics
import time
from collections.abc import Callable, Mapping

Contestants = Mapping[str, Callable[[], object]]


def interleaved(contestants: Contestants, rounds: int) -> dict[str, float]:
    """Median seconds of each over `rounds` turns, after one that does not count."""
    for run in contestants.values():
        run()
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(each) for name, each in seconds.items()}
