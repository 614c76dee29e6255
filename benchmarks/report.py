"""What a benchmark is asked, and how it tells what it found: a table in Markdown and a file."""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def options(description: str | None, **counts: int) -> argparse.Namespace:
    """The command line: `--NAME NUMBER` for each of `counts`, which are the defaults, and `--json FILE`."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in counts.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def tell(report: dict[str, Any], table: Iterable[str], file: Path | None) -> None:
    """Print the machine and the lines of the table, and write the report to `file` if there is one."""
    print(", ".join(f"{name} {text}" for name, text in report["machine"].items()), end="\n\n")
    print(*table, sep="\n")
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(report, indent=1) + "\n")
