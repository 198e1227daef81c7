from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from ura_study.detectors.anomaly_map import full_size
from ura_study.detectors.build import build_detector
from ura_study.detectors.reverse_distillation.config import ReverseDistillationSettings
from ura_study.detectors.reverse_distillation.network import by_level, distance, unlike
from ura_study.detectors.reverse_distillation.student import Bottleneck, Student, draw_weights, halvings
from ura_study.detectors.scoring_config import ScoringSettings
from ura_study.features.maps import FeatureMaps
from ura_study.training.config import TrainingSettings
from ura_study.training.loop import fit

CHANNELS, SIDES = (3, 4, 6), (16, 8, 4)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def feature_maps(images, seed=0, channels=CHANNELS, sides=SIDES):
    """Levels of a smooth random field in each image, each level another fixed mixture of it."""
    rng, fixed = np.random.default_rng(seed), np.random.default_rng(9)
    field = torch.tensor(rng.normal(size=(images, 2, 4, 4)))
    layers = []
    for own, side in zip(channels, sides, strict=True):
        smooth = torch.nn.functional.interpolate(field, size=side, mode="bilinear")
        mixed = np.einsum("co,bohw->bchw", fixed.normal(size=(own, 2)), smooth.numpy()) + fixed.normal(size=(own, 1, 1))
        layers.append(mixed.astype(np.float32))
    return FeatureMaps(tuple(layers), 8)


def fitted(train, seed=0, steps=1, lr=2e-3, **settings):
    detector = build_detector(ReverseDistillationSettings(**settings), train.channels, train.map_size)
    for _ in fit(detector, train, TrainingSettings(steps=steps, lr=lr), seed, torch.device("cpu")):
        pass
    return detector


def test_the_rate_is_the_authors():
    detector = fitted(feature_maps(4))
    (group,) = detector.parameter_groups()
    assert TrainingSettings().lr * group["lr_factor"] == pytest.approx(5e-3)
    assert len(group["params"]) == len(list(detector.parameters()))


@pytest.mark.parametrize("transposed", [True, False])
@pytest.mark.parametrize("sides", [(16, 8, 4), (15, 8, 4), (13, 7, 3), (16, 4, 2), (8, 8, 8), (9, 8, 1)])
def test_shapes_are_those_of_the_teacher_whatever_they_are(sides, transposed):
    levels = [torch.randn(2, own, side, side) for own, side in zip(CHANNELS, sides, strict=True)]
    embedding = Bottleneck(CHANNELS, sides, 2)(levels)
    assert embedding.shape == (2, 12, math.ceil(sides[-1] / 2), math.ceil(sides[-1] / 2))
    given = Student(CHANNELS, sides, 2, transposed)(embedding, [maps.shape[2:] for maps in levels])
    assert [maps.shape for maps in given] == [maps.shape for maps in levels]


def test_halvings():
    assert [halvings(side, 16) for side in (16, 32, 64, 57, 15)] == [0, 1, 2, 2, 0]


def test_stages_double_where_the_level_is_twice_as_large():
    doubled = [stage[0].doubled for stage in Student((3, 4, 6), (16, 8, 8), 2).stages]  # coarsest first
    assert doubled == [True, False, True]
    assert not any(stage[0].doubled for stage in Student(CHANNELS, SIDES, 2, transposed=False).stages)


def test_weights_are_drawn_by_kaiming_and_of_transposed_convolutions_uniformly():
    network = Student((32, 64), (8, 4), 2)
    draw_weights(network, seeded())
    block = network.stages[0][0]
    assert block.second[0].weight.std().item() == pytest.approx(math.sqrt(2 / (64 * 9)), rel=0.02)
    expected = torch.nn.ConvTranspose2d(128, 64, 2, 2).weight
    assert block.first[0].weight.abs().max().item() == pytest.approx(expected.abs().max().item(), rel=0.01)
    assert block.first[0].weight.std().item() == pytest.approx(expected.std().item(), rel=0.02)


def test_the_loss_by_hand():
    taught, given = torch.randn(3, 4, 5, 5), torch.randn(3, 4, 5, 5)
    flat = [(a.flatten() @ b.flatten() / a.norm() / b.norm()).item() for a, b in zip(taught, given, strict=True)]
    assert unlike(taught, given).item() == pytest.approx(1 - np.mean(flat), abs=1e-6)
    assert unlike(taught, 3 * taught).item() == pytest.approx(0, abs=1e-6)
    train = feature_maps(3)
    terms = fitted(train).losses(train.batch([0, 1]), 0.0, seeded())
    assert set(terms) == {"total", "level_1", "level_2", "level_3"}
    assert terms["total"].item() == pytest.approx(sum(terms[f"level_{i}"].item() for i in (1, 2, 3)), rel=1e-5)


def test_the_map_is_the_sum_of_levels():
    train = feature_maps(3)
    detector = fitted(train)
    batch = train.batch([0])
    maps = detector.score(batch).maps
    with torch.no_grad():
        each = [distance(a, b)[0] for a, b in zip(batch.layers, detector.restored(batch.layers), strict=True)]
    corner = sum(level[0, 0].item() for level in each)  # corners are aligned
    assert maps[0, 0, 0].item() == pytest.approx(corner, rel=1e-5)
    assert maps.shape == (1, 8, 8)


