"""What augmentation does to mini-batches, and what a network gains by it."""

from dataclasses import replace

import numpy as np
import pytest

from engine.errors import InvalidField
from engine.training.arrays import Array
from engine.training.augmentation import Augmentation
from engine.training.augmenting import LARGEST_DEVIATION, Augmenter, require_images
from engine.training.dataset import Dataset, Split
from engine.training.model import Model
from engine.training.moves import Moves
from engine.training.plan import TrainingPlan
from engine.training.samples import load_dataset
from engine.training.train import train, train_pack
from tests.engine.training.small_data import clouds, pictures

ALL = Augmentation(shift=1, flip=True, rotate=10, noise=0.2)
PLAN = TrainingPlan(seed=1, hidden_units=(16,), batch_size=16, epochs=3)


def changed(dataset: Dataset, augmentation: Augmentation, *, seed: int = 1, raw: bool = False, times: int = 1) -> Array:
    """All training rows of a dataset as a network gets to see them."""
    plan = replace(PLAN, seed=seed, augmentation=augmentation, normalize_inputs=not raw)
    augmenter = Augmenter([plan], dataset)
    seen = dataset.with_raw_inputs() if raw else dataset
    for _ in range(times):
        inputs = np.array(seen.train.inputs)[None]
        augmenter.change(inputs)
    return inputs[0]


@pytest.mark.parametrize("augmentation", [Augmentation(), Augmentation(shift=0, rotate=0.0, flip=False)])
def test_an_augmentation_of_nothing_changes_nothing(augmentation: Augmentation) -> None:
    digits = load_dataset("digits")
    np.testing.assert_array_equal(changed(digits, augmentation), digits.train.inputs)


def test_an_image_that_is_not_moved_stays_as_it_is() -> None:
    """Also where it is an outlier: only what moves in is kept within bounds."""
    digits = load_dataset("digits")
    found = changed(digits, Augmentation(flip=True))
    stayed = (found == digits.train.inputs).all(axis=1)
    assert 0.4 < stayed.mean() < 0.6  # passed by chance once in 10^10 seeds: 6 standard errors of 1,078 coins
    assert digits.train.inputs[stayed].max() > LARGEST_DEVIATION


def test_a_shifted_image_holds_what_was_beside() -> None:
    images, labels = np.random.default_rng(0).uniform(3, 5, (50, 6, 6)), np.arange(50) % 2
    made = Dataset.from_rows("classification", (images, labels), (images, labels))
    after = made.input_standardisation.undo(changed(made, Augmentation(shift=1))).reshape(images.shape)
    for old, new in zip(images, after, strict=True):
        places = [np.s_[1 + y : 5 + y, 1 + x : 5 + x] for y in (-1, 0, 1) for x in (-1, 0, 1)]
        assert sum(np.allclose(new[1:5, 1:5], old[place]) for place in places) == 1


def test_a_pixel_that_hardly_varies_stays_within_bounds() -> None:
    rng = np.random.default_rng(0)
    images = rng.normal(size=(200, 4, 4))
    images[:, 0, 0] *= 1e-6
    labels = np.arange(200) % 2
    made = Dataset.from_rows("classification", (images, labels), (images, labels))
    assert np.abs(changed(made, Augmentation(shift=1))).max() <= LARGEST_DEVIATION


def test_noise_has_its_deviation_and_leaves_constant_pixels_alone() -> None:
    digits = load_dataset("digits")
    noise = changed(digits, Augmentation(noise=0.3)) - digits.train.inputs
    is_constant = digits.input_standardisation.scale == 0
    assert is_constant.any()
    assert not noise[:, is_constant].any()
    drawn = noise[:, ~is_constant]
    # Of 57,000 numbers: six standard errors of their deviation and of their mean, exceeded once in 10^8 seeds.
    assert abs(drawn.std() - 0.3) < 6 * 0.3 / np.sqrt(2 * drawn.size)
    assert abs(drawn.mean()) < 6 * 0.3 / np.sqrt(drawn.size)


@pytest.mark.parametrize("augmentation", [Augmentation(shift=2), Augmentation(rotate=20), Augmentation(noise=0.5), ALL])
def test_raw_pixels_are_changed_like_normalised_ones(augmentation: Augmentation) -> None:
    digits = load_dataset("digits")
    normalised, raw = changed(digits, augmentation), changed(digits, augmentation, raw=True)
    np.testing.assert_allclose(raw, digits.input_standardisation.undo(normalised), atol=1e-4)
    assert np.abs(raw).max() > 3 * LARGEST_DEVIATION, "16 is the darkest"


def test_each_seed_and_each_epoch_has_draws_of_its_own() -> None:
    dataset = pictures()
    seen = [changed(dataset, ALL), changed(dataset, ALL, seed=2), changed(dataset, ALL, times=2)]
    assert np.array_equal(seen[0], changed(dataset, ALL))
    for other in (dataset.train.inputs, *seen[1:]):
        assert not np.isclose(seen[0], other).all(axis=1).any()


