from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from ura_study.detectors.build import build_detector
from ura_study.detectors.feature_editing import editing
from ura_study.detectors.feature_editing.config import FeatureEditingSettings
from ura_study.detectors.feature_editing.editing import edited
from ura_study.detectors.feature_editing.network import Denoiser
from ura_study.detectors.uniad.network import pooled
from ura_study.features.maps import FeatureMaps
from ura_study.training.config import TrainingSettings
from ura_study.training.loop import fit

SMALL = {"width": 16, "coreset": 0.25}
CPU = torch.device("cpu")


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def drawn(*shape, seed=0):
    return torch.randn(shape, generator=seeded(seed))


def maps_of(images, seed=0, radius=3.0):
    """Return maps (images, 6, 8, 8) of images whose tokens are on a circle, in a plane that lies askew."""
    random, plane = np.random.default_rng(seed), np.random.default_rng(5).normal(0, 1, (6, 2))
    angle = random.uniform(0, 2 * np.pi, (images, 8, 8))
    circle = radius * np.stack([np.cos(angle), np.sin(angle)])
    values = np.einsum("cd,dijk->icjk", plane, circle) + random.normal(0, 0.05, (images, 6, 8, 8))
    return FeatureMaps((values.astype(np.float32),), 8)


def unfitted(train, **settings):
    return build_detector(FeatureEditingSettings(**SMALL | settings), train.channels, train.map_size)


def prepared(train, **settings):
    detector = unfitted(train, **settings)
    detector.prepare(train, seeded())
    return detector


def fitted(train, steps=30, **settings):
    detector = unfitted(train, **settings)
    list(fit(detector, train, TrainingSettings(steps=steps, lr=1e-2), 0, CPU))
    return detector


def scored(detector, maps):
    return detector.score(maps.batch(slice(None)))


# Editing


@pytest.mark.parametrize("neighbours", [1, 2, 5])
def test_editing_is_that_of_brute_force(neighbours):
    tokens, memory = drawn(7, 3), drawn(20, 3, seed=1)
    expected = []
    for token in tokens.numpy():
        distance = np.linalg.norm(memory.numpy() - token, axis=1)
        nearest = distance.argsort()[:neighbours]
        expected.append(np.average(memory.numpy()[nearest], axis=0, weights=1 / distance[nearest]))
    np.testing.assert_allclose(edited(tokens, memory, neighbours), expected, rtol=1e-4, atol=1e-5)


def test_a_token_of_the_memory_stays_as_it_is():
    memory = 100 * drawn(20, 5)
    np.testing.assert_allclose(edited(memory, memory, neighbours=4), memory, atol=1e-3)


def test_a_memory_of_fewer_tokens_than_neighbours_gives_all():
    memory = torch.tensor([[0.0], [3.0]])
    assert edited(torch.tensor([[1.0]]), memory, neighbours=9).item() == pytest.approx(1)  # 2/3 · 0 + 1/3 · 3


def test_parts_of_an_image_are_edited_as_all_of_it(monkeypatch):
    tokens, memory = drawn(30, 4), drawn(50, 4, seed=1)
    whole = edited(tokens, memory, neighbours=3)
    monkeypatch.setattr(editing, "BLOCK", 350)  # seven tokens at once
    torch.testing.assert_close(edited(tokens, memory, neighbours=3), whole)


# The denoiser


def test_before_the_training_nothing_is_added():
    denoiser = Denoiser(6, 16, 2)
    denoiser.initialise(seeded())
    assert not denoiser(drawn(2, 6, 8, 8)).any()


def test_the_loss_is_the_error_that_is_left_of_the_noise():
    train = maps_of(6)
    detector = prepared(train, noise=0.5)
    batch = train.batch([0, 1, 2, 3])
    noise = 0.5 * torch.randn((4, 64, 6), generator=seeded(7))
    losses = detector.losses(batch, 0.0, seeded(7))
    assert losses["total"].item() == pytest.approx(noise.square().mean().item(), rel=1e-5)  # nothing is added as yet


def test_training_removes_noise():
    train = maps_of(12)
    detector = fitted(train)
    tokens = detector.tokens(maps_of(4, seed=1).batch(slice(None)).features)
    noisy = tokens + 0.75 * drawn(*tokens.shape)
    assert functional.mse_loss(detector.restored(noisy), tokens) < 0.7 * functional.mse_loss(noisy, tokens)


# The detector


def test_the_memory_holds_a_share_of_the_standardised_tokens():
    train = maps_of(6)
    detector = prepared(train)
    tokens = detector.tokens(train.batch(slice(None)).features).flatten(0, 1)
    assert len(detector.bank.memory) == 6 * 64 / 4
    assert (detector.bank.memory[:, None] == tokens).all(dim=2).any(dim=1).all()
    torch.testing.assert_close(tokens.std(dim=0, correction=0), torch.ones(6))
    torch.testing.assert_close(tokens.mean(dim=0), detector.mean, atol=1e-5, rtol=1e-4)


def test_before_the_training_the_map_is_the_distance_from_the_edited_tokens():
    train, test = maps_of(6), maps_of(2, seed=1)
    detector = prepared(train, neighbours=1)
    tokens = detector.tokens(test.batch(slice(None)).features)
    nearest = torch.cdist(tokens, detector.bank.memory[None]).amin(dim=2)
    scores = scored(detector, test)
    torch.testing.assert_close(scores.maps, nearest.view(2, 8, 8), atol=1e-3, rtol=1e-4)
    torch.testing.assert_close(scores.images, pooled(scores.maps, 8))


def strange_images(count):
    """Return normal images with a square of tokens in each that are far inside the circle."""
    maps = maps_of(count, seed=2).layers[0].copy()
    maps[:, :, 2:4, 4:6] = maps_of(count, seed=3, radius=0.5).layers[0][:, :, 2:4, 4:6]
    return FeatureMaps((maps,), 8)


def contrast(detector):
    """Return by how much the error of strange tokens exceeds that of the others."""
    maps = scored(detector, strange_images(8)).maps
    strange = torch.zeros(8, 8, dtype=torch.bool)
    strange[2:4, 4:6] = True
    return (maps[:, strange].mean() / maps[:, ~strange].mean()).item()


def test_editing_keeps_anomalies_from_being_copied():
    train = maps_of(12)
    assert contrast(fitted(train)) > 2
    assert contrast(fitted(train, edit=False)) < 1


def test_without_editing_the_denoiser_sees_tokens_as_they_are():
    detector = prepared(maps_of(4), edit=False)
    tokens = drawn(2, 64, 6)
    assert detector.seen(tokens) is tokens
    assert not scored(detector, maps_of(2, seed=1)).maps.any()  # untrained, it copies all


def test_the_training_does_not_depend_on_what_scoring_alone_reads():
    train = maps_of(6)
    states = [fitted(train, steps=2, **settings).state_dict() for settings in ({}, {"edit": False, "neighbours": 7})]
    assert all(torch.equal(value, states[1][key]) for key, value in states[0].items())


def test_its_image_score_may_be_left_to_the_map():
    train = maps_of(4)
    assert scored(prepared(train, image_score="map"), train).images is None


def test_it_must_be_prepared():
    train = maps_of(2)
    with pytest.raises(RuntimeError, match=r"^the detector must be prepared before it scores$"):
        scored(unfitted(train), train)
