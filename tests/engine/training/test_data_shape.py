"""What of a dataset decides the cost of a training, from the dataset or from what is told of it."""

import pytest

from engine.training.data_shape import DataShape
from engine.training.plan import TrainingPlan
from tests.engine.training.small_data import TASKS


@pytest.mark.parametrize("task", TASKS)
def test_a_dataset_and_its_description_have_the_same_shape(task: str) -> None:
    dataset = TASKS[task]
    description = {
        "classes": dataset.classes,
        "input_standardisation": dataset.input_standardisation.to_json(),
        "splits": {"train": {"rows": 61}, "dev": {"rows": 40}, "test": {"rows": 9}},
    }
    shape = DataShape.described(description)
    assert shape == DataShape.of(dataset)
    assert (shape.train_rows, shape.dev_rows) == (61, 40)


@pytest.mark.parametrize(("task", "outputs"), [("two classes", 1), ("ten classes", 10), ("regression", 1)])
def test_it_tells_the_units_of_a_network(task: str, outputs: int) -> None:
    shape = DataShape.of(TASKS[task])
    units = shape.shape_of(TrainingPlan(hidden_units=(5, 40), width_step=32)).units
    assert units == (shape.features, 32, 64, outputs)
