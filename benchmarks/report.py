"""What a benchmark found, as a file."""

import json
from pathlib import Path
from typing import Any


def write(report: dict[str, Any], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(report, indent=1) + "\n")