@pytest.fixture(scope="module")
def anomalib():
    """Modules of anomalib's implementation; tests were written beside 2.7.0."""
    return pytest.importorskip("anomalib.models.image.reverse_distillation")


def test_the_loss_is_anomalibs(anomalib):
    taught, given = two_of_each_level()
    expected = anomalib.loss.ReverseDistillationLoss()(taught, given)
    assert by_level(taught, given)["total"].item() == pytest.approx(expected.item(), rel=1e-6)


def test_the_map_is_anomalibs(anomalib):
    taught, given = two_of_each_level()
    detector = build_detector(ReverseDistillationSettings(), sum(CHANNELS), 64)
    detector.levels, detector.restored = torch.tensor(list(zip(CHANNELS, SIDES, strict=True))), lambda levels: given
    maps = detector.score(SimpleNamespace(layers=taught)).maps
    plain, smoothed = (
        anomalib.anomaly_map.AnomalyMapGenerator((64, 64), sigma, "add")(given, taught)[:, 0] for sigma in (0.1, 1)
    )
    torch.testing.assert_close(maps, plain, rtol=0, atol=1e-6)  # its kernel for 0.1 is one pixel: it does not smooth
    own = full_size(maps, 64, ScoringSettings(smoothing=4))
    torch.testing.assert_close(own, smoothed, rtol=0, atol=0.01)  # it cuts its kernel at 4 sigma, in place of 3
    assert (own - maps).abs().max() > 0.3


def test_the_bottleneck_of_a_resnet18_is_anomalibs(anomalib):
    expected = anomalib.components.get_bottleneck_layer("resnet18")
    own = Bottleneck((64, 128, 256), (16, 8, 4), 2)
    head = [expected.conv1, expected.bn1, expected.conv2, expected.bn2, expected.conv3, expected.bn3]
    for layer, theirs in zip(layers_of(own), [*head, *layers_of(expected.bn_layer)], strict=True):
        layer.load_state_dict(theirs.state_dict())
    levels = [torch.randn(2, *shape, generator=seeded()) for shape in ((64, 16, 16), (128, 8, 8), (256, 4, 4))]
    torch.testing.assert_close(own(levels), expected(levels), rtol=1e-5, atol=1e-5)


def test_the_student_of_a_resnet18_is_anomalibs_but_for_the_last_activation(anomalib):
    levels = ["layer1", "layer2", "layer3"]
    model = anomalib.torch_model.ReverseDistillationModel("resnet18", (64, 64), levels, "add", pre_trained=False)
    expected = model.decoder
    own = Student((64, 128, 256), (16, 8, 4), 2)
    ours, theirs = (sorted_shapes(network) for network in (own, expected))
    assert ours == theirs
    for stage, layer in zip(own.stages, (expected.layer1, expected.layer2, expected.layer3), strict=True):
        for block, other in zip(stage, layer, strict=True):
            parts = [(block.first[0], other.conv1), (block.first[1], other.bn1)]
            parts += [(block.second[0], other.conv2), (block.second[1], other.bn2)]
            parts += list(zip(block.path, other.upsample, strict=True)) if block.doubled else []
            for mine, their in parts:
                mine.load_state_dict(their.state_dict())
    embedding = torch.randn(2, 512, 2, 2, generator=seeded())
    given = own(embedding, [torch.Size((side, side)) for side in (16, 8, 4)])
    for mine, their in zip(given, expected(embedding), strict=True):
        torch.testing.assert_close(mine.relu(), their, rtol=1e-5, atol=1e-5)


def sorted_shapes(network):
    return sorted(tuple(value.shape) for value in network.state_dict().values())


def two_of_each_level():
    """What a teacher and its student could say of two images."""
    draws = seeded()
    shapes = [(2, own, side, side) for own, side in zip(CHANNELS, SIDES, strict=True)]
    return [[torch.randn(shape, generator=draws) for shape in shapes] for _ in range(2)]


def layers_of(network):
    return [layer for layer in network.modules() if isinstance(layer, torch.nn.Conv2d | torch.nn.BatchNorm2d)]


def test_trained_it_gives_normal_maps_back_and_not_anomalous_ones():
    train, test = feature_maps(80), feature_maps(6, seed=1)
    detector = fitted(train, steps=300)
    normal = detector.score(test.batch(slice(None))).maps
    assert normal.mean() < fitted(train).score(test.batch(slice(None))).maps.mean() / 2
    odd = [layer.copy() for layer in test.layers]
    for layer, place in zip(odd, (slice(8, 12), slice(4, 6), slice(2, 3)), strict=True):
        layer[:, :, place, place] *= -1
    found = detector.score(FeatureMaps(tuple(odd), 8).batch(slice(None))).maps
    there = found[:, 4:6, 4:6].mean(dim=(1, 2))
    assert (there > 2 * normal.mean()).all()
    assert (there > 2 * normal[:, 4:6, 4:6].mean(dim=(1, 2))).all()


def test_image_scores():
    train = feature_maps(3)
    assert fitted(train).score(train.batch([0])).images is None
    largest = fitted(train, image_score="max").score(train.batch([0]))
    assert torch.equal(largest.images, largest.maps.amax(dim=(1, 2)))


def test_it_must_be_prepared():
    train = feature_maps(2)
    with pytest.raises(RuntimeError, match=r"^the detector must be prepared before it scores$"):
        build_detector(ReverseDistillationSettings(), train.channels, 8).score(train.batch([0]))
