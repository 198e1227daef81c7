"""AUPIMO against values by hand, its definition written down plainly, and its authors' program."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ura_study.metrics.aupimo import LOWER, UPPER, aupimo
from ura_study.metrics.ranking import ascending

DECADE = math.log(UPPER / LOWER)


def of(normal, *defects):
    """Return AUPIMO of the scores of normal pixels and of those of each image's defect."""
    return aupimo(ascending(torch.tensor(normal)), [torch.tensor(scores, dtype=torch.float64) for scores in defects])


def test_by_hand():
    # 100,000 normal pixels: the highest ten, 10, 9, …, 1, are called at rates of 1e-5, 2e-5, …, 1e-4; the rest are 0.
    # A defect of two pixels: 20 is above all, 8.5 above all but two, so it is called from a rate of 2e-5 on.
    # Another of one pixel at 0.5: at 1e-4, where the axis ends, it is not called.
    normal = np.concatenate([np.zeros(99_990), np.arange(1, 11)])
    first = 1 / 2 + 1 / 2 * math.log(1e-4 / 2e-5) / DECADE
    assert of(normal, [20, 8.5], [0.5]) == pytest.approx(first / 2)


def test_fewer_pixels_than_the_lowest_rate_count_what_is_above_all_of_them():
    # 20,000 pixels: one of them is 5e-5. Below it no false positive pixel is allowed: up to there only 9 is found.
    normal = np.concatenate([np.zeros(19_998), [5.0, 6.0]])
    assert of(normal, [9.0, 5.5]) == pytest.approx(1 / 2 + 1 / 2 * math.log(1e-4 / 5e-5) / DECADE)
    assert of(np.zeros(10), [1.0, 0.0]) == 0.5


def test_a_tie_with_a_normal_pixel_is_below_it():
    assert of(np.ones(4), [1.0], [1.0]) == 0


def test_normal_pixels_may_come_in_parts():
    normal = np.concatenate([np.zeros(99_990), np.arange(1, 11)])
    parts = [part for piece in np.split(normal[::-1].copy(), [3, 40_000]) for part in ascending(torch.tensor(piece))]
    assert aupimo(parts, [torch.tensor([20, 8.5]).double()]) == of(normal, [20, 8.5])


def plainly(normal, defects):
    """Return the mean over images of the TPR at 20,001 rates, equally spaced on the log-axis, each by its threshold."""
    rates = np.exp(np.linspace(math.log(LOWER), math.log(UPPER), 20_001))
    falling = np.append(np.sort(normal)[::-1], -np.inf)
    thresholds = falling[np.floor(rates * len(normal) + 1e-9).astype(int)]  # so many may score more
    shares = [(scores[:, None] > thresholds).mean(axis=0) for scores in defects]
    return float(np.mean([np.trapezoid(share, np.log(rates)) / DECADE for share in shares]))


@given(st.integers(1, 60_000), st.integers(0, 1000))
def test_is_the_integral_of_its_definition(pixels, seed):
    draws = np.random.default_rng(seed)
    normal = draws.standard_normal(pixels)
    defects = [draws.normal(3.5, 1, size) for size in draws.integers(1, 5, 3)]
    assert of(normal, *defects) == pytest.approx(plainly(normal, defects), abs=3e-4)


@pytest.mark.parametrize(
    ("seed", "published"),
    [
        (0, [0.02065126977244415, 0.5310458910445299, 0.05138255946777644]),
        (1, [0.847586349344001, 0.96347571435454, 0.6044724834720621]),
        (2, [0.7174707849293084, 0.8914348614369713, 0.9246405356083094]),
    ],
)
def test_agrees_with_the_authors_program(seed, published):
    """Values of each image by anomalib 2.7.0 (`metrics.pimo.functional.aupimo_scores`, 300,000 thresholds).

    There are 100,000 normal pixels, so that it attains both bounds exactly. (Elsewhere it integrates from the nearest
    rates it has, but divides by log(U / L): 2 % too much where it begins at 9.5e-6.)
    """
    draws = np.random.default_rng(seed)
    maps = draws.standard_normal((11, 100, 125)).astype(np.float32)
    masks = np.zeros(maps.shape, bool)
    for i in (8, 9, 10):
        top, left = draws.integers(0, 80, 2)
        masks[i, top : top + 7 * (i - 7), left : left + 9] = True
        maps[i][masks[i]] += draws.uniform(2, 6)
    normal, defects = maps[:8].ravel().astype(np.float64), [maps[i][masks[i]] for i in (8, 9, 10)]
    for scores, value in zip(defects, published, strict=True):
        assert of(normal, scores) == pytest.approx(value, abs=1e-12)
    assert of(normal, *defects) == pytest.approx(np.mean(published), abs=1e-12)
