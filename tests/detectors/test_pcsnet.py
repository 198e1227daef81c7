from __future__ import annotations

import pytest
import torch
from datasets import make_maps, write_category
from torch.nn import functional

from ura_study.data.layouts.mvtec_ad import read
from ura_study.data.preprocessing import Preprocessing
from ura_study.detectors.build import build_detector
from ura_study.detectors.pcsnet.config import PCSNetSettings
from ura_study.detectors.pcsnet.network import disparity, half, places
from ura_study.detectors.pcsnet.segmentation import Segmentation, averaged, resized
from ura_study.detectors.pieces import changed, moved_about
from ura_study.features.cached import feature_maps as cached_maps
from ura_study.features.config import FeatureSettings
from ura_study.randomness import generator
from ura_study.training.config import TrainingSettings
from ura_study.training.loop import fit

CPU = torch.device("cpu")


def fitted(train, steps=1, lr=2e-3, **settings):
    detector = build_detector(PCSNetSettings(width=16, **settings), train.channels, train.map_size)
    for _ in fit(detector, train, TrainingSettings(steps=steps, lr=lr, batch_size=2), 0, CPU):
        pass
    return detector.eval()


def prepared(train):
    detector = build_detector(PCSNetSettings(width=8), train.channels, train.map_size)
    detector.prepare(train, generator(0, "prepare"))
    return detector.eval()


@pytest.fixture
def shots():
    """Feature maps of four stand-in images."""
    return make_maps(4)


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """Feature maps of eight images, which come with their pixels and the backbone."""
    root = tmp_path_factory.mktemp("data")
    write_category(root, "nut", train=8, seed=1)
    return cached_maps(read(root, "nut").train, FeatureSettings(map_size=16), Preprocessing(64), CPU)


def nearest(detector, features):
    """Return the mean distance (B, N) of each token to its three nearest prototypes."""
    with torch.no_grad():
        return detector.distances(detector.adapted(features))[:, :, :3].mean(dim=2)


def test_adaption_tightens_the_normal_class(photographs):
    few, others = photographs.subset(range(4)), photographs.batch(range(4, 8)).features
    before, after = (nearest(detector, others).mean() for detector in (prepared(few), fitted(few, 80, lr=1e-2)))
    assert after < 0.85 * before


def test_moved_pieces_are_segmented(photographs):
    detector = fitted(photographs.subset(range(4)), 100, lr=1e-2)
    others = photographs.batch(range(4, 8))
    altered = moved_about(others.images, 3, torch.Generator().manual_seed(5))
    moved = averaged(changed(others.images, altered).float()[:, None], 16)[:, 0] > 0.5
    tokens = detector.adapted(others.features_of(altered))
    found, normal = detector.segmented(tokens, detector.distances(tokens)), detector.score(others).maps
    assert found[moved].mean() > 1.5 * normal[moved].mean() > 0


def test_prototypes_are_means_of_tokens_adapted_by_the_initial_weights(shots):
    detector = prepared(shots)
    with torch.no_grad():
        tokens = detector.adapted(shots.batch(range(4)).features)
    torch.testing.assert_close(detector.prototypes, tokens.mean(dim=0))
    trained = fitted(shots, 2)
    assert torch.equal(trained.prototypes, detector.prototypes)
    assert not torch.equal(trained.adaption.weight, detector.adaption.weight)


def test_channels_are_divided_by_their_deviation_unless_asked_not_to_be(shots):
    torch.testing.assert_close(
        prepared(shots).std, shots.batch(range(4)).features.transpose(0, 1).flatten(1).std(dim=1), rtol=0.01, atol=0
    )
    assert (fitted(shots, standardise=False).std == 1).all()


def test_distances_are_to_the_nearest_prototypes():
    detector = prepared(make_maps(2))
    tokens = torch.randn(2, 64, 12)
    found = detector.distances(tokens)
    assert found.shape == (2, 64, 64)  # 200 at most
    expected = (tokens[1, 7] - detector.prototypes).norm(dim=1).sort().values
    torch.testing.assert_close(found[1, 7], expected, rtol=1e-4, atol=1e-4)


