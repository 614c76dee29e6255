import json
from pathlib import Path

import numpy as np
import pytest

from app.tables import encoding
from app.tables.encoding import Encoder, refuse_long_texts, refuse_unfit_width
from app.tables.limits import MAX_CATEGORIES
from tests.app.tables.tables import complaint, table


def test_a_number_stays_as_it_is(tmp_path: Path) -> None:
    read = table(tmp_path, "a,b\n1,5\n2,0.5\n")
    encoder = Encoder.fit(read)
    assert encoder.features == ["a", "b"]
    assert encoder.encode(read).tolist() == [[1, 5], [2, 0.5]]


def test_a_missing_number_becomes_the_median_of_the_training_rows_and_is_marked(tmp_path: Path) -> None:
    read = table(tmp_path, "a,b\n1,x\n,x\n5,x\n30,x\n")[["a"]]
    encoder = Encoder.fit(read)
    assert encoder.features == ["a", "a is missing"]
    assert encoder.encode(read).tolist() == [[1, 0], [5, 1], [5, 0], [30, 0]]


def test_a_number_that_is_missing_only_outside_the_training_rows_is_filled_without_a_mark(tmp_path: Path) -> None:
    read = table(tmp_path, "a,b\n1,x\n3,x\n,x\n")[["a"]]
    encoder = Encoder.fit(read.iloc[:2])
    assert encoder.features == ["a"]
    assert encoder.encode(read).tolist() == [[1], [3], [2]]


def test_a_text_becomes_one_feature_for_each_category(tmp_path: Path) -> None:
    read = table(tmp_path, "a,b\nred,1\nblue,1\nred,1\n")[["a"]]
    encoder = Encoder.fit(read)
    assert encoder.features == ["a = blue", "a = red"]
    assert encoder.encode(read).tolist() == [[0, 1], [1, 0], [0, 1]]


def test_a_missing_text_is_a_category_of_its_own(tmp_path: Path) -> None:
    read = table(tmp_path, "a,b\nred,1\n,1\n")[["a"]]
    encoder = Encoder.fit(read)
    assert encoder.features == ["a = red", "a is missing"]
    assert encoder.encode(read).tolist() == [[1, 0], [0, 1]]


def test_a_text_that_no_training_row_has_is_zero_everywhere(tmp_path: Path) -> None:
    read = table(tmp_path, "a,b\nred,1\nblue,1\ngreen,1\n,1\n")[["a"]]
    encoder = Encoder.fit(read.iloc[:2])
    assert encoder.encode(read).tolist() == [[0, 1], [1, 0], [0, 0], [0, 0]]


def test_truth_values_and_numbers_among_texts_are_texts(tmp_path: Path) -> None:
    read = table(tmp_path, "a,b\ntrue,1\nfalse,001\ntrue,x\n")
    assert Encoder.fit(read).features == ["a = false", "a = true", "b = 001", "b = 1", "b = x"]


def test_a_column_without_any_training_value_gives_no_feature(tmp_path: Path) -> None:
    read = table(tmp_path, "a,b\n,1\n,2\n7,3\nx,4\n")
    encoder = Encoder.fit(read.iloc[:2])
    assert encoder.features == ["b"]
    assert encoder.encode(read).tolist() == [[1], [2], [3], [4]]
    assert encoder.to_json()[0] == {"name": "a", "kind": "empty", "features": []}


def test_what_is_learnt_is_described_column_by_column(tmp_path: Path) -> None:
    read = table(tmp_path, "size,city\n1,Oslo\n,Rome\n4,\n")
    assert Encoder.fit(read).to_json() == [
        {"name": "size", "kind": "number", "fill": 2.5, "has_missing": True, "features": ["size", "size is missing"]},
        {
            "name": "city",
            "kind": "text",
            "categories": ["Oslo", "Rome"],
            "has_missing": True,
            "features": ["city = Oslo", "city = Rome", "city is missing"],
        },
    ]


def test_an_encoder_survives_json_to_the_bit(tmp_path: Path) -> None:
    read = table(tmp_path, "size,city,note\n0.1,Zürich,\n,“x”,\n0.3,,\n1e-9,Zürich,\n")
    encoder = Encoder.fit(read)
    again = Encoder.from_json(json.loads(json.dumps(encoder.to_json())))
    assert again == encoder
    assert np.array_equal(again.encode(read), encoder.encode(read))


