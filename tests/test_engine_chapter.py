"""The chapter on the engine: it explains every training value, and what it shows is there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine.training.values import RULES
from scripts.engine_pictures import diagnosis

DOCS = Path(__file__).parent.parent / "docs"
CHAPTER = (DOCS / "engine.md").read_text()
PICTURES = sorted((DOCS / "engine").iterdir())
LARGEST_BYTES = 60_000


@pytest.mark.parametrize("name", RULES)
def test_every_training_value_is_explained(name: str) -> None:
    assert f"`{name}`" in CHAPTER


def test_every_picture_that_is_shown_exists_and_every_one_that_exists_is_shown() -> None:
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", CHAPTER)
    assert sorted(DOCS / picture for picture in shown) == PICTURES
    assert shown


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.name)
def test_a_picture_is_small_and_bears_no_date(picture: Path) -> None:
    assert picture.suffix == ".svg"
    assert picture.stat().st_size < LARGEST_BYTES
    assert "<dc:date>" not in picture.read_text()


def test_every_table_that_the_script_measures_is_there() -> None:
    tables = re.findall(r"<!-- table ([a-z ]+) -->\n(.*?)<!-- end -->", CHAPTER, re.DOTALL)
    assert len(tables) == CHAPTER.count("<!-- table")
    assert all(table.count("\n") > len(("heads", "line")) for _, table in tables)


def test_the_tables_of_the_diagnosis_tell_what_the_engine_does_today() -> None:
    for name, table in diagnosis.draw(DOCS).items():
        assert f"<!-- table {name} -->\n{table}\n<!-- end -->" in CHAPTER


def test_every_section_is_in_the_list_of_contents() -> None:
    sections = re.findall(r"^## (.+)$", CHAPTER, re.MULTILINE)
    linked = re.findall(r"\]\(#([a-z0-9-]+)\)", CHAPTER.partition("## ")[0])
    assert linked == [re.sub(r"[^a-z0-9 -]", "", section.lower()).replace(" ", "-") for section in sections]


def test_its_example_runs() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", CHAPTER, re.DOTALL)
    done = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [line.split()[-1] for line in done.stdout.splitlines()] == ["right"] * 8
