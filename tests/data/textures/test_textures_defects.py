"""Masks agree with what changed in the image, for each kind of defect on each texture."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from ura_study.data.textures.build import normal_tile
from ura_study.data.textures.defects import AREA, DEFECTS, draw_defect
from ura_study.data.textures.exposure import expose
from ura_study.data.textures.mask import GAP, SPECK, VISIBLE, settle
from ura_study.data.textures.photographs import PHOTOGRAPHS, load_photograph


@pytest.fixture(scope="module")
def photographs() -> dict[str, np.ndarray]:
    return {name: load_photograph(name) for name in PHOTOGRAPHS}


@pytest.fixture(params=PHOTOGRAPHS)
def tiles(request, photographs) -> tuple[np.ndarray, np.ndarray]:
    """A clean tile of one photograph and one of the next."""
    rng, at = np.random.default_rng(3), PHOTOGRAPHS.index(request.param)
    return tuple(normal_tile(photographs[name], "test", rng) for name in (request.param, PHOTOGRAPHS[at - 1]))


@pytest.mark.parametrize("kind", DEFECTS)
def test_the_mask_is_where_the_tile_changed(kind, tiles):
    clean, _ = tiles
    altered, mask = draw_defect(kind, *tiles, np.random.default_rng(0))
    assert altered.dtype == np.float32
    assert mask.dtype == bool
    assert 0 <= altered.min() <= altered.max() <= 1
    np.testing.assert_array_equal(altered[~mask], clean[~mask])
    visible = np.abs(altered - clean) >= VISIBLE
    assert mask[visible].all()
    assert ndimage.distance_transform_edt(~visible)[mask].max() <= GAP
    assert visible[mask].mean() > 0.6
    assert AREA[0] <= mask.mean() <= AREA[1]


@pytest.mark.parametrize("kind", DEFECTS)
def test_a_defect_is_fixed_by_its_generator_and_leaves_its_inputs_alone(kind, tiles):
    before = [tile.copy() for tile in tiles]
    first, again, other = (draw_defect(kind, *tiles, np.random.default_rng(seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert (first[1] != other[1]).any()
    np.testing.assert_array_equal(tiles, before)


def test_settle_closes_gaps_and_drops_specks():
    clean = np.full((64, 64), 0.5, dtype=np.float32)
    altered = clean.copy()
    altered[20:40, 20:40] += 0.2  # a defect ...
    altered[28:31, 28:31] = 0.5  # ... with a small gap
    altered[50:53, 50:53] += 0.2  # a speck of 9 < SPECK pixels
    altered[20:40, 45] += VISIBLE / 2  # an invisible change
    assert SPECK > 9
    settled, mask = settle(clean, altered)
    expected = np.zeros_like(mask)
    expected[20:40, 20:40] = True
    np.testing.assert_array_equal(mask, expected)
    np.testing.assert_array_equal(settled, np.where(expected, altered, clean))


def test_settle_of_an_unchanged_tile_is_an_empty_mask():
    clean = np.full((32, 32), 0.5, dtype=np.float32)
    settled, mask = settle(clean, clean)
    assert not mask.any()
    np.testing.assert_array_equal(settled, clean)


def test_a_defect_that_never_fits_is_an_error_not_an_endless_loop(monkeypatch):
    monkeypatch.setitem(DEFECTS, "nothing", lambda clean, other, rng: (clean, np.zeros(clean.shape, bool)))
    tile = np.zeros((64, 64), np.float32)
    with pytest.raises(RuntimeError, match="nothing: no defect with an area"):
        draw_defect("nothing", tile, tile, np.random.default_rng(0))


def test_exposure_stays_in_range_and_is_mild():
    tile, rng = np.full((32, 32), 0.5, dtype=np.float32), np.random.default_rng(0)
    exposed = np.stack([expose(tile, rng) for _ in range(200)])
    assert exposed.dtype == np.float32
    assert 0.3 < exposed.min() < 0.45
    assert 0.55 < exposed.max() < 0.75
