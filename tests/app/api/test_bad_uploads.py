"""A table or a form that is wrong is refused with its field and the rule, and nothing of it is left."""

from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pytest

from tests.app.api.problems import field_error, problem_of
from tests.app.api.tables import FLOWERS, PIXELS, PRICES, bars, npz, upload

Stored = Callable[[], dict[str, object]]

WRONG_TABLES: dict[str, tuple[str | bytes, dict[str, Any], str, str]] = {
    "empty": (b"", {"target": "kind"}, "/file", "empty"),
    "header alone": ("a,kind\n", {"target": "kind"}, "/file", "no rows"),
    "ragged": (FLOWERS + "1,2\n", {"target": "kind"}, "/file", "line 62 has 2 fields, but the header has 3"),
    "not UTF-8": (FLOWERS.encode() + b"1,\xff,a\n", {"target": "kind"}, "/file", "line 62 is not UTF-8"),
    "no such target": (FLOWERS, {"target": "kinds"}, "/target", "the nearest known one is 'kind'"),
    "constant features": ("a,y\n" + "1,2\n1,3\n" * 20, {"target": "y"}, "/file", "'a' is 1 in every training row"),
    "constant target": ("a,y\n" + "1,2\n" * 20, {"target": "y"}, "/target", "nothing to learn"),
    "missing target": (FLOWERS + "1,sun,\n", {"target": "kind"}, "/target", "line 62"),
    "rare class": (FLOWERS + "1,sun,d\n", {"target": "kind"}, "/target", "class 'd'"),
    "wrong task": (FLOWERS, {"target": "kind", "task": "regression"}, "/task", "regression needs a target of numbers"),
    "unknown task": (FLOWERS, {"target": "kind", "task": "clasification"}, "/task", "'classification'"),
    "no such split column": (FLOWERS, {"target": "kind", "split_column": "plaec"}, "/split_column", "'place'"),
    "shares that do not sum": (FLOWERS, {"target": "kind", "split": "[0.6, 0.2, 0.1]"}, "/split", "must sum to 1"),
    "two shares": (FLOWERS, {"target": "kind", "split": "[0.5, 0.5]"}, "/split", "three numbers"),
    "shares that are no list": (FLOWERS, {"target": "kind", "split": "0.6"}, "/split", "three numbers"),
    "shares that are texts": (FLOWERS, {"target": "kind", "split": '["0.6", "0.2", "0.2"]'}, "/split", "three numbers"),
    "shares that are no JSON": (FLOWERS, {"target": "kind", "split": "60/20/20"}, "/split", "three numbers"),
    "nested shares": (FLOWERS, {"target": "kind", "split": "[" * 100_000}, "/split", "three numbers"),
    "NaN in shares": (FLOWERS, {"target": "kind", "split": "[NaN, 0.5, 0.5]"}, "/split", "nan"),
    "infinite share": (FLOWERS, {"target": "kind", "split": "[1e999, 0.5, 0.5]"}, "/split", "inf"),
    "huge share": (FLOWERS, {"target": "kind", "split": f"[{'9' * 400}, 0.5, 0.5]"}, "/split", ""),
    "seed that is none": (FLOWERS, {"target": "kind", "split_seed": "NaN"}, "/split_seed", "integer"),
    "infinite seed": (FLOWERS, {"target": "kind", "split_seed": "1e999"}, "/split_seed", "integer"),
    "huge seed": (FLOWERS, {"target": "kind", "split_seed": 2**63}, "/split_seed", str(2**53 - 1)),
    "seed of many digits": (FLOWERS, {"target": "kind", "split_seed": "9" * 5000}, "/split_seed", "integer"),
    "negative seed": (FLOWERS, {"target": "kind", "split_seed": -1}, "/split_seed", "-1"),
    "NUL in the name": (FLOWERS, {"target": "kind", "name": "a\0b"}, "/name", "printable"),
    "NUL in the target": (FLOWERS, {"target": "a\0b"}, "/target", "'a\\x00b'"),
    "long name": (FLOWERS, {"target": "kind", "name": "x" * 201}, "/name", "at most 200"),
    "unknown field": (FLOWERS, {"target": "kind", "taget": "x"}, "/taget", "the nearest known one is 'target'"),
    "no target": (FLOWERS, {}, "/target", "`target` is required"),
    "shape that is no list": (FLOWERS, {"target": "kind", "image_shape": "8,8"}, "/image_shape", "but got '8,8'"),
    "shape of texts": (FLOWERS, {"target": "kind", "image_shape": '["1", "1"]'}, "/image_shape", "[height, width]"),
    "shape of one number": (FLOWERS, {"target": "kind", "image_shape": "[2]"}, "/image_shape", "but got [2]"),
    "shape of four": (FLOWERS, {"target": "kind", "image_shape": "[1, 1, 1, 1]"}, "/image_shape", "[height, width]"),
    "shape without pixels": (FLOWERS, {"target": "kind", "image_shape": "[2, 0]"}, "/image_shape", "but got [2, 0]"),
    "huge shape": (
        PIXELS,
        {"target": "y", "image_shape": f"[{10**40}, 1]"},
        "/image_shape",
        "must have as many pixels",
    ),
    "shape of other size": (PIXELS, {"target": "y", "image_shape": "[2, 3]"}, "/image_shape", "4, but [2, 3] has 6"),
    "texts as pixels": (FLOWERS, {"target": "kind", "image_shape": "[1, 3]"}, "/image_shape", "'place' holds text"),
    "arrays and a target": (bars(), {"target": "y"}, "/target", "has no effect on an NPZ file"),
    "arrays and a split column": (bars(), {"split_column": "split"}, "/split_column", "give it an array 'split'"),
    "arrays of another shape": (bars(), {"image_shape": "[4, 4]"}, "/image_shape", "20, but [4, 4] has 16"),
    "arrays and a wrong task": (bars(), {"task": "regression"}, "/task", "'y' holds 'lies' in row 0"),
    "an array alone": (b"\x93NUMPY\x01\x00", {"target": "y"}, "/file", "save `x` and `y` together, with numpy.savez"),
    "truncated arrays": (bars()[:-100], {}, "/file", "no whole NPZ file"),
    "pickled arrays": (npz(x=np.array([{}]), y=np.ones(1)), {}, "/file", "array 'x' holds pickled Python objects"),
    "arrays of different lengths": (npz(x=np.ones((20, 3)), y=np.ones(19)), {}, "/file", "'y' must be (20,)"),
    "inputs of one axis": (npz(x=np.ones(20), y=np.ones(20)), {}, "/file", "'x' must be (rows, features), (rows, h"),
    "texts as inputs": (
        npz(x=np.full((20, 3), "a"), y=np.ones(20)),
        {},
        "/file",
        "'x' must hold numbers, but holds <U1",
    ),
    "a third array": (npz(x=np.ones((20, 3)), y=np.ones(20), z=np.ones(1)), {}, "/file", "unknown array 'z'"),
    "one array alone": (npz(x=np.ones((20, 3))), {}, "/file", "array 'y' is missing"),
    "missing pixel": (PIXELS + "1,,3,4,0\n" * 30, {"target": "y", "image_shape": "[2, 2]"}, "/image_shape", "'b'"),
}


