"""Train and test tiles share no pixel of a photograph."""

from __future__ import annotations

import numpy as np
import pytest

from ura_study.data.textures.photographs import (
    CROP_SIDES,
    PHOTOGRAPHS,
    REGIONS,
    TILE_SIZE,
    Box,
    Crop,
    cut,
    draw_crop,
    load_photograph,
)


def rows_and_columns(box: Box) -> set[tuple[int, int]]:
    return {(y, x) for y in range(box.top, box.bottom) for x in range(box.left, box.right)}


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_regions_share_no_pixel_and_fill_no_more_than_the_photograph(name):
    train, test = (rows_and_columns(REGIONS[split]) for split in ("train", "test"))
    assert not train & test
    assert train | test <= rows_and_columns(Box(0, 0, *load_photograph(name).shape))


@pytest.mark.parametrize("split", ["train", "test"])
def test_crops_are_squares_within_their_region(split):
    rng = np.random.default_rng(0)
    for _ in range(500):
        box = draw_crop(REGIONS[split], rng).box
        assert REGIONS[split].contains(box)
        assert CROP_SIDES[0] <= box.bottom - box.top == box.right - box.left <= CROP_SIDES[1]


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_tile_depends_on_no_pixel_outside_its_box(mirrored):
    crop = Crop(Box(60, 30, 190, 160), mirrored)
    rng = np.random.default_rng(0)
    photograph = rng.random((512, 512), dtype=np.float32)
    other = rng.random((512, 512), dtype=np.float32)
    other[60:190, 30:160] = photograph[60:190, 30:160]
    np.testing.assert_array_equal(cut(photograph, crop), cut(other, crop))


def test_a_tile_is_grey_square_and_in_range_and_mirroring_mirrors_it():
    photograph, box = load_photograph("grass"), Box(0, 0, 128, 128)
    tile = cut(photograph, Crop(box, mirrored=False))
    assert tile.shape == (TILE_SIZE, TILE_SIZE)
    assert tile.dtype == np.float32
    assert 0 <= tile.min() < tile.max() <= 1
    np.testing.assert_array_equal(cut(photograph, Crop(box, mirrored=True)), tile[:, ::-1])


def test_an_unknown_photograph_is_refused():
    with pytest.raises(ValueError, match="photograph must be one of"):
        load_photograph("moon")
