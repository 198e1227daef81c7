from __future__ import annotations

import numpy as np
import pytest
import torch

from ura_study.detectors.build import build_detector
from ura_study.detectors.padim.config import PaDiMSettings
from ura_study.detectors.padim.gaussians import mahalanobis
from ura_study.features.maps import FeatureMaps


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def feature_maps(images, seed=0, channels=6):
    values = np.random.default_rng(seed).normal(3, 2, (images, channels, 4, 4))
    return FeatureMaps(((values * np.arange(1, channels + 1)[:, None, None]).astype(np.float32),), 4)


def unfitted(train, **settings):
    return build_detector(PaDiMSettings(**settings), train.channels, train.map_size)


def fitted(train, seed=0, **settings):
    detector = unfitted(train, **settings)
    detector.prepare(train, seeded(seed))
    return detector


def brute_force(train, test, chosen, regularisation):
    """Return the distances (images, 4, 4) of Eq. 1 and 2 as written: position by position, by the inverse."""
    train, test = (maps.layers[0][:, chosen].astype(np.float64) for maps in (train, test))
    found = np.zeros((len(test), 4, 4))
    for row, column in np.ndindex(4, 4):
        normal = train[:, :, row, column]
        covariance = np.cov(normal, rowvar=False).reshape(len(chosen), -1) + regularisation * np.eye(len(chosen))
        inverse = np.linalg.inv(covariance)
        for image, embedding in enumerate(test[:, :, row, column]):
            deviation = embedding - normal.mean(axis=0)
            found[image, row, column] = np.sqrt(deviation @ inverse @ deviation)
    return found


@pytest.mark.parametrize("images", [40, 4])  # more than one batch; fewer than channels, so only ε makes it invertible
@pytest.mark.parametrize("channels", [6, 3, 1])
@pytest.mark.parametrize("regularisation", [0.01, 2.0])
def test_maps_and_image_scores_are_those_of_brute_force(images, channels, regularisation):
    train, test = feature_maps(images), feature_maps(3, seed=1)
    detector = fitted(train, channels=channels, regularisation=regularisation)
    scores = detector.score(test.batch(slice(None)))
    expected = brute_force(train, test, detector.chosen.tolist(), regularisation)
    np.testing.assert_allclose(scores.maps, expected, rtol=2e-3)
    np.testing.assert_allclose(scores.images, expected.max(axis=(1, 2)), rtol=2e-3)


def test_the_constants_are_the_papers():
    settings = PaDiMSettings()
    assert (settings.channels, settings.regularisation, settings.image_score) == (100, 0.01, "max")


def test_a_distance_by_hand():
    factor = torch.tensor([[[2.0, 0.0], [1.0, 1.0]]])  # covariance [[4, 2], [2, 2]]; its inverse [[.5, -.5], [-.5, 1]]
    found = mahalanobis(torch.tensor([[[3.0, 1.0], [1.0, 5.0]]]), torch.tensor([[1.0, 1.0]]), factor)
    np.testing.assert_allclose(found, [[2**0.5, 4.0]], rtol=1e-6)  # of (2, 0): .5 · 4; of (0, 4): 16


def test_one_image_alone_has_the_regularisation_as_its_variance():
    train, test = feature_maps(1), feature_maps(3, seed=1)
    scores = fitted(train, regularisation=0.25).score(test.batch(slice(None)))
    expected = np.linalg.norm(test.layers[0] - train.layers[0], axis=1) / 0.5
    np.testing.assert_allclose(scores.maps, expected, rtol=1e-4)


def test_a_strange_position_stands_out_though_the_same_token_is_normal_elsewhere():
    values = np.random.default_rng(0).normal(0, 0.1, (20, 3, 4, 4)).astype(np.float32)
    values[:, :, 0, 0] += 5  # normal there, and only there
    strange = values[:1].copy()
    strange[0, :, 2, 1] = values[0, :, 0, 0]
    maps = fitted(FeatureMaps((values,), 4)).score(FeatureMaps((strange,), 4).batch([0])).maps
    assert maps[0].argmax() == 2 * 4 + 1


def test_channels_are_drawn_from_all_and_by_the_seed():
    train = feature_maps(5, channels=50)
    first, second, other = fitted(train, channels=10), fitted(train, channels=10), fitted(train, seed=1, channels=10)
    assert len(set(first.chosen.tolist())) == 10
    assert first.chosen.max() >= 10
    assert torch.equal(first.chosen, second.chosen)
    assert torch.equal(first.factor, second.factor)
    assert not torch.equal(first.chosen, other.chosen)
    assert fitted(train, channels=60).chosen.tolist() == list(range(50))


def test_its_image_score_may_be_left_to_the_map():
    train = feature_maps(7)
    assert fitted(train, image_score="map").score(train.batch([0])).images is None


def test_it_must_be_prepared():
    train = feature_maps(2)
    with pytest.raises(RuntimeError, match=r"^the detector must be prepared before it scores$"):
        unfitted(train).score(train.batch([0]))
