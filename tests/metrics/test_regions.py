"""AUPRO: by hand, against a loop over all thresholds, and properties."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.measure import label

from ura_study.metrics.ranking import auroc, rank
from ura_study.metrics.regions import aupro, region_areas

SHAPE = (2, 4, 4)
masks_with_both = arrays(bool, SHAPE).filter(lambda mask: mask.any() and not mask.all())
maps_with_ties = arrays(np.float32, SHAPE, elements=st.integers(0, 5).map(float))
limits = st.sampled_from([0.05, 0.3, 1 / 3, 0.5, 1.0])


def area(masks, maps, limit=0.3):
    return aupro(rank(masks, maps), region_areas(masks), limit)


def reference(masks, maps, limit):
    """AUPRO as its definition reads: every threshold, every region, then the trapezoid rule up to the limit."""
    regions = []  # one (N, H, W) mask for each region
    for index, mask in enumerate(masks):
        components = label(mask, connectivity=2)
        for number in range(1, components.max() + 1):
            region = np.zeros_like(masks)
            region[index] = components == number
            regions.append(region)
    points = [(0.0, 0.0)]
    for threshold in sorted(set(maps.ravel().tolist()), reverse=True):
        called = maps >= threshold
        points.append((called[~masks].mean(), np.mean([called[region].mean() for region in regions])))
    total = 0.0
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if x1 <= limit:
            total += (x1 - x0) * (y0 + y1) / 2
        elif x0 < limit:
            at_limit = y0 + (y1 - y0) * (limit - x0) / (x1 - x0)
            total += (limit - x0) * (y0 + at_limit) / 2
    return total / limit


# One image of one row: region A of 1 pixel, 10 normal pixels, region B of 2 pixels.
MASK = np.array([[[True, *[False] * 10, True, True]]])
MAP = np.array([[[4, 3, 3, 2, 0, 0, 0, 0, 0, 0, 0, 5, 2]]], dtype=np.float32)
# score   PRO                 FPR
#   5     (0 + 1/2) / 2 = 1/4   0
#   4     (1 + 1/2) / 2 = 3/4   0
#   3     3/4                 0.2
#   2     1                   0.3    one pixel of B and one normal pixel tie: the curve slopes
#   0     1                   1


@pytest.mark.parametrize(
    ("limit", "under"),
    [
        (0.1, 0.1 * 0.75),
        (0.2, 0.2 * 0.75),
        (0.25, 0.2 * 0.75 + 0.05 * (0.75 + 0.875) / 2),  # PRO at FPR 0.25, half way up the slope, is 0.875
        (0.3, 0.2 * 0.75 + 0.1 * (0.75 + 1) / 2),
        (1.0, 0.2 * 0.75 + 0.1 * (0.75 + 1) / 2 + 0.7),
    ],
)
def test_by_hand(limit, under):
    assert area(MASK, MAP, limit) == pytest.approx(under / limit)
    assert reference(MASK, MAP, limit) == pytest.approx(under / limit)


def test_regions_count_alike_whatever_their_area():
    # A region of 1 pixel is found before, one of 9 pixels after all normal pixels: PRO stays at 1/2, TPR at 1/10.
    masks = np.zeros((2, 4, 4), dtype=bool)
    masks[0, 0, 0] = masks[1, :3, :3] = True
    maps = np.where(masks, 0.0, 1.0)
    maps[0, 0, 0] = 2
    assert area(masks, maps) == pytest.approx(1 / 2)
    assert auroc(rank(masks, maps)) == pytest.approx(1 / 10)


def test_one_outlier_pixel():
    # Normal: one pixel at 1000, nine at 0. Anomalous: one region of two pixels at 1.
    # The curve goes (0, 0), (0.1, 0), (0.1, 1), (1, 1): area up to 0.3 is 0.2, so 2/3.
    # 200 evenly spaced thresholds are 5 apart: none falls into (0, 1], and (0.1, 0) is joined to (1, 1); PRO at 0.3
    # would be 2/9, the area 0.2 * (2/9) / 2 = 0.0222, and the result 0.074.
    masks = np.array([[[True, True, *[False] * 10]]])
    maps = np.array([[[1, 1, 1000, *[0] * 9]]], dtype=np.float32)
    assert area(masks, maps) == pytest.approx(2 / 3)


def test_equal_scores_give_half_the_limit():
    # One straight line from (0, 0) to (1, 1): area 0.3 * 0.3 / 2, divided by 0.3.
    assert area(MASK, np.zeros_like(MAP)) == pytest.approx(0.15)


def test_faultless_maps_are_exactly_one():
    masks = np.random.default_rng(0).random((3, 16, 16)) < 0.2
    assert area(masks, masks.astype(np.float32)) == 1.0


def test_nothing_found_within_the_limit_is_zero():
    assert area(MASK, np.where(MASK, 0.0, 1.0)) == 0.0


def test_diagonal_neighbours_are_one_region():
    # x . . x    two regions: the diagonal pair and the single pixel
    # . x . .
    masks = np.array([[[1, 0, 0, 1], [0, 1, 0, 0]]], dtype=bool)
    assert region_areas(masks).tolist() == [2, 1, 2]


def test_regions_do_not_join_across_images():
    masks = np.zeros((3, 2, 2), dtype=bool)
    masks[0, 0, 0] = masks[1, 0, :] = True
    assert region_areas(masks).tolist() == [1, 2, 2]


@settings(max_examples=200)
@given(masks_with_both, maps_with_ties, limits)
def test_agrees_with_the_reference(masks, maps, limit):
    assert area(masks, maps, limit) == pytest.approx(reference(masks, maps, limit), abs=1e-12)


def test_agrees_with_the_reference_without_ties():
    generator = np.random.default_rng(1)
    masks = generator.random((3, 12, 12)) < 0.15
    maps = (generator.random((3, 12, 12)) + masks).astype(np.float32)
    assert area(masks, maps) == pytest.approx(reference(masks, maps, 0.3), abs=1e-12)


@given(masks_with_both)
def test_areas_are_those_of_the_regions(masks):
    expected = []
    for mask in masks:
        components = label(mask, connectivity=2)
        expected += [np.count_nonzero(components == region) for region in components[mask]]
    assert region_areas(masks).tolist() == expected


@given(masks_with_both, maps_with_ties, limits)
def test_values_lie_in_0_to_1(masks, maps, limit):
    assert 0 <= area(masks, maps, limit) <= 1


@given(masks_with_both, maps_with_ties)
def test_increasing_transform_changes_nothing(masks, maps):
    assert area(masks, np.exp(maps) - 7) == area(masks, maps)


@given(masks_with_both, maps_with_ties)
def test_order_of_images_and_mirroring_change_nothing(masks, maps):
    expected = pytest.approx(area(masks, maps))
    assert area(masks[::-1], maps[::-1]) == expected
    assert area(masks[:, :, ::-1], maps[:, :, ::-1]) == expected


@given(maps_with_ties, st.integers(0, 31))
def test_single_pixel_region_is_auroc(maps, position):
    masks = np.zeros(SHAPE, dtype=bool)
    masks.flat[position] = True
    assert area(masks, maps, 1.0) == pytest.approx(auroc(rank(masks, maps)))


def test_no_anomalous_pixel_is_rejected():
    with pytest.raises(ValueError, match="Expected at least one anomalous pixel but got none"):
        region_areas(np.zeros(SHAPE, dtype=bool))


def test_areas_of_other_masks_are_rejected():
    with pytest.raises(ValueError, match=r"Expected areas of shape \(3,\) but got \(2,\)"):
        aupro(rank(MASK, MAP), np.ones(2, np.int32))


def test_limit_is_rejected():
    with pytest.raises(ValueError, match="Expected 0 < fpr_limit <= 1 but got 0"):
        area(MASK, MAP, 0)
