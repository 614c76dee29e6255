"""Where the command writes: answers to the standard output, hints beside it to the standard error."""

import json
import sys
from collections.abc import Collection
from contextlib import AbstractContextManager
from pathlib import Path
from shutil import which
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

# Names of studies and columns are other people's text: never markup.
console = Console(markup=False, highlight=False, emoji=False)


def say(line: str, style: str | None = None) -> None:
    """Print one line of plain text, which a narrow terminal may fold but nobody cuts."""
    console.print(printable(line), style=style, soft_wrap=True)


def show(title: str, table: Table) -> None:
    """Print a table under its title, with an empty line before."""
    console.print()
    say(title, style="bold")
    console.print(table)


def busy(line: str) -> AbstractContextManager[object]:
    """Show on a terminal that something goes on, for as long as it does."""
    return console.status(Text(printable(line)))


def hint(line: str) -> None:
    """Tell a person something that a script reading the answer must not get."""
    print(printable(line), file=sys.stderr)


def plain_table(*headings: str, right: Collection[str] = ()) -> Table:
    """A table without lines, as wide as its content; the columns named in `right` hold figures."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right else "left", overflow="fold")
    return table


def write_bytes(document: bytes) -> None:
    """Write to the standard output what must arrive as it is, whatever the terminal's encoding."""
    sys.stdout.flush()
    sys.stdout.buffer.write(document)


def write_document(document: bytes, output: Path | None) -> None:
    """Write a whole document to the file `output`, or to the standard output."""
    if output is None:
        write_bytes(document)
    else:
        output.write_bytes(document)


def print_json(answer: Any) -> None:
    write_bytes(json.dumps(answer, indent=2, ensure_ascii=False).encode() + b"\n")


def print_json_list(items: list[Any]) -> None:
    """A list as the API answers it, all pages in one."""
    print_json({"items": items, "next_cursor": None})


def printable(text: str) -> str:
    """The text with everything escaped that could move the cursor or ring the bell."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def program() -> str:
    """How this command is called here, for commands that can be copied."""
    called = Path(sys.argv[0])
    return str(called) if called.name == "parfocal" and which("parfocal") is None else "parfocal"
