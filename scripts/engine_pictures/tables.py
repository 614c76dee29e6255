"""Tables of measured figures, written into the chapter between their marks."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path


def markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def write_tables(page: Path, tables: Mapping[str, str]) -> None:
    """Put each table between `<!-- table NAME -->` and `<!-- end -->`. Raises ValueError if the page has no such."""
    text = page.read_text()
    for name, table in tables.items():
        found = re.search(rf"<!-- table {name} -->\n(.*?)<!-- end -->", text, re.DOTALL)
        if found is None:
            raise ValueError(f"{page} has no place for the table {name!r}")
        text = f"{text[: found.start(1)]}{table}\n{text[found.end(1) :]}"
    page.write_text(text)
