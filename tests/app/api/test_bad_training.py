"""A study that the engine, its dataset or the machine's memory cannot do is refused before it begins."""

from typing import Any

import httpx
import pytest

from app.main import create_app
from app.settings import Settings
from tests.app.api.documents import LEARNING_RATE, Stored, Wrong, assert_refused, choices, objective, space, training
from tests.app.api.problems import field_error
from tests.app.api.serving import serving

OF_THE_ENGINE = [
    Wrong(training(**{name: value}), f"/objective/training/{name}", (f"`{name}` must be", rule))
    for name, value, rule in [
        ("batch_norm", 1, "true or false"),
        ("keep_prob", 0, "above 0 and at most 1"),
        ("keep_prob_2", 1.5, "above 0 and at most 1"),
        ("l1", -1, "at least 0"),
        ("decay_rate", 0, "above 0"),
        ("rates", [[5, 0.1], [2, 0.01]], "in the order of their epochs"),
        ("augmentation", {"shift": -1}, "shift"),
    ]
] + [
    Wrong(
        objective(dataset="breast-cancer", training={"augmentation": {"shift": 1}}),
        "/objective/training/augmentation",
        ("`augmentation` must be null", "no `image_shape`"),
    ),
    Wrong(
        training(augmentation={"shift": 8}),
        "/objective/training/augmentation/shift",
        ("`shift` must be less than 8", "8 × 8 pixels", "but got 8"),
    ),
    Wrong(training(schedule="manual"), "/objective/training/rates", ("`rates` must be given",)),
    Wrong(
        space(LEARNING_RATE) | training(batch_norm=True, batch_size=1),
        "/objective/training/batch_size",
        ("at least 2 with `batch_norm`",),
    ),
    Wrong(
        space(LEARNING_RATE, choices("batch_size", 1, 32)) | training(batch_norm=True),
        "/search_space/parameters/1",
        ("at least 2 with `batch_norm`",),
    ),
]

WIDE = {"name": "hidden_units", "type": "int", "low": 1, "high": 4096}
BATCH_SIZE = {"name": "batch_size", "type": "int", "low": 1, "high": 1079}

LIMITS = [  # of the dataset, which has 1,078 training rows, and of the memory of a pack, 1,024 MiB
    Wrong(
        space(LEARNING_RATE) | training(batch_size=1079),
        "/objective/training/batch_size",
        ("`batch_size` must be at most 1078", "training rows of dataset 'digits'", "got 1079"),
    ),
    Wrong(space(BATCH_SIZE), "/search_space/parameters/0/high", ("`batch_size` must be at most 1078", "got 1079")),
    Wrong(
        space(LEARNING_RATE, choices("batch_size", 32, 5000)),
        "/search_space/parameters/1/choices/1",
        ("at most 1078", "5000"),
    ),
    Wrong(
        space(LEARNING_RATE) | training(hidden_units=4096, hidden_layers=10),
        "/objective/training/hidden_units",
        ("`hidden_units` must leave", "1,024 MiB (PARFOCAL_PACK_MEBIBYTES)", "4096", "MiB"),
    ),
    Wrong(
        space(LEARNING_RATE, WIDE) | training(hidden_layers=9),
        "/search_space/parameters/1",
        ("`hidden_units` must leave", "4096"),
    ),
    Wrong(
        space({"name": "hidden_layers", "type": "int", "low": 1, "high": 10})
        | training(**{f"hidden_units_{layer}": 4096 for layer in range(2, 11)}),
        "/search_space/parameters/0",
        ("`hidden_layers` must leave", "with 10 "),
    ),
    Wrong(
        space(LEARNING_RATE, WIDE) | objective(seeds=32, training={"hidden_layers": 2}),
        "/objective/seeds",
        ("`seeds` must be at most 1,", "1,024 MiB (PARFOCAL_PACK_MEBIBYTES)", "got 32"),
    ),
    Wrong(
        space({"name": "keep_prob", "type": "float", "low": 0, "high": 1}),
        "/search_space/parameters/0/low",
        ("`keep_prob`", "above 0 and at most 1"),
    ),
    Wrong(
        space({"name": "hidden_layers", "type": "int", "low": 1, "high": 11}),
        "/search_space/parameters/0/high",
        ("`hidden_layers`", "from 1 to 10", "11"),
    ),
    Wrong(
        space(choices("record_batch_losses", True, False)),
        "/search_space/parameters/0/name",
        ("`record_batch_losses`", "cannot be searched"),
    ),
]

CASES = [*OF_THE_ENGINE, *LIMITS]


@pytest.mark.parametrize("wrong", CASES, ids=lambda wrong: ascii(wrong.document)[:100])
def test_a_training_that_cannot_be_done_is_refused_and_nothing_is_kept(
    wrong: Wrong, api: httpx.Client, stored: Stored
) -> None:
    assert_refused(wrong, api, stored)


def test_what_a_small_machine_allows_can_be_set(settings: Settings) -> None:
    small = settings.model_copy(update={"pack_mebibytes": 1})
    with serving(create_app(small)) as api:
        pointer, message = field_error(api.post("/v1/studies", json={"objective": {"dataset": "digits"}}))
        assert pointer == "/search_space"
        assert "`hidden_units` must leave each training within 1 MiB" in message
        pointer, message = field_error(
            api.post("/v1/studies", json=space(LEARNING_RATE) | training(hidden_layers=1, epochs=1))
        )
        assert pointer == "/objective/training/hidden_layers"
        bare = api.post("/v1/studies", json=space(LEARNING_RATE))
        assert field_error(bare)[0] == "/objective/dataset"


@pytest.mark.parametrize(
    "document",
    [
        space(LEARNING_RATE) | training(batch_size=1078),
        space(BATCH_SIZE | {"high": 1078}),
        space(LEARNING_RATE) | training(hidden_units=4096),
        objective(base_error=1, high_gap=0),
        training(record_batch_losses=True),
        training(augmentation={"shift": 7}),
    ],
)
def test_what_is_just_allowed_is_taken(document: dict[str, Any], api: httpx.Client) -> None:
    assert api.post("/v1/studies", json=document).status_code == 201
