import numpy as np
import pytest
import torch
from pretended_gpu import PretendedGPU

from ura_study.detectors.base import Detector, Scores
from ura_study.detectors.scoring_config import ScoringSettings
from ura_study.features.maps import FeatureMaps
from ura_study.runs.stages import scoring
from ura_study.runs.stages.scoring import batch_size, score_images, score_maps

CPU = torch.device("cpu")


class Norm(Detector):
    """Scores each position by its first channel, minus what was usual in training."""

    def prepare(self, train, generator):
        pass

    def calibrate(self, train, generator):
        self.usual = train.batch(slice(None)).features[:, 0].mean(dim=0)
        self.drawn = torch.rand(1, generator=generator).item()

    def score(self, batch, known=None):
        return Scores(batch.features[:, 0] - self.usual)


def maps(count, seed):
    return FeatureMaps((np.random.default_rng(seed).random((count, 2, 4, 4), dtype=np.float32),), 4)


def test_scores_are_those_of_the_maps_in_order():
    train, test = maps(3, 0), maps(11, 1)
    settings = ScoringSettings(smoothing=0, image_score="max")
    scored = score_images(Norm(), train, test, settings, 32, 0, CPU)
    assert scored.maps.shape == (11, 32, 32)
    np.testing.assert_allclose(scored.scores, scored.maps.amax(dim=(1, 2)))
    np.testing.assert_allclose(
        scored.maps[:, 0, 0], (test.layers[0] - train.layers[0].mean(axis=0))[:, 0, 0, 0], rtol=1e-5
    )
    assert scored.ms_per_image > 0


def test_the_batch_does_not_matter(monkeypatch):
    train, test = maps(3, 0), maps(11, 1)
    whole = score_images(Norm(), train, test, ScoringSettings(), 32, 0, CPU)
    monkeypatch.setattr(scoring, "BATCH", 3)
    parts = score_images(Norm(), train, test, ScoringSettings(), 32, 0, CPU)
    np.testing.assert_allclose(parts.maps, whole.maps, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("channels", "side", "expected"), [(2, 4, 8), (1536, 64, 8), (1536, 128, 2), (1536, 512, 1)])
def test_a_batch_of_large_feature_maps_holds_fewer_images(channels, side, expected):
    assert batch_size(FeatureMaps((np.empty((9, channels, 4, 4), np.float32),), side)) == expected


def test_maps_stay_on_the_gpu_and_only_their_scores_are_waited_for(monkeypatch):
    class Sure(Norm):
        def score(self, batch, known=None):
            means = batch.features.mean(dim=1)
            return Scores(means, probability=means, epistemic=means, aleatoric=means, residual=means)

    monkeypatch.setattr(scoring, "BATCH", 2)
    monkeypatch.setattr(scoring, "start_counting", lambda device: None)
    monkeypatch.setattr(scoring, "peak_bytes", lambda device: 7)
    with PretendedGPU() as gpu, gpu.allowed():
        scored = score_maps(Sure(), maps(5, 1), ScoringSettings(), 32, torch.device("cuda"))
    assert (scored.maps.device.type, scored.maps.shape) == ("cuda", (5, 32, 32))
    assert (scored.scores.shape, scored.tokens.epistemic.shape, scored.residual.shape) == ((5,), (5, 4, 4), (5, 4, 4))
    assert gpu.waits == 5  # for the scores and these four, at the end; not for each of the three batches


def test_an_image_score_of_the_detectors_own_is_kept():
    class Own(Norm):
        def score(self, batch, known=None):
            return Scores(batch.features[:, 0], images=batch.features[:, 1, 0, 0])

    test = maps(4, 1)
    scored = score_images(Own(), maps(2, 0), test, ScoringSettings(), 32, 0, CPU)
    np.testing.assert_array_equal(scored.scores, test.layers[0][:, 1, 0, 0])


def test_calibration_draws_from_the_seed():
    draws = []
    for seed in (0, 0, 1):
        detector = Norm()
        score_images(detector, maps(2, 0), maps(2, 1), ScoringSettings(), 32, seed, CPU)
        draws.append(detector.drawn)
    assert draws[0] == draws[1] != draws[2]


def test_an_oracle_is_told_what_is_true_of_each_image(monkeypatch):
    """Five images in batches of two: each map is what was known of its image."""

    class Oracle(Norm):
        def score(self, batch, known=None):
            return Scores(known.float())

    monkeypatch.setattr(scoring, "BATCH", 2)
    known = np.random.default_rng(0).random((5, 4, 4)) < 0.5
    settings = ScoringSettings(smoothing=0)
    scored = score_images(Oracle(), maps(2, 0), maps(5, 1), settings, 4, 0, CPU, known)
    np.testing.assert_array_equal(scored.maps, known.astype(np.float32))
