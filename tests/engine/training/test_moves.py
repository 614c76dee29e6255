"""How images are moved, pixel by pixel."""

import numpy as np
import pytest

from engine.training.arrays import Array
from engine.training.augmentation import Augmentation
from engine.training.moves import Moves

RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(6, 5, 7, 3))


def moves(down: int = 0, right: int = 0, *, mirrored: bool = False, degrees: float = 0, images: int = 6) -> Moves:
    """The same for all images."""
    return Moves(
        np.full(images, down), np.full(images, right), np.full(images, mirrored), np.full(images, np.deg2rad(degrees))
    )


@pytest.mark.parametrize(("down", "right"), [(0, 0), (1, 0), (0, -2), (3, 4), (-1, 6), (100, -100)])
def test_a_shift_moves_whole_pixels_and_beyond_the_edge_the_edge_goes_on(down: int, right: int) -> None:
    shifted = moves(down, right).applied(IMAGES)
    for row in range(5):
        for column in range(7):
            source = min(max(row - down, 0), 4), min(max(column - right, 0), 6)
            np.testing.assert_array_equal(shifted[:, row, column], IMAGES[:, *source])


def test_a_flip_mirrors_left_to_right() -> None:
    np.testing.assert_array_equal(moves(mirrored=True).applied(IMAGES), IMAGES[:, :, ::-1])


def test_a_mirrored_image_is_then_shifted() -> None:
    np.testing.assert_array_equal(
        moves(1, 2, mirrored=True).applied(IMAGES), moves(1, 2).applied(IMAGES[:, :, ::-1].copy())
    )


@pytest.mark.parametrize("degrees", [-30, 5, 90, 133])
def test_a_turn_keeps_the_centre(degrees: float) -> None:
    turned = moves(degrees=degrees).applied(IMAGES)
    np.testing.assert_allclose(turned[:, 2, 3], IMAGES[:, 2, 3])
    assert not np.allclose(turned, IMAGES)


def test_a_half_turn_is_upside_down_and_a_quarter_turn_lies_on_its_side() -> None:
    np.testing.assert_allclose(moves(degrees=180).applied(IMAGES), IMAGES[:, ::-1, ::-1])
    squares = IMAGES[:, :, :5].copy()
    np.testing.assert_allclose(moves(degrees=90).applied(squares), np.rot90(squares, -1, axes=(1, 2)))


def test_a_turn_there_and_back_hardly_changes_a_smooth_image() -> None:
    y, x = np.mgrid[:28, :28] / 27
    smooth = (np.sin(3 * y) + np.cos(2 * x))[None, :, :, None]
    there = moves(degrees=15, images=1).applied(smooth)
    back = moves(degrees=-15, images=1).applied(there)
    inner = np.s_[:, 8:-8, 8:-8]
    assert np.abs(there - smooth)[inner].max() > 0.15
    np.testing.assert_allclose(back[inner], smooth[inner], atol=0.005)


def test_a_turn_comes_before_a_shift_and_after_a_flip() -> None:
    """On a square, where a quarter turn loses nothing."""
    squares = IMAGES[:, :, :5].copy()
    one_by_one = moves(1, -2).applied(moves(degrees=90).applied(moves(mirrored=True).applied(squares)))
    np.testing.assert_allclose(moves(1, -2, mirrored=True, degrees=90).applied(squares), one_by_one, atol=1e-12)


def test_what_happens_to_an_image_does_not_depend_on_the_others() -> None:
    """To the bit, whether some, all or none of the others are turned."""
    some = Moves(np.arange(6) - 3, np.arange(6) % 3, np.arange(6) % 2 == 0, np.array([0, 0.1, 0, 0.2, -0.3, 0]))
    together = some.applied(IMAGES)
    for image in range(6):
        only = np.array([image])
        assert some.of(only).applied(IMAGES[only]).tobytes() == together[image].tobytes()


def drawn(augmentation: Augmentation, images: int = 9000) -> Moves:
    return Moves.draw(augmentation, np.random.default_rng(0), images)


def within(share: float, of: Array) -> bool:
    """Whether the share of True is right to within six standard errors, which chance exceeds once in 10^9."""
    return bool(abs(of.mean() - share) < 6 * np.sqrt(share * (1 - share) / len(of)))


def test_draws_cover_what_the_augmentation_allows() -> None:
    found = drawn(Augmentation(shift=2, flip=True, rotate=30))
    for shift in (found.down, found.right):
        assert set(shift) == {-2, -1, 0, 1, 2}
        assert all(within(0.2, shift == pixels) for pixels in range(-2, 3))
    assert within(0.5, found.is_mirrored)
    assert np.abs(found.angles).max() <= np.deg2rad(30)
    assert within(0.1, found.angles < np.deg2rad(-24))
    assert within(0.9, found.angles < np.deg2rad(24))


def test_nothing_is_drawn_that_was_not_asked_for() -> None:
    found = drawn(Augmentation())
    for part in (found.down, found.right, found.is_mirrored, found.angles):
        assert not part.any()


def test_the_parts_of_a_pack_are_joined_in_order() -> None:
    parts = [drawn(Augmentation(shift=shift, rotate=shift), 4) for shift in (1, 2)]
    joined = Moves.joined(parts)
    for index, part in enumerate(parts):
        assert repr(joined.of(slice(4 * index, 4 * index + 4))) == repr(part)
