"""Bias and variance: verdicts on some errors."""

from pathlib import Path

from engine.training.diagnosis import verdict_of
from scripts.engine_pictures.tables import markdown, percent

EXAMPLES = [(0.01, 0.11, 0.0), (0.15, 0.16, 0.0), (0.15, 0.30, 0.0), (0.005, 0.01, 0.0), (0.15, 0.16, 0.15)]


def draw(_folder: Path) -> dict[str, str]:
    rows = []
    for train, dev, base in EXAMPLES:
        bias, variance = train - base, dev - train
        numbers = [percent(number) for number in (train, dev, base, bias, variance)]
        rows.append([*numbers, f"`{verdict_of(bias, variance)}`"])
    return {"verdicts": markdown(["train", "dev", "base", "avoidable bias", "variance", "verdict"], rows)}
