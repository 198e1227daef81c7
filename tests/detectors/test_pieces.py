from __future__ import annotations

import numpy as np
import pytest
import torch

from ura_study.detectors.pieces import _stretch, changed, moved_about


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def numbered(count, side):
    """Images of which every pixel is another, all alike."""
    return torch.arange(side * side * 3, dtype=torch.int32).view(1, side, side, 3).repeat(count, 1, 1, 1)


def test_pieces_are_copies_of_other_places_of_the_same_image():
    images = numbered(20, 40)
    found = moved_about(images, 1, seeded())
    sizes = set()
    for image, before in zip(found, images, strict=True):
        places = (image != before).any(dim=2).nonzero()
        if not len(places):
            continue  # copied onto itself
        (top, left), (bottom, right) = places.min(dim=0).values.tolist(), places.max(dim=0).values.tolist()
        piece = image[top : bottom + 1, left : right + 1]
        height, width = piece.shape[:2]
        row, column = divmod(int(piece[0, 0, 0]) // 3, 40)  # where it was taken from
        assert torch.equal(piece, before[row : row + height, column : column + width])
        sizes.add((height, width))
    assert len(sizes) > 10
    assert torch.equal(images, numbered(20, 40))
    assert not torch.equal(moved_about(images, 1, seeded(1)), found)
    assert torch.equal(moved_about(images, 1, seeded()), found)


def test_there_is_one_piece_and_a_coin_is_tossed_for_each_further_one(monkeypatch):
    calls = []
    monkeypatch.setattr("ura_study.detectors.pieces._stretch", lambda *_: calls.append(1) or (0, 1))
    counts = []
    for seed in range(400):
        calls.clear()
        moved_about(numbered(1, 8), 3, seeded(seed))
        counts.append(len(calls) // 2)
    shares = [counts.count(n) / 400 for n in (1, 2, 3)]
    assert shares == pytest.approx([0.25, 0.5, 0.25], abs=0.06)


def test_sides_of_pieces_have_the_stated_distribution():
    draws, other = seeded(), np.random.default_rng(0)
    first, length = np.array([_stretch(1000, draws) for _ in range(4000)]).T
    assert length.min() >= 30  # at least half of it lies within the image
    half = np.clip(other.gamma(2, 50, 4000) + 30, 30, 400).round()
    centre = other.integers(30, 970, 4000)
    expected = np.minimum(centre + half, 1000) - np.maximum(centre - half, 0)
    for share in (0.1, 0.5, 0.9):
        assert np.quantile(length, share) == pytest.approx(np.quantile(expected, share), rel=0.05)
    assert (first == 0).mean() == pytest.approx((centre <= half).mean(), abs=0.02)
    assert (first + length == 1000).mean() == pytest.approx((centre + half >= 1000).mean(), abs=0.02)


@pytest.mark.parametrize("side", [1, 2, 16])
def test_the_smallest_images_have_pieces_too(side):
    found = moved_about(numbered(5, side), 4, seeded())
    assert found.shape == (5, side, side, 3)


def test_changed_pixels_are_those_that_differ_visibly_and_not_alone():
    images = torch.full((1, 20, 20, 3), 100, dtype=torch.uint8)
    altered = images.clone()
    altered[0, 2:9, 3:10] = 150
    altered[0, 15, 15] = 255  # a single pixel
    altered[0, 12:18, 2:8, 0] = 103  # a mean of 1, which nobody sees
    found = changed(images, altered)
    assert found.dtype == torch.bool
    plain = torch.zeros(24, 24)  # two pixels more on each side
    plain[4:11, 5:12] = 1
    most = [[plain[y : y + 5, x : x + 5].sum() > 12.5 for x in range(20)] for y in range(20)]
    expected = torch.tensor(most) & (plain[2:22, 2:22] > 0)
    assert expected.sum() == 49 - 12  # corners are rounded
    assert torch.equal(found[0], expected)
    assert not changed(images, images).any()