def test_a_token_knows_its_place():
    expected = torch.tensor([[-1.0, -1.0], [0, -1], [1, -1], [-1, 0], [0, 0], [1, 0], [-1, 1], [0, 1], [1, 1]])
    torch.testing.assert_close(places(3), expected)
    detector = prepared(make_maps(2))
    same = torch.ones(1, 12, 8, 8)
    assert not torch.allclose(detector.adapted(same)[0, 0], detector.adapted(same)[0, 1])


def test_learning_rates_are_the_published_ones():
    groups = prepared(make_maps(2)).parameter_groups()
    assert [group["lr_factor"] * TrainingSettings().lr for group in groups] == pytest.approx([1e-3, 1e-4])
    assert sum(len(group["params"]) for group in groups) == len(list(prepared(make_maps(2)).parameters()))


@pytest.mark.parametrize(("images", "altered"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3)])
def test_half_of_a_batch_is_altered(images, altered):
    draws = [half(images, torch.Generator().manual_seed(seed)) for seed in range(30)]
    assert {int(draw.sum()) for draw in draws} == {altered}
    assert images == altered or len({tuple(draw.tolist()) for draw in draws}) > 1


def test_disparity_by_hand():
    distances = torch.zeros(3, 60)
    distances[0, :50], distances[1, :25] = 2.0, 4.0  # the 50 largest have means 2, 2 and 0
    scores = torch.tensor([2.0, 2.0, 0.0])
    expected = -(scores - scores.logsumexp(dim=0))[[0, 2]].sum()
    torch.testing.assert_close(disparity(distances, torch.tensor([True, False, True])), expected)


def test_terms_add_up_and_the_margin_counts_where_pieces_are(shots, monkeypatch):
    detector = prepared(shots)
    batch = shots.batch([0, 1])
    terms = detector.losses(batch, 0.0, generator(0, "losses"))
    assert set(terms) == {"total", "attraction", "repulsion", "disparity", "segmentation"}
    torch.testing.assert_close(terms["total"], sum(value for name, value in terms.items() if name != "total"))
    assert terms["repulsion"] == 0  # the margin is 0.2, and untrained distances are larger
    near = torch.zeros(2, 64, 64)
    monkeypatch.setattr(detector, "distances", lambda tokens: near)
    found = detector.losses(batch, 0.0, generator(0, "losses"))
    altered = moved_about(batch.images, 3, generator(0, "losses"))
    share = changed(batch.images, altered).float().mean()
    torch.testing.assert_close(found["repulsion"], share * (detector.radius + 0.2).detach() ** 2)
    assert found["attraction"] == 0


def test_grids_are_changed_as_pytorch_does():
    maps = torch.randn(2, 3, 32, 32)
    torch.testing.assert_close(averaged(maps, 15), functional.adaptive_avg_pool2d(maps, 15))
    bilinear = functional.interpolate(maps, size=48, mode="bilinear", align_corners=True)
    torch.testing.assert_close(resized(maps, 48), bilinear)


def test_channels_are_dropped_in_training_alone():
    network = Segmentation(4, 3, 400, 8)
    seen = []
    network.last.register_forward_hook(lambda module, given, output: seen.append(given[0].detach()))
    features, distances = torch.randn(1, 4, 8, 8), torch.rand(1, 3, 8, 8)
    for draws in (None, torch.Generator().manual_seed(0)):
        network(features, distances, draws)
    whole, dropped = seen
    gone = (dropped == 0).all(dim=(0, 2, 3)) & (whole > 0).any(dim=3).any(dim=2)[0]
    assert gone.sum() / len(gone) == pytest.approx(0.1, abs=0.05)
    torch.testing.assert_close(dropped[:, ~gone], whole[:, ~gone] / 0.9)


def test_coarser_grids_reach_the_map():
    network = Segmentation(4, 3, 8, 16)
    assert network.sides == [15, 8, 4, 2]
    features = torch.randn(1, 4, 16, 16)
    maps = [network(features, torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(n))) for n in (0, 1)]
    assert maps[0].shape == (1, 16, 16)
    assert not torch.allclose(*maps)
    network(features, torch.rand(1, 3, 16, 16)).sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_image_scores(shots):
    batch = shots.batch(range(4))
    assert fitted(shots).score(batch).images is None
    found = fitted(shots, image_score="max").score(batch)
    assert torch.equal(found.images, found.maps.amax(dim=(1, 2)))
