"""Which pixels are judged: against masks as one array."""

import numpy as np
import pytest
import torch

from ura_study.metrics.judged import Judged


@pytest.fixture
def judged():
    """Six images: normal ones with and without a mask, and defects on nothing, on a part and on all of the image."""
    draws = np.random.default_rng(0)
    part, other = draws.random((2, 6, 9)) < 0.3
    nothing = np.zeros((6, 9), bool)
    masks = [None, part, nothing, ~nothing, nothing, other]
    labels = np.array([False, True, False, True, True, True])
    maps = torch.from_numpy(draws.standard_normal((9, 6, 6)).astype(np.float32)).permute(2, 1, 0)  # not in a row
    return Judged(labels, np.zeros(6), maps, masks)


def test_truth_is_all_masks(judged):
    for truth, mask in zip(judged.truth, judged.masks, strict=True):
        np.testing.assert_array_equal(truth, np.zeros((6, 9), bool) if mask is None else mask)
    assert judged.defect_pixels.tolist() == judged.truth.sum(axis=(1, 2)).tolist()


@pytest.mark.parametrize("anomalous", [True, False])
@pytest.mark.parametrize("images", [[0, 1, 2, 3, 4, 5], [1, 5], [4], [3], [0, 2], []])
def test_pixels_are_those_that_the_masks_show(judged, images, anomalous):
    of_interest = (judged.truth == anomalous)[images]
    found = judged.pixels(images, anomalous=anomalous)
    assert found.tolist() == judged.maps.numpy()[images][of_interest].tolist()


def test_all_pixels_are_counted(judged):
    curve, maps = judged.pixel_curve, judged.maps.numpy()
    assert curve.normals + curve.anomalies == maps.size
    normal = maps[~judged.truth]
    for threshold, above, fp in zip(curve.thresholds, curve.fp_above, curve.fp, strict=True):
        assert (above, fp) == ((normal > threshold).sum(), (normal >= threshold).sum())


def test_maps_stay_as_they_are(judged):
    before = judged.maps.clone()
    assert judged.pixel_curve.tp[-1] == judged.region_areas.size
    assert torch.equal(judged.maps, before)
