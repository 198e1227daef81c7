from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from torch.nn import functional

from ura_study.detectors.build import build_detector
from ura_study.detectors.prototypes.config import PrototypesSettings
from ura_study.detectors.prototypes.levels import Level, positions
from ura_study.features.maps import FeatureMaps

SMALL = {"steps": 3, "tokens": 40}


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def two_levels(images, seed=0, size=8):
    random = np.random.default_rng(seed)
    shapes = ((images, 4, 8, 8), (images, 6, 4, 4))
    return FeatureMaps(tuple(random.normal(1, 1, shape).astype(np.float32) for shape in shapes), size)


def fitted(train, seed=0, **settings):
    detector = build_detector(PrototypesSettings(**SMALL | settings), train.channels, train.map_size)
    detector.prepare(train, seeded(seed))
    return detector


def scored(detector, maps):
    return detector.score(maps.batch(slice(None)))


def test_the_constants_are_those_of_the_authors_code_where_no_other_is_said():
    settings = PrototypesSettings()
    assert (settings.spatial, settings.entropy, settings.momentum) == ((0.0, 0.3), 0.01, 0.95)
    assert (settings.per_position, settings.iterations, settings.batch, settings.tokens) == (1, 20, 16, 1024)


def test_there_are_as_many_prototypes_at_each_position_as_said():
    detector = fitted(two_levels(5), per_position=3, spatial=[0.0, 0.3, 1.0])
    assert [tuple(level.features.shape) for level in detector.levels] == [(3, 192, 4), (3, 48, 6)]


def test_positions_are_listed_row_by_row_as_tokens_are():
    assert positions(3).tolist() == [[row / 2, column / 2] for row in range(3) for column in range(3)]


def test_a_step_moves_prototypes_towards_what_they_receive_by_linear_assignment():
    settings = PrototypesSettings(spatial=[0.4], entropy=0.0005, iterations=3000, momentum=0.75, tokens=None)
    level = Level(settings, 5, 3)
    level.draw(seeded())
    before, maps = level.features.clone(), torch.randn(1, 5, 3, 3, generator=seeded(1))
    level.follow(maps, seeded(2))
    tokens, prototypes = maps[0].flatten(1).T, before[0]
    feature = 1 - functional.normalize(tokens) @ functional.normalize(prototypes).T
    place = np.array([divmod(n, 3) for n in range(9)]) / 2
    spatial = np.linalg.norm(place[:, None] - place, axis=2)
    cost = 0.6 * feature.numpy() / feature.max().item() + 0.4 * spatial / spatial.max()
    of_prototype = linear_sum_assignment(cost.T)[1]  # as many tokens as prototypes: one for each
    np.testing.assert_allclose(level.features[0], 0.75 * prototypes + 0.25 * tokens[of_prototype], atol=1e-3)


def test_maps_and_image_scores_are_those_of_brute_force():
    train, test = two_levels(12), two_levels(3, seed=1)
    detector = fitted(train, per_position=2)
    expected = np.zeros((3, 8, 8))
    for level, maps, share in zip(detector.levels, test.layers, (0.8, 0.2), strict=True):  # 64 and 16 positions
        side = maps.shape[2]
        place = np.array([divmod(n, side) for n in range(side**2)]) / (side - 1)
        spatial = np.tile(np.linalg.norm(place[:, None] - place, axis=2), 2) / 2**0.5
        for image, tokens in enumerate(maps.reshape(3, -1, side**2).transpose(0, 2, 1)):
            costs = []
            for weight, prototypes in zip((0.0, 0.3), level.features.numpy(), strict=True):
                lengths = np.linalg.norm(tokens, axis=1)[:, None] * np.linalg.norm(prototypes, axis=1)
                feature = 1 - tokens @ prototypes.T / lengths
                costs.append(((1 - weight) * feature / feature.max() + weight * spatial).min(axis=1))
            found = torch.tensor(np.mean(costs, axis=0)).view(1, 1, side, side)
            large = functional.interpolate(found, size=(8, 8), mode="bilinear", align_corners=True)
            expected[image] += share * large[0, 0].numpy()
    scores = scored(detector, test)
    np.testing.assert_allclose(scores.maps, expected, atol=1e-5)
    np.testing.assert_allclose(scores.images, expected.max(axis=(1, 2)), atol=1e-5)


def parted_images(count, seed=0):
    """Return maps (count, 8, 8, 8) of images whose left half has one texture and whose right half another."""
    random, kinds = np.random.default_rng(seed), np.eye(8)[[0, 1]] * 3
    values = kinds[np.arange(8) // 4][None, None] + random.normal(0, 0.3, (count, 8, 8, 8))  # (count, row, column, C)
    return values.transpose(0, 3, 1, 2).astype(np.float32)


def test_with_the_spatial_cost_parts_that_changed_places_are_found():
    train, normal = FeatureMaps((parted_images(12),), 8), FeatureMaps((parted_images(10, seed=1),), 8)
    swapped = FeatureMaps((normal.layers[0][:, :, :, ::-1].copy(),), 8)
    strange = {}
    for weight in (0.0, 0.3):
        detector = fitted(train, spatial=[weight], steps=40, tokens=256, momentum=0.9)
        usual, other = (scored(detector, maps).maps.mean(dim=(1, 2)) for maps in (normal, swapped))
        strange[weight] = ((other.mean() - usual.mean()) / usual.std()).item()
    assert strange[0.3] > 10
    assert abs(strange[0.0]) < 3


def test_local_prototypes_hold_what_is_at_their_place_and_global_ones_what_is_anywhere():
    detector = fitted(FeatureMaps((parted_images(12),), 8), steps=40, tokens=256, momentum=0.9)
    globally, locally = detector.levels[0].features.unflatten(1, (8, 8))  # (8, 8, C)
    sides = [(features[:, -2:, 0].mean() / features[:, :2, 0].mean()).item() for features in (globally, locally)]
    assert sides[1] < 0.1 < 0.7 < sides[0] < 1.4


def test_a_strange_token_stands_out():
    train = FeatureMaps((parted_images(12),), 8)
    strange = parted_images(1, seed=1)
    strange[0, :, 2, 6] = np.eye(8)[5] * 3
    scores = scored(fitted(train, steps=40, tokens=256, momentum=0.9), FeatureMaps((strange,), 8))
    assert scores.maps[0].argmax() == 2 * 8 + 6
    assert scores.images[0] == scores.maps.max()


def test_with_fewer_tokens_a_step_sees_a_part_of_its_batch(monkeypatch):
    seen = []
    whole = Level._cost
    monkeypatch.setattr(Level, "_cost", lambda level, tokens, at: seen.append(len(tokens)) or whole(level, tokens, at))
    train = two_levels(6)
    fitted(train, steps=1, batch=3, tokens=40)
    fitted(train, steps=1, batch=3, tokens=100)
    fitted(train, steps=1, batch=3, tokens=None)
    assert seen == [40, 40, 100, 48, 192, 48]


def test_its_image_score_may_be_left_to_the_map():
    train = two_levels(4)
    assert scored(fitted(train, image_score="map"), train).images is None


def test_it_must_be_prepared():
    train = two_levels(2)
    detector = build_detector(PrototypesSettings(), train.channels, train.map_size)
    with pytest.raises(RuntimeError, match=r"^the detector must be prepared before it scores$"):
        scored(detector, train)