@pytest.mark.parametrize("name", WRONG_TABLES)
def test_a_wrong_table_is_refused_and_nothing_is_left(name: str, api: httpx.Client, stored: Stored) -> None:
    table, fields, pointer, part = WRONG_TABLES[name]
    before = stored()
    found, message = field_error(upload(api, table, **fields))
    assert found == pointer
    assert part in message
    assert stored() == before


def test_a_damaged_npz_file_is_not_taken_for_a_table(api: httpx.Client, stored: Stored) -> None:
    before = stored()
    pointer, message = field_error(upload(api, bars()[2:], filename="bars.npz"))
    assert pointer == "/file"
    assert message == "the file is called 'bars.npz', but is no NPZ file, which numpy.savez writes"
    assert stored() == before


def test_a_form_without_a_file_is_refused(api: httpx.Client) -> None:
    missing = api.post("/v1/datasets", data={"target": "kind"})
    assert field_error(missing) == ("/file", "`file` is required")
    as_text = api.post("/v1/datasets", data={"target": "kind", "file": "flowers.csv"})
    assert field_error(as_text)[1] == "`file` must be a file (curl: `--form file=@table.csv`), but got 'flowers.csv'"
    as_json = api.post("/v1/datasets", json={"target": "kind"})
    assert {error["pointer"] for error in problem_of(as_json, 422)["errors"]} == {"/file"}


def test_a_part_that_comes_twice_is_refused_and_neither_is_taken(api: httpx.Client, stored: Stored) -> None:
    before = stored()
    files = [("file", ("a.csv", FLOWERS)), ("file", ("b.csv", PRICES))]
    two_files = api.post("/v1/datasets", files=files, data={"target": "kind"})
    assert field_error(two_files) == ("/file", "`file` must come once, but the form has it 2 times")
    two_targets = api.post("/v1/datasets", files=files[:1], data={"target": ["kind", "size", "kind"]})
    assert field_error(two_targets) == ("/target", "`target` must come once, but the form has it 3 times")
    assert stored() == before


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=x"])
def test_a_broken_form_is_a_bad_request(content_type: str, api: httpx.Client) -> None:
    problem_of(api.post("/v1/datasets", content=b"garbage", headers={"content-type": content_type}), 400)


@pytest.mark.parametrize("is_announced", [True, False])
def test_a_file_over_the_limit_is_refused(is_announced: bool, api: httpx.Client, stored: Stored) -> None:
    before = stored()
    request = api.build_request(
        "POST", "/v1/datasets", files={"file": ("t.csv", b"x" * 2**20)}, data={"target": "kind"}
    )
    body = request.read()
    headers = {"content-type": request.headers["content-type"]}
    answer = api.post("/v1/datasets", content=body if is_announced else iter([body]), headers=headers)
    problem = problem_of(answer, 413)
    assert "1,048,576 bytes (1 MiB, PARFOCAL_MAX_UPLOAD_MEBIBYTES)" in problem["detail"]
    assert f"{len(body):,}" in problem["detail"]
    assert stored() == before


def test_a_file_just_within_the_limit_is_read(api: httpx.Client) -> None:
    table = FLOWERS + "\n" * (2**20 - len(FLOWERS) - 1000)
    assert upload(api, table, target="kind").status_code == 201
