"""Coverage and zones: drawn by hand, against image resizing and a loop, and at the frame."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ura_study.metrics.borders import coverage, zones


def drawn(*rows):
    """Return coverages (1, S, S) of 0 (.), 1 (#), 0.25 (-) and 0.75 (+)."""
    return np.array([[{".": 0.0, "#": 1.0, "-": 0.25, "+": 0.75}[token] for token in row] for row in rows])[None]


def picture(found):
    letters = np.where(found.border, "b", np.where(found.inside, "i", "."))
    return ["".join(row) for row in letters[0]]


def test_a_square():
    covered = drawn(
        ".......",
        ".####..",
        ".####..",
        ".####..",
        ".####..",
        ".......",
        ".......",
    )
    assert picture(zones(covered)) == [
        "bbbbbb.",
        "bbbbbb.",
        "bbiibb.",
        "bbiibb.",
        "bbbbbb.",
        "bbbbbb.",
        ".......",
    ]


def test_a_mixed_token_is_border_wherever_it_lies():
    assert picture(zones(drawn("-....", ".....", "#####", "#####", "###+#"))) == [
        "b....",
        "bbbbb",
        "bbbbb",
        "iiiii",
        "iiibi",
    ]


def test_the_frame_of_the_image_is_no_border():
    assert picture(zones(drawn("###", "###", "###"))) == ["iii", "iii", "iii"]
    assert picture(zones(drawn("...", "...", "..."))) == ["...", "...", "..."]
    assert picture(zones(drawn("##..", "##..", "##..", "##.."))) == ["ibb."] * 4


def test_images_do_not_touch():
    found = zones(np.concatenate([drawn("...", "...", "..."), drawn("###", "###", "###")]))
    assert not found.border.any()


@given(arrays(np.float64, (2, 5, 5), elements=st.sampled_from([0.0, 0.25, 0.5, 1.0])))
def test_zones_are_those_of_the_definition(covered):
    found, anomalous = zones(covered), covered >= 0.5
    assert (found.border.astype(int) + found.inside + found.outside == 1).all()
    for n, row, column in np.ndindex(covered.shape):
        around = anomalous[n, max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
        at_edge = around.any() and not around.all()
        assert found.border[n, row, column] == (at_edge or 0 < covered[n, row, column] < 1)
        if not found.border[n, row, column]:
            assert found.inside[n, row, column] == anomalous[n, row, column]


def test_coverage_by_hand():
    mask = np.zeros((1, 6, 6), bool)
    mask[0, :3, :1] = True  # three pixels, all in the first column
    np.testing.assert_allclose(coverage(mask, 2)[0], [[1 / 3, 0], [0, 0]])
    # Tokens of 1.5 × 1.5 pixels: rows 0–1.5 and 1.5–3 of the mask, and 1 of 1.5 columns.
    np.testing.assert_allclose(coverage(mask, 4)[0], [[2 / 3, 0, 0, 0], [2 / 3, 0, 0, 0], [0] * 4, [0] * 4])
    np.testing.assert_allclose(coverage(mask, 12)[0, :, :3], [[1, 1, 0]] * 6 + [[0, 0, 0]] * 6)


@pytest.mark.parametrize("side", [1, 4, 8, 16])
def test_coverage_is_the_mean_over_a_tokens_pixels(side):
    masks = np.random.default_rng(0).random((3, 16, 16)) < 0.4
    expected = torch.nn.functional.adaptive_avg_pool2d(torch.from_numpy(masks).double()[:, None], side)[:, 0]
    np.testing.assert_allclose(coverage(masks, side), expected)


@pytest.mark.parametrize("side", [3, 5, 7, 24])
def test_no_area_is_lost_on_a_grid_that_does_not_fit(side):
    masks = np.random.default_rng(0).random((3, 16, 16)) < 0.4
    np.testing.assert_allclose(coverage(masks, side).mean(axis=(1, 2)), masks.mean(axis=(1, 2)))
    np.testing.assert_allclose(coverage(np.ones((1, 16, 16), bool), side), 1.0)
