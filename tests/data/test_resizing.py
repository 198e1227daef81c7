"""Masks become small, and no defect becomes nothing."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from ura_study.data.resizing import EIGHT_CONNECTED, regions, resized


def mask_of(*places, shape=(640, 640)):
    mask = np.zeros(shape, bool)
    for place in places:
        mask[place] = True
    return mask


def test_where_nothing_is_lost_it_is_the_nearest_pixel():
    mask = mask_of(np.s_[100:200, 50:400], np.s_[300:330, 500:520])
    expected = Image.fromarray(mask).resize((64, 64), Image.Resampling.NEAREST)
    np.testing.assert_array_equal(resized(mask, 64), np.asarray(expected))


def test_scratches_of_one_pixel_stay():
    """Four scratches in a square of 640 pixels, at a size of 64: the nearest pixels are 5, 15, 25, …"""
    places = (np.s_[101, 50:58], np.s_[302:309, 201], np.s_[413, 300:303], np.s_[555, 100:400])
    mask = mask_of(*places)
    assert np.asarray(Image.fromarray(mask).resize((64, 64), Image.Resampling.NEAREST)).sum() == 30  # the last alone
    small = resized(mask, 64)
    assert regions(small) == 4
    assert small[10, 5]
    assert small[30, 20]
    assert small[41, 30]


def test_what_lies_beside_the_crop_is_gone_and_what_lies_in_it_stays():
    mask = mask_of(np.s_[10, 11], np.s_[10, 61], shape=(60, 120))  # the crop of the middle begins at column 30
    small = resized(mask, 32, crop_from=32)
    assert np.argwhere(small).tolist() == [[5, 16]]


def test_regions_that_touch_diagonally_are_one():
    assert regions(mask_of((0, 0), (1, 1), (3, 3), shape=(5, 5))) == 2
    assert regions(None) == regions(np.zeros((3, 3), bool)) == 0


@given(
    st.lists(st.tuples(st.integers(0, 89), st.integers(0, 69), st.integers(1, 9), st.integers(1, 9)), max_size=6),
    st.integers(4, 100),
)
def test_every_defect_leaves_something_where_it_was(boxes, size):
    mask = mask_of(*(np.s_[r : r + h, c : c + w] for r, c, h, w in boxes), shape=(90, 70))
    small = resized(mask, size)
    assert small.any() == mask.any()
    labels, count = ndimage.label(mask, EIGHT_CONNECTED)
    rows, columns = np.nonzero(small)
    for number in range(1, count + 1):
        row, column = np.nonzero(labels == number)
        down, across = ((row + 0.5) * size / 90).astype(int), ((column + 0.5) * size / 70).astype(int)
        near = (np.abs(rows[:, None] - down) <= 1) & (np.abs(columns[:, None] - across) <= 1)
        assert near.any()
