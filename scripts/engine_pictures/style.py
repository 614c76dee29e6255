"""One look for all pictures: white cards, few colours, labels beside the lines they name."""

import re
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt

INK, QUIET, FAINT = "#1f2933", "#616e7c", "#cbd2d9"
BLUE, AMBER, TEAL, RED, VIOLET = "#146eb4", "#d98200", "#1d8a7a", "#c2452d", "#7a56a6"
WIDTH_INCHES = 8.6  # about as wide as GitHub shows a README

mpl.rcParams.update(
    {
        "font.size": 8.5,
        "text.color": INK,
        "axes.titlesize": 9,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.titlepad": 8,
        "axes.labelcolor": QUIET,
        "axes.edgecolor": FAINT,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.prop_cycle": mpl.cycler(color=[BLUE, AMBER, TEAL, RED, VIOLET]),
        "xtick.color": FAINT,
        "ytick.color": FAINT,
        "xtick.labelcolor": QUIET,
        "ytick.labelcolor": QUIET,
        "xtick.minor.size": 0,
        "ytick.minor.size": 0,
        "lines.linewidth": 1.6,
        "lines.solid_capstyle": "round",
        "figure.facecolor": "white",  # a card of its own on a dark page
        "figure.constrained_layout.use": True,
        "figure.constrained_layout.w_pad": 0.12,
        "figure.constrained_layout.h_pad": 0.1,
        "font.sans-serif": ["DejaVu Sans", "Verdana", "sans-serif"],
        "path.simplify_threshold": 0.3,
        "svg.fonttype": "none",  # text stays text, at a quarter of the size
        "svg.hashsalt": "parfocal",  # the same bytes each time
    }
)


def panels(count: int, height: float = 2.7, rows: int = 1, **options: Any) -> tuple[Any, Any]:
    figure, axes = plt.subplots(rows, count, figsize=(WIDTH_INCHES, height), squeeze=False, **options)
    return figure, axes if rows > 1 else axes[0]


def beside(axis: Any, x: float, y: float, text: str, colour: str, *, dx: float = 4, dy: float = 0, **more: Any) -> None:
    """Write beside a point, by default right of it, `dx` and `dy` points away."""
    place: dict[str, Any] = {"ha": "left", "va": "center"} | more
    axis.annotate(text, (x, y), (dx, dy), textcoords="offset points", color=colour, annotation_clip=False, **place)


def name_ends(axis: Any, lines: Sequence[tuple[str, Any, Any, str]]) -> None:
    """Draw lines (text, x, y, colour), each with its text at its right end."""
    for text, x, y, colour in lines:
        axis.plot(x, y, color=colour)
        beside(axis, x[-1], y[-1], text, colour)


def save(figure: Any, folder: Path, name: str) -> None:
    """Write an SVG without a date, its places rounded to tenths of a point."""
    drawn = StringIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    folder.mkdir(exist_ok=True)
    tags = re.compile(r"<[^>]*>")  # and not what is written between them
    lines = tags.sub(lambda tag: re.sub(r"(\.\d)\d+", r"\1", tag[0]), drawn.getvalue()).splitlines()
    (folder / f"{name}.svg").write_text("\n".join(line.rstrip() for line in lines) + "\n")
