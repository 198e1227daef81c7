import numpy as np
import pytest
from scipy import ndimage

from ura_study.data.synthetic.outlines import edge, lattice_noise, polygon, scattered

SHAPE = (80, 120)


@pytest.mark.parametrize("seed", range(3))
def test_a_polygon_lies_around_its_centre(seed):
    depth = polygon(SHAPE, (40, 60), 20, np.random.default_rng(seed))
    parts, count = ndimage.label(depth > 0)
    y, x = np.indices(SHAPE)
    away = np.hypot(y - 40, x - 60)
    assert (count, bool(parts[40, 60])) == (1, True)
    assert away[depth > 0].max() <= 1.4 * 20 + 1
    assert (depth[away < 6] > 0).all()
    np.testing.assert_allclose(depth[depth > 0], ndimage.distance_transform_edt(depth > 0)[depth > 0])


def test_a_polygon_beside_the_window_is_nowhere():
    assert (polygon(SHAPE, (-400, 0), 5, np.random.default_rng(0)) == -np.inf).all()
    assert (edge(polygon(SHAPE, (-400, 0), 5, np.random.default_rng(0)), 2.0) == 0).all()


def test_grains_of_noise_are_as_wide_as_their_scale():
    noise = lattice_noise((400, 400), 10, np.random.default_rng(0))
    assert (noise.mean(), noise.std()) == (pytest.approx(0, abs=1e-9), pytest.approx(1))
    steps = {lag: np.corrcoef(noise[:, lag:].ravel(), noise[:, :-lag].ravel())[0, 1] for lag in (2, 20)}
    assert steps[2] > 0.8
    assert abs(steps[20]) < 0.2


def test_an_edge_by_hand():
    assert edge(np.array([-1.0, 0.0, 1.0]), 2.0).tolist() == pytest.approx([0.1192, 0.5, 0.8808], abs=1e-4)


def test_dots_lie_inside():
    depth = polygon(SHAPE, (40, 60), 20, np.random.default_rng(1))
    away = scattered(depth, 30, np.random.default_rng(2))
    assert (depth[away == 0] > 0).all()
    assert (away == 0).sum() == 30
    assert (scattered(np.full(SHAPE, -1.0), 30, np.random.default_rng(2)) == np.inf).all()
