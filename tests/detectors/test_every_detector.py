"""What holds of every detector: the same seed gives the same weights, and a stored state scores the same."""

from __future__ import annotations

import pytest
import torch
from datasets import make_maps
from every_detector import MODELS, built

from ura_study.randomness import generator
from ura_study.training.config import TrainingSettings
from ura_study.training.loop import fit

#: Nothing is drawn for what these keep: moments of all tokens, in all channels.
WITHOUT_DRAWS = {"padim", "no part at all"}
KNOWN = torch.zeros(3, 8, 8, dtype=torch.bool)


def fitted(name, train, seed=0):
    """Return a detector after three steps, calibrated, with the global generator in another state each time."""
    torch.manual_seed(torch.seed())
    detector = built(name, train)
    for _ in fit(detector, train, TrainingSettings(steps=3), seed, torch.device("cpu")):
        pass
    detector.calibrate(train, generator(seed, "calibrate"))
    return detector


def maps_of(detector, test, images=slice(None)):
    return detector.score(test.batch(images), KNOWN[images] if detector.oracle else None)


@pytest.mark.parametrize("name", MODELS)
def test_draws_come_from_the_seed_alone(train, name):
    first, second, other = (fitted(name, train, seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert all(torch.equal(first[key], other[key]) for key in first) == (name in WITHOUT_DRAWS)


@pytest.mark.parametrize("name", MODELS)
def test_a_stored_state_scores_the_same(train, name):
    detector, stored, test = fitted(name, train), built(name, train), make_maps(3, seed=1)
    stored.load_state_dict(detector.state_dict())
    assert torch.equal(maps_of(detector, test).maps, maps_of(stored, test).maps)


@pytest.mark.parametrize("name", MODELS)
def test_an_image_does_not_depend_on_its_batch_and_scoring_changes_nothing(train, name):
    detector, test = fitted(name, train), make_maps(3, seed=1)
    detector.train()  # as it is between two intervals of the training
    before = {key: value.clone() for key, value in detector.state_dict().items()}
    together = maps_of(detector, test)
    alone = [maps_of(detector, test, slice(i, i + 1)) for i in range(3)]
    torch.testing.assert_close(torch.cat([one.maps for one in alone]), together.maps, rtol=1e-4, atol=1e-5)
    if together.images is not None:
        torch.testing.assert_close(torch.cat([one.images for one in alone]), together.images, rtol=1e-4, atol=1e-5)
    assert all(torch.equal(value, before[key]) for key, value in detector.state_dict().items())
