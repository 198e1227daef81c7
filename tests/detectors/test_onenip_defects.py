"""Synthetic defects in images, from which OneNIP learns."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from PIL import Image

from ura_study.detectors.onenip import colours
from ura_study.detectors.onenip.anomalies import pasted, patch, scar, textured, with_defects
from ura_study.detectors.onenip.colours import CHANGES, distorted, repainted, turned_hue
from ura_study.detectors.onenip.perlin import faded, perlin_noise


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def noisy(side=64, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)


def picture(seed=0):
    return Image.fromarray(noisy(16, seed))


# Noise


def test_the_noise_is_that_of_brute_force():
    side, rows, columns = 10, 2, 3
    found = perlin_noise(side, rows, columns, seeded())
    angles = 2 * math.pi * torch.rand(rows + 1, columns + 1, generator=seeded()).double()

    def fade(t):
        return 6 * t**5 - 15 * t**4 + 10 * t**3

    for i in range(side):
        for j in range(side):
            y, x = i * rows / side, j * columns / side
            value = 0.0
            for a in (math.floor(y), math.floor(y) + 1):
                for b in (math.floor(x), math.floor(x) + 1):
                    plane = math.cos(angles[a, b]) * (y - a) + math.sin(angles[a, b]) * (x - b)
                    value += plane * fade(1 - abs(y - a)) * fade(1 - abs(x - b))
            assert found[i, j].item() == pytest.approx(math.sqrt(2) * value, abs=1e-5)


def test_the_noise_is_0_on_the_lattice_and_within_about_1():
    noise = perlin_noise(256, 8, 4, seeded())
    assert noise[::32, ::64].abs().max() < 1e-6
    assert 0.6 < noise.abs().max() < 1.1
    assert faded(torch.tensor([0.0, 0.25, 0.5, 1.0])).tolist() == pytest.approx([0, 0.1035, 0.5, 1], abs=1e-4)


@pytest.mark.parametrize(("side", "cells"), [(50, 32), (20, 32), (33, 2)])
def test_any_side_will_do(side, cells):
    assert perlin_noise(side, cells, 2, seeded()).isfinite().all()


# Pieces


def test_patches_and_scars_have_the_papers_sizes():
    draws = seeded()
    patches = np.array([patch(1000, draws)[:2] for _ in range(2000)], float)
    areas, aspects = patches.prod(axis=1) / 1000**2, patches[:, 0] / patches[:, 1]
    assert areas.min() == pytest.approx(0.02, abs=0.002)
    assert areas.max() == pytest.approx(0.15, abs=0.002)
    assert aspects.min() == pytest.approx(0.3, abs=0.02)
    assert aspects.max() == pytest.approx(3.3, abs=0.05)
    assert (aspects < 1).mean() == pytest.approx(0.5, abs=0.04)
    scars = np.array([scar(448, draws) for _ in range(2000)])
    assert scars[:, 0].min() >= 4
    assert scars[:, 0].max() <= 32
    assert scars[:, 1].min() >= 20
    assert scars[:, 1].max() <= 50
    assert abs(scars[:, 2]).max() <= 45
    assert all(min(scar(1, draws)[:2]) >= 1 and min(patch(1, draws)[:2]) >= 1 for _ in range(20))


def test_a_piece_is_a_copy_of_another_place_of_the_image(monkeypatch):
    monkeypatch.setattr("ura_study.detectors.onenip.anomalies.repainted", lambda piece, _: piece)
    image = np.arange(40 * 40 * 3, dtype=np.uint16).view(np.uint8)[: 40 * 40 * 3].reshape(40, 40, 3)
    image = np.random.default_rng(0).permuted(image.reshape(-1)).reshape(40, 40, 3)
    found, mask = pasted(image.copy(), 6, 9, 0.0, seeded())
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    assert (len(rows), len(columns), mask.sum()) == (9, 6, 54)
    piece = found[mask].reshape(9, 6, 3)
    windows = np.lib.stride_tricks.sliding_window_view(image, (9, 6, 3))
    assert (windows == piece).all(axis=(3, 4, 5)).any()
    np.testing.assert_array_equal(found[~mask], image[~mask])


def test_a_scar_is_turned():
    _, mask = pasted(noisy(), 4, 20, 45.0, seeded(3))
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    assert 60 <= mask.sum() <= 100  # 4 × 20, but for what is rounded
    assert 0.6 < len(rows) / len(columns) < 1.7


def test_a_texture_is_mixed_where_noise_is_high_alone():
    image, changed = noisy(), 0
    for seed in range(8):
        found, mask = textured(image.copy(), seeded(seed))
        np.testing.assert_array_equal(found[~mask], image[~mask])
        assert mask.mean() < 0.5
        changed += (found[mask] != image[mask]).any(axis=1).sum() / max(1, mask.sum())
    assert changed > 4


@pytest.mark.parametrize("side", [64, 50])
def test_every_image_has_a_defect_of_its_own_and_is_unchanged_elsewhere(side):
    images = torch.from_numpy(noisy(side)).repeat(40, 1, 1, 1)
    found, masks = with_defects(images, seeded())
    assert (found.shape, found.dtype, masks.shape, masks.dtype) == (
        images.shape,
        torch.uint8,
        (40, side, side),
        torch.bool,
    )
    assert not ((found != images).any(dim=3) & ~masks).any()
    assert torch.equal(images[0], images[1])  # those given stay as they are
    assert len({mask.numpy().tobytes() for mask in masks}) > 30
    again, other = with_defects(images, seeded()), with_defects(images, seeded(1))
    assert torch.equal(again[0], found)
    assert torch.equal(again[1], masks)
    assert not torch.equal(other[0], found)


def test_half_of_the_defects_are_textures_and_a_quarter_each_patches_and_scars(monkeypatch):
    kinds = []
    place = "ura_study.detectors.onenip.anomalies."
    for name, kind in (("textured", textured), ("patch", patch), ("scar", scar)):
        monkeypatch.setattr(place + name, lambda *given, kind=kind, name=name: kinds.append(name) or kind(*given))
    with_defects(torch.from_numpy(noisy(8)).repeat(600, 1, 1, 1), seeded())
    shares = [kinds.count(name) / 600 for name in ("textured", "patch", "scar")]
    assert shares == pytest.approx([0.5, 0.25, 0.25], abs=0.06)


# Colours


def test_hues_turn_round_the_circle():
    red = Image.new("RGB", (2, 2), (255, 0, 0))
    third = turned_hue(red, 1 / 3).getpixel((0, 0))
    assert third[1] == 255
    assert max(third[0], third[2]) < 12
    assert turned_hue(red, 1.0).getpixel((0, 0)) == (255, 0, 0)
    assert turned_hue(red, -2 / 3).getpixel((0, 0)) == third


def test_a_piece_is_repainted_a_little():
    grey = Image.new("RGB", (2, 2), (100, 100, 100))
    levels = [repainted(grey, seeded(seed)).getpixel((0, 0)) for seed in range(300)]
    assert {len(set(level)) for level in levels} == {1}  # hue and saturation of grey are none
    assert min(levels)[0] == pytest.approx(60, abs=2)
    assert max(levels)[0] == pytest.approx(140, abs=2)


#: By the order of `CHANGES`, the draw at which a change leaves an image as it is; None: there is none.
UNCHANGED = (1 / 3, 0.5, 0.5, 0.5, 0.5, None, 0.5, None, None, None)


@pytest.mark.parametrize(("change", "draw"), list(zip(CHANGES, UNCHANGED, strict=True)))
def test_changes_of_a_texture(change, draw):
    image = Image.fromarray((noisy(16) // 2 + 40).astype(np.uint8))
    found = np.asarray(change(image, 0.0)), np.asarray(change(image, 0.99))
    assert all(each.shape == (16, 16, 3) for each in found)
    assert not np.array_equal(found[0], image)
    if draw is not None:
        np.testing.assert_allclose(np.asarray(change(image, draw)), image, atol=4)  # hues are rounded


def test_by_hand():
    level = Image.new("RGB", (1, 1), (100, 200, 30))
    gamma, brightness, _, _, solarised, posterised, _, inverted, *_ = (change(level, 0.0) for change in CHANGES)
    assert gamma.getpixel((0, 0)) == (160, 226, 87)  # 255 · √(x / 255)
    assert brightness.getpixel((0, 0)) == (50, 130, 0)  # 0.8 x − 30
    assert solarised.getpixel((0, 0)) == (155, 55, 30)  # above 32
    assert posterised.getpixel((0, 0)) == (0, 128, 0)  # one bit
    assert inverted.getpixel((0, 0)) == (155, 55, 225)


def test_a_texture_goes_through_three_different_changes(monkeypatch):
    made = []
    each = tuple(lambda image, draw, i=i: made.append((i, draw)) or image for i in range(10))
    monkeypatch.setattr(colours, "CHANGES", each)
    draws = seeded()
    for _ in range(50):
        distorted(picture(), draws)
    indices = np.array([i for i, _ in made]).reshape(50, 3)
    assert all(len(set(row)) == 3 for row in indices.tolist())
    assert set(indices.flatten().tolist()) == set(range(10))
    assert len({draw for _, draw in made}) == 150
