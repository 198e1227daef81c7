"""Masks are exact, defects lie on the object and can be seen, for each kind on surfaces of several sorts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from ura_study.data.synthetic import draw
from ura_study.data.synthetic.conspicuity import conspicuity
from ura_study.data.synthetic.draw import AREA, FAINT, PARTLY, STANDS_OUT, alter
from ura_study.data.synthetic.foreground import foreground
from ura_study.data.synthetic.kinds import KINDS
from ura_study.data.synthetic.mask import GAP, VISIBLE, settle
from ura_study.data.synthetic.site import make_scene


def texture(seed, height=128, width=128):
    rough = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal((height, width)), 2)
    return np.repeat(np.clip(128 + 350 * rough, 0, 255).astype(np.uint8)[..., None], 3, axis=-1)


def nut(seed, height=160, width=200):
    """A brown, speckled disc on a yellow, slightly noisy ground."""
    rng = np.random.default_rng(seed)
    y, x = np.indices((height, width))
    disc = np.hypot(y - height / 2 - rng.integers(-9, 9), x - width / 2) < 45
    image = np.where(disc[..., None], (140, 90, 50), (220, 210, 60)) + rng.normal(0, 3, (height, width, 3))
    speckle = 60 * ndimage.gaussian_filter(rng.standard_normal((height, width)), 1.5)
    return np.clip(image + (disc * speckle)[..., None], 0, 255).astype(np.uint8), disc


SURFACES = {
    "texture": lambda seed: texture(seed),
    "wide": lambda seed: texture(seed, 96, 240),
    "nut": lambda s: nut(s)[0],
}


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_mask_is_where_the_image_changed(kind, surface):
    clean, other = SURFACES[surface](0), SURFACES[surface](1)
    before = clean.copy(), other.copy()
    altered = alter(kind, clean, other, np.random.default_rng(0))
    change = np.abs(altered.image.astype(int) - clean).max(axis=-1)
    assert altered.kind in (kind, "spot")
    assert (change[~altered.mask] == 0).all()
    visible = change >= VISIBLE
    assert altered.mask[visible].all()
    assert ndimage.distance_transform_edt(~visible)[altered.mask].max() <= GAP
    scene = make_scene(clean)
    assert conspicuity(clean, altered.image, altered.mask, scene.inside) >= STANDS_OUT
    assert AREA[0] <= altered.mask.sum() / scene.unit**2 <= AREA[1]
    assert scene.inside[altered.mask].mean() >= PARTLY
    np.testing.assert_array_equal((clean, other), before)


@pytest.mark.parametrize("kind", KINDS)
def test_a_grey_image_stays_grey(kind):
    altered = alter(kind, texture(0), texture(1), np.random.default_rng(1)).image
    assert (altered == altered[..., :1]).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_defect_is_fixed_by_its_generator(kind):
    first, again, other = (alter(kind, texture(0), texture(1), np.random.default_rng(seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.mask, again.mask)
    assert (first.mask != other.mask).any()


def test_the_other_image_may_be_of_another_size():
    assert alter("blend", texture(0), texture(1, 70, 301), np.random.default_rng(0)).mask.any()


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_faint_defect_stands_out_less_and_its_mask_is_as_exact(kind, surface):
    clean, other = SURFACES[surface](0), SURFACES[surface](1)
    altered = alter(kind, clean, other, np.random.default_rng(0), faint=True)
    change = np.abs(altered.image.astype(int) - clean).max(axis=-1)
    assert (change[~altered.mask] == 0).all()
    assert altered.mask[change >= VISIBLE].all()
    assert altered.kind == kind
    assert FAINT[0] <= conspicuity(clean, altered.image, altered.mask, make_scene(clean).inside) < FAINT[1]


def test_where_nothing_faint_can_be_drawn_the_defect_is_plain(monkeypatch):
    monkeypatch.setattr(draw, "FAINT", (0.0, 1e-6))
    altered = alter("spot", texture(0), texture(1), np.random.default_rng(0), faint=True)
    assert conspicuity(texture(0), altered.image, altered.mask, make_scene(texture(0)).inside) >= STANDS_OUT


def test_what_cannot_be_seen_becomes_a_spot():
    """A piece of an even surface is as even: only what its colours are made shows, here nothing."""
    flat = np.zeros((96, 96, 3), np.uint8)
    assert alter("patch", flat, flat, np.random.default_rng(0)).kind == "spot"


@pytest.mark.parametrize("level", [0, 255])
@pytest.mark.parametrize("side", [16, 300])
def test_a_black_or_white_image_can_be_altered(level, side):
    flat = np.full((side, side, 3), level, np.uint8)
    assert alter("patch", flat, flat, np.random.default_rng(0)).mask.any()


def test_the_object_is_found_on_a_plain_ground():
    image, disc = nut(2)
    found = foreground(image)
    assert (found & disc).sum() / (found | disc).sum() > 0.8


def test_a_texture_is_all_object():
    assert foreground(texture(0)).all()


def test_the_same_spot_stands_out_on_a_plain_surface_and_not_in_a_busy_one():
    mask = np.zeros((128, 128), bool)
    mask[40:60, 40:60] = True
    everywhere = np.ones_like(mask)
    values = []
    for clean in (np.full((128, 128, 3), 100, np.uint8), texture(3)):
        altered = np.where(mask[..., None], np.clip(clean.astype(int) + 20, 0, 255).astype(np.uint8), clean)
        assert conspicuity(clean, clean, mask, everywhere) == 0
        values.append(conspicuity(clean, altered, mask, everywhere))
    # 20 levels are 5 of the 4 that count as 1, less at the edges of the spot, where the neighbourhood is half clean
    assert 4 < values[0] < 5
    assert values[1] < 1


def test_settle_by_hand():
    clean = np.full((256, 256, 3), 100, np.uint8)
    altered = clean.copy()
    altered[10:20, 10:20, 1] += VISIBLE  # one channel is enough
    altered[30:40, 30:40] += VISIBLE - 1  # not visible
    altered[50:52, 50:52] += 90  # a speck
    settled, mask = settle(clean, altered)
    expected = np.zeros((256, 256), bool)
    expected[10:20, 10:20] = True
    np.testing.assert_array_equal(mask, expected)
    np.testing.assert_array_equal(settled != clean, expected[..., None] & [False, True, False])
