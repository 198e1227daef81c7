from __future__ import annotations

import numpy as np
import pytest
import torch

from ura_study.detectors.build import build_detector
from ura_study.detectors.pbas.config import PBASSettings
from ura_study.detectors.pbas.network import most_similar, moved, stretched
from ura_study.features.maps import FeatureMaps
from ura_study.training.config import TrainingSettings
from ura_study.training.loop import fit


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def feature_maps(images, seed=0, channels=6):
    """Tokens around one of four points, by the quarter of the image."""
    points = np.random.default_rng(9).normal(size=(2, 2, channels)) * 3
    values = points.repeat(2, axis=0).repeat(2, axis=1) + np.random.default_rng(seed).normal(size=(images, 4, 4, 6))
    return FeatureMaps((values.transpose(0, 3, 1, 2).astype(np.float32),), 4)


def fitted(train, seed=0, steps=1, lr=0.02, **settings):
    detector = build_detector(PBASSettings(**{"hidden": 32} | settings), train.channels, train.map_size)
    for _ in fit(detector, train, TrainingSettings(steps=steps, lr=lr), seed, torch.device("cpu")):
        pass
    return detector


def test_the_constants_are_those_of_the_authors():
    settings = PBASSettings()
    assert (settings.stretch, settings.hidden, settings.image_score) == (0.25, 1024, "max")
    groups = build_detector(settings, 4, 4).parameter_groups()
    assert [TrainingSettings().lr * group["lr_factor"] for group in groups] == pytest.approx([1e-4, 2e-4])


def test_anomalous_tokens_lie_outside_of_the_hypersphere_at_the_stated_distance():
    rng = np.random.default_rng(0)
    tokens, centres = (torch.tensor(rng.normal(size=(50, 6))) for _ in range(2))
    found = stretched(tokens, centres, 0.25)
    before, after = (tokens - centres).norm(dim=1), (found - centres).norm(dim=1)
    torch.testing.assert_close(after, before + 0.25 * before.mean())
    torch.testing.assert_close((found - centres) / after[:, None], (tokens - centres) / before[:, None])
    # a token at the mean distance, on the hypersphere that bounds half of the normal ones, ends a quarter farther out
    edge = stretched(torch.tensor([[2.0, 0.0], [-2.0, 0.0]]), torch.zeros(2, 2), 0.25)
    assert edge.tolist() == [[2.5, 0.0], [-2.5, 0.0]]


def test_a_token_in_its_centre_stays_there():
    assert stretched(torch.ones(1, 3), torch.ones(1, 3), 0.25).tolist() == [[1.0, 1.0, 1.0]]


def test_no_gradient_goes_through_the_step_outwards():
    tokens = torch.tensor([[3.0, 4.0], [1.0, 0.0]], requires_grad=True)
    stretched(tokens, torch.zeros(2, 2), 0.25).sum().backward()
    assert tokens.grad.tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_centres_are_aligned_by_direction_and_moved_in_order():
    centres = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    means = torch.tensor([[10.0, 1.0], [0.1, 4.0], [0.0, 6.0]])
    assert most_similar(means, centres).tolist() == [0, 1, 1]
    found = moved(centres, means)
    assert found[0].tolist() == pytest.approx([0.9 + 1.0, 0.1])
    assert found[1].tolist() == pytest.approx([0.01 * 0.9, (2.0 * 0.9 + 0.4) * 0.9 + 0.6])


def test_the_first_centres_are_means_of_positions():
    train = feature_maps(8)
    detector = fitted(train, lr=1e-9)
    tokens = torch.tensor(train.layers[0]).flatten(2).transpose(1, 2) / detector.std
    torch.testing.assert_close(detector.centres, detector.adaptor(tokens).mean(dim=0).detach(), atol=1e-5, rtol=1e-5)


def test_the_loss_by_hand():
    train = feature_maps(3)
    detector = fitted(train)
    detector.eval()  # so that tokens do not depend on each other
    terms = detector.losses(train.batch([0]), 0.0, seeded())
    with torch.no_grad():
        normal = detector.adaptor(torch.tensor(train.layers[0][0]).flatten(1).T / detector.std)
        centre = detector.centres[most_similar(normal, detector.centres)]
        outputs = [detector.discriminator(x)[:, 0].sigmoid() for x in (normal, stretched(normal, centre, 0.25))]
    assert terms["distance"].item() == pytest.approx((normal - centre).norm(dim=1).mean().item(), rel=1e-5)
    assert terms["normal"].item() == pytest.approx(-(1 - outputs[0]).log().mean().item(), rel=1e-4)
    assert terms["anomalous"].item() == pytest.approx(-outputs[1].log().mean().item(), rel=1e-4)
    parts = terms["distance"] + terms["normal"] + terms["anomalous"]
    assert terms["total"].item() == pytest.approx(parts.item())


def test_training_draws_normal_tokens_to_their_centres_but_not_to_a_point():
    train = feature_maps(20)
    before, after = (fitted(train, lr=lr, steps=steps) for lr, steps in ((1e-9, 1), (0.2, 150)))

    def distance(detector):
        return detector.losses(train.batch(slice(None)), 0.0, seeded())["distance"].item()

    assert torch.equal(before.centres, after.centres)
    assert distance(after) < 0.7 * distance(before)
    adapted = after.adaptor(torch.tensor(train.layers[0]).flatten(2).transpose(1, 2) / after.std)
    assert adapted.mean(dim=0).std(dim=0).mean() > 0.2  # the four quarters stay apart


def test_trained_it_finds_shifted_tokens():
    train, test = feature_maps(20), feature_maps(5, seed=1)
    shifted = test.layers[0].copy()
    shifted[:, :, 1, 2] += 8
    detector = fitted(train, steps=300, lr=0.02, hidden=64)
    maps = detector.score(FeatureMaps((shifted,), 4).batch(slice(None))).maps
    assert (maps.flatten(1).argmax(dim=1) == 1 * 4 + 2).all()
    assert maps.min() >= 0
    assert maps.max() <= 1


def test_image_scores():
    train = feature_maps(7)
    scores = fitted(train).score(train.batch(slice(None)))
    assert torch.equal(scores.images, scores.maps.flatten(1).max(dim=1).values)
    assert fitted(train, image_score="map").score(train.batch([0])).images is None