def test_a_table_is_encoded_by_names_whatever_else_it_holds(tmp_path: Path) -> None:
    encoder = Encoder.fit(table(tmp_path, "a,b\n1,x\n2,y\n"))
    shuffled = table(tmp_path, "price,b,a\n9,y,3\n")
    assert encoder.encode(shuffled).tolist() == [[3, 0, 1]]


@pytest.mark.parametrize("number", ["1e999", "-inf", "2e30"])
@pytest.mark.parametrize("training_rows", [1, 3])
def test_a_number_beyond_the_limit_is_refused_wherever_it_stands(
    tmp_path: Path, number: str, training_rows: int
) -> None:
    read = table(tmp_path, f"a,b\n1,x\n2,x\n{number},x\n")
    error = complaint(lambda: Encoder.fit(read.iloc[:training_rows]).encode(read))
    assert error.pointer == "/file"
    assert error.message == f"column 'a' holds {float(number):g} in line 4: at most ±1e+30 is allowed"


def test_a_number_at_the_limit_is_allowed(tmp_path: Path) -> None:
    read = table(tmp_path, "a,b\n1e30,x\n-1e30,y\n")[["a"]]
    assert Encoder.fit(read).encode(read).tolist() == [[1e30], [-1e30]]


def test_a_text_among_numbers_outside_the_training_rows_is_refused(tmp_path: Path) -> None:
    read = table(tmp_path, "a,b\n1,x\n2,x\nunknown,x\n")
    error = complaint(lambda: Encoder.fit(read.iloc[:2]).encode(read))
    assert error.pointer == "/file"
    assert error.message == (
        "column 'a' holds numbers in the training rows, but 'unknown' in line 4: "
        "write a number, or leave the cell empty if it is missing"
    )


def test_a_column_of_text_with_ten_thousand_values_is_refused(tmp_path: Path) -> None:
    read = table(tmp_path, "a,note\n" + "".join(f"{number},text {number}\n" for number in range(10_000)))
    error = complaint(lambda: refuse_long_texts(read))
    assert error.pointer == "/file"
    assert error.message == (
        "column 'note' holds 10000 distinct texts, but at most 100 can become features: "
        "drop the column; or, if it should hold numbers, mend 'text 0' in line 2"
    )


def test_numbers_with_one_slip_are_refused_by_the_line_of_the_slip(tmp_path: Path) -> None:
    cells = [str(number) for number in range(300)]
    cells[7] = "l234"
    read = table(tmp_path, "a,b\n" + "".join(f"{cell},x\n" for cell in cells))
    assert "column 'a' holds 300 distinct texts" in complaint(lambda: refuse_long_texts(read)).message
    assert complaint(lambda: refuse_long_texts(read)).message.endswith("mend 'l234' in line 9")


def test_texts_up_to_the_limit_and_any_count_of_numbers_are_allowed(tmp_path: Path) -> None:
    rows = [f"{number},{number % MAX_CATEGORIES}x\n" for number in range(300)]
    refuse_long_texts(table(tmp_path, "a,b\n" + "".join(rows)))


def test_a_long_cell_is_shortened_in_a_complaint(tmp_path: Path) -> None:
    read = table(tmp_path, "a,b\n1,x\n" + "y" * 5_000 + ",x\n")
    message = complaint(lambda: Encoder.fit(read.iloc[:1]).encode(read)).message
    assert f"but '{'y' * 60}…' in line 3" in message


def test_a_table_without_features_is_refused(tmp_path: Path) -> None:
    read = table(tmp_path, "a,b\n,1\n,2\n")[["a"]]
    assert complaint(lambda: refuse_unfit_width(Encoder.fit(read), 2)).message == (
        "no column but the target holds anything in the training rows: there is no feature to learn from"
    )


def test_a_table_that_grows_too_large_by_encoding_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "MAX_ENCODED_CELLS", 8)
    read = table(tmp_path, "a,b\nx,1\ny,2\nz,3\n")
    refuse_unfit_width(Encoder.fit(read), 2)
    assert complaint(lambda: refuse_unfit_width(Encoder.fit(read), 3)).message == (
        "the table becomes 3 rows × 4 features, but at most 8 cells are allowed: "
        "drop rows, or columns of text with many distinct values"
    )