def test_neighbours_that_do_not_move_get_noise_alone() -> None:
    dataset = pictures()
    still, moved = replace(PLAN, augmentation=Augmentation(noise=0.1)), replace(PLAN, seed=2, augmentation=ALL)
    inputs = np.stack([dataset.train.inputs] * 3)
    Augmenter([still, moved, still], dataset).change(inputs)
    assert np.array_equal(inputs[0], inputs[2])
    assert np.array_equal(inputs[0], changed(dataset, Augmentation(noise=0.1)))
    assert np.array_equal(inputs[1], changed(dataset, ALL, seed=2))


def test_images_have_height_width_and_channels() -> None:
    """Mirrored: rows of two pixels of three channels."""
    images = np.random.default_rng(0).normal(size=(40, 5, 2, 3))
    labels = np.arange(40) % 2
    made = Dataset.from_rows("classification", (images, labels), (images, labels))
    assert made.image_shape == (5, 2, 3)
    found = made.input_standardisation.undo(changed(made, Augmentation(flip=True))).reshape(images.shape)
    is_mirrored = np.isclose(found, images[:, :, ::-1], atol=1e-5).all(axis=(1, 2, 3))
    assert 5 < is_mirrored.sum() < 35  # of 40 coins: otherwise once in 10^6 seeds
    np.testing.assert_allclose(found[~is_mirrored], images[~is_mirrored], atol=1e-5)


def test_rows_that_are_no_images_are_refused() -> None:
    with pytest.raises(InvalidField, match="`augmentation` must be null: the rows are no images"):
        train(replace(PLAN, augmentation=ALL), clouds(2))
    inputs = np.zeros((4, 6))
    with pytest.raises(InvalidField, match=r"as many pixels as there are features, 6, but is \(2, 2, 1\)") as caught:
        Dataset.from_rows("regression", (inputs, inputs[:, 0]), (inputs, inputs[:, 0]), image_shape=(2, 2, 1))
    assert caught.value.path == ("image_shape",)


def test_a_shift_that_could_push_an_image_out_whole_is_refused() -> None:
    rows = np.ones((4, 3, 5)), np.arange(4)
    wide = Dataset.from_rows("regression", rows, rows)
    require_images(wide.image_shape, Augmentation(shift=2))
    plans = [replace(PLAN, augmentation=Augmentation(shift=shift)) for shift in (2, 3)]
    with pytest.raises(InvalidField, match=r"`shift` must be less than 3, .* 3 × 5 pixels, but got 3") as caught:
        Augmenter(plans, wide)
    assert caught.value.path == ("augmentation", "shift")


@pytest.mark.parametrize("normalize_inputs", [True, False])
def test_training_batches_alone_are_changed(normalize_inputs: bool) -> None:
    """The rows themselves stay, and what is measured at the end is measured on them, of train and of dev."""
    dataset = pictures()
    before = [array.tobytes() for split in (dataset.train, dataset.dev) for array in (split.inputs, split.targets)]
    plan = replace(PLAN, augmentation=ALL, normalize_inputs=normalize_inputs)
    result = train(plan, dataset)
    after = [array.tobytes() for split in (dataset.train, dataset.dev) for array in (split.inputs, split.targets)]
    assert after == before
    model = Model.of(result, plan, dataset)
    raw = dataset.with_raw_inputs()
    for name, split in {"train": raw.train, "dev": raw.dev}.items():
        errors = model.predict(split.inputs).argmax(axis=1) != split.targets
        assert result.metrics[f"{name}_error_rate"] == pytest.approx(errors.mean())


def shifted(dataset: Dataset) -> Dataset:
    """The same digits, with those of dev shifted by up to one pixel."""
    scales, dev = dataset.input_standardisation, dataset.dev
    images = scales.undo(dev.inputs).reshape(-1, 8, 8, 1)
    moves = Moves.draw(Augmentation(shift=1), np.random.default_rng(0), len(images))
    moved = np.clip(scales.apply(moves.applied(images).reshape(dev.inputs.shape)), -5, 5)
    return replace(dataset, dev=Split.of(moved.astype(np.float32), dev.targets))


def test_shifts_in_training_teach_to_read_shifted_digits() -> None:
    """Measured: an error of 52 to 58 % without and of 21 to 26 % with them, over these seeds."""
    plans = [TrainingPlan(seed=seed, hidden_units=(32,), learning_rate=0.005, epochs=15) for seed in range(3)]
    dataset = shifted(load_dataset("digits"))
    plain = train_pack(plans, dataset)
    augmented = train_pack([replace(plan, augmentation=Augmentation(shift=1)) for plan in plans], dataset)
    for without, with_shifts in zip(plain, augmented, strict=True):
        assert without.value is not None
        assert with_shifts.value is not None
        assert with_shifts.value < without.value / 2
