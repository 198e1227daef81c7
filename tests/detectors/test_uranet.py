import numpy as np
import pytest
import torch
from datasets import make_maps

from ura_study.detectors.build import build_detector
from ura_study.detectors.uranet.config import URANetSettings
from ura_study.detectors.uranet.losses import residual
from ura_study.detectors.uranet.network import _suspected

SMALL = {"perception": {"width": 16, "mc_samples": 3}, "restoration": {"width": 8, "prototypes": 16, "exclusion": 1}}
ABLATIONS = {
    "full": {},
    "w/o synthesis": {"synthesis": False},
    "w/o perception": {"perception": False},
    "w/o restoration": {"restoration": False},
    "w/o synthesis and perception": {"synthesis": False, "perception": False},
    "deep, one head": {"restoration": {"depth": 2, "width": 8}, "perception": {"heads": 1, "width": 8}},
    "plain weights": {"perception": {"bayesian": False, "width": 8}},
}


def build(train, seed=0, **model):
    detector = build_detector(URANetSettings.model_validate(SMALL | model), train.channels, train.map_size)
    detector.prepare(train, torch.Generator().manual_seed(seed))
    return detector


def descend(detector, train, steps, lr=3e-3, seed=1):
    """Train on one batch and return the totals."""
    optimiser, draws = torch.optim.Adam(detector.parameters(), lr), torch.Generator().manual_seed(seed)
    batch, totals = train.batch(slice(None)), []
    detector.train()
    for step in range(steps):
        total = detector.losses(batch, step / steps, draws)["total"]
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        totals.append(total.item())
    return totals


def scores(detector, train, seed=2):
    detector.calibrate(train, torch.Generator().manual_seed(seed))
    return detector.score(train.batch([0, 1, 2]))


@pytest.mark.parametrize("model", ABLATIONS.values(), ids=ABLATIONS)
def test_every_ablation_runs_end_to_end(train, model):
    detector = build(train, **model)
    descend(detector, train, 2)
    found, settings = scores(detector, train), detector.settings
    assert found.maps.shape == (3, 8, 8)
    assert found.maps.isfinite().all()
    for uncertainty in (found.probability, found.epistemic, found.aleatoric):
        assert (uncertainty is not None) == bool(settings.perception)
    assert (detector.restoration is not None) == bool(settings.restoration)


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("model", ABLATIONS.values(), ids=ABLATIONS)
def test_gradients_reach_every_parameter(train, model, precision):
    detector = build(train, **model)
    if not detector.trains_by_gradient:
        return
    with torch.autocast("cpu", precision, enabled=precision is not torch.float32):
        total = detector.losses(train.batch(slice(None)), 0.5, torch.Generator().manual_seed(0))["total"]
    total.backward()
    learned = [(name, p.grad) for name, p in detector.named_parameters() if p.requires_grad]
    missed = [name for name, gradient in learned if gradient is None or gradient.abs().max() == 0]
    assert missed == []


def test_the_total_is_the_sum_of_the_terms(train, generator):
    losses = build(train).losses(train.batch([0, 1]), 0.0, generator)
    assert set(losses) == {"total", "perception", "divergence", "restoration"}
    torch.testing.assert_close(losses["total"], sum(v for k, v in losses.items() if k != "total"))


def test_training_on_one_batch_drives_the_loss_down(train):
    """From a start that is a nearest-neighbour memory and a Mahalanobis distance, so not from far above."""
    totals = descend(build(train, synthesis={"share": 1.0, "min_area": 0.1}), train, 80, lr=0.01)
    assert sum(totals[-10:]) < 0.75 * sum(totals[:10])


def test_normal_images_are_restored_to_about_themselves(train):
    detector = build(train, restoration={"width": 12, "prototypes": 32, "exclusion": 1})
    descend(detector, train, 60)
    tokens = detector._standardise(train.batch(slice(None)).features)
    with torch.no_grad():
        restored = detector.restoration(tokens, torch.zeros(tokens.shape[:2]))
    assert (restored - tokens).square().mean() < 0.3  # of a variance of 1


def test_a_strange_region_scores_higher_than_the_rest(train):
    detector = build(train)
    descend(detector, train, 80, lr=0.01)
    detector.calibrate(train, torch.Generator().manual_seed(0))
    images = train.batch([0, 1])
    images.features[:, ::2, 2:4, 5:7] += 3 * images.features.std()
    found, inside = detector.score(images), torch.zeros(2, 8, 8, dtype=torch.bool)
    inside[:, 2:4, 5:7] = True
    for maps in (found.maps, found.probability):
        assert maps[inside].min() > maps[~inside].max()


def test_one_training_image_is_enough():
    """All its tokens are in memory, so that nothing is left of them that could vary."""
    train, test = make_maps(1), make_maps(2, seed=1)
    detector = build(train, restoration={"prototypes": 4096, "width": 8})
    assert np.isfinite(descend(detector, train, 20)).all()
    detector.calibrate(train, torch.Generator().manual_seed(0))
    images = test.batch([0, 1])
    images.features[:, ::2, 2:4, 5:7] += 3 * images.features.std()
    maps = detector.score(images).maps
    assert maps.isfinite().all()
    assert maps[:, 2:4, 5:7].min() > maps.median()


def test_same_seed_same_weights_and_scores_and_other_seed_others(train):
    def run(seed):
        torch.manual_seed(torch.seed())  # the global generator must not matter
        detector = build(train, seed)
        descend(detector, train, 3, seed=seed)
        return detector.state_dict(), scores(detector, train).maps

    (weights, maps), (same_weights, same_maps), (_, other_maps) = run(0), run(0), run(1)
    assert all(torch.equal(weights[name], same_weights[name]) for name in weights)
    assert torch.equal(maps, same_maps)
    assert not torch.equal(maps, other_maps)


@pytest.mark.parametrize("model", ABLATIONS.values(), ids=ABLATIONS)
def test_the_state_of_a_calibrated_detector_is_all_that_scoring_needs(train, model):
    detector = build(train, **model)
    descend(detector, train, 2)
    expected = scores(detector, train)
    restored = build_detector(detector.settings, train.channels, train.map_size)
    restored.load_state_dict(detector.state_dict())
    found = restored.score(train.batch([0, 1, 2]))
    for name in ("maps", "probability", "epistemic", "residual"):
        one, other = getattr(found, name), getattr(expected, name)
        assert (one is None and other is None) or torch.equal(one, other)


def test_the_state_of_one_that_is_not_calibrated_can_be_calibrated_elsewhere(train):
    detector = build(train)
    restored = build_detector(detector.settings, train.channels, train.map_size)
    restored.load_state_dict(detector.state_dict())
    assert torch.equal(scores(restored, train).maps, scores(detector, train).maps)


@pytest.mark.parametrize("model", [{}, {"perception": False}])
def test_a_detector_that_is_not_calibrated_refuses_to_score(train, model):
    with pytest.raises(RuntimeError, match="must be calibrated before it scores"):
        build(train, **model).score(train.batch([0]))


def test_the_batch_an_image_is_in_does_not_matter(train):
    detector = build(train)
    together = scores(detector, train).maps
    alone = torch.cat([detector.score(train.batch([i])).maps for i in range(3)])
    torch.testing.assert_close(alone, together, atol=1e-4, rtol=1e-4)


def test_settings_of_scoring_change_no_weight(train):
    few, many = (build(train, perception={"width": 8, "mc_samples": n}) for n in (1, 9))
    for detector in (few, many):
        descend(detector, train, 2)
    assert all(torch.equal(a, b) for a, b in zip(few.parameters(), many.parameters(), strict=True))
    assert not torch.equal(scores(few, train).probability, scores(many, train).probability)


def test_one_sample_knows_no_epistemic_uncertainty(train):
    assert scores(build(train, perception={"width": 8, "mc_samples": 1}), train).epistemic.max() == 0


def test_without_perception_nothing_is_known_of_what_is_suspect(train):
    detector = build(train, perception=False)
    tokens = detector._standardise(train.batch([0]).features)
    error, perceived = detector._evidence(tokens)
    assert perceived is None
    torch.testing.assert_close(error, tokens - detector.restoration(tokens))


def test_without_any_part_the_score_is_the_distance_to_the_mean(train):
    """Reference by hand: Mahalanobis with a diagonal covariance; each layer divided by its usual energy."""
    detector = build(train, synthesis=False, perception=False, restoration=False)
    found = scores(detector, train)
    assert not detector.trains_by_gradient
    assert found.probability is None
    tokens = np.concatenate([m.flatten(2).numpy() for m in [train.batch(slice(None)).features]])  # (B, C, N)
    away = (tokens - tokens.mean((0, 2), keepdims=True)) / tokens.std((0, 2), keepdims=True)
    energies = np.split(away**2, np.cumsum(train.layer_channels)[:-1], axis=1)
    usual = [np.sort(energy.mean(axis=1), axis=None)[int(0.99 * (away[:, 0].size - 1))] for energy in energies]
    distance = np.sqrt(sum(energy.mean(axis=1) / least for energy, least in zip(energies, usual, strict=True)))
    expected = (distance - distance.mean()) / distance.std(ddof=1)
    np.testing.assert_allclose(found.maps.flatten(1), expected[:3], rtol=1e-3, atol=1e-4)


def test_a_wider_posterior_is_less_sure_of_its_weights(train):
    one = {"width": 8, "heads": 1}
    narrow, wide = (build(train, perception=one | {"posterior_std": std}) for std in (0.05, 0.5))
    assert scores(wide, train).epistemic.mean() > 10 * scores(narrow, train).epistemic.mean()


def test_calibration_sees_training_images_as_new_ones(train):
    """What is usual is taken on images restored without their own prototypes: with all tokens in memory, too."""
    detector = build(train, perception=False, restoration={"width": 12, "prototypes": 640, "exclusion": 8})
    scores(detector, train)
    new = make_maps(10, seed=1)
    tokens = detector._standardise(new.batch(slice(None)).features)
    error, _ = detector._evidence(tokens)
    evidence = detector.usual_residual(residual(error, detector.channel_weights))
    assert evidence.mean().abs() < 0.2
    assert 0.8 < evidence.std() < 1.2


@pytest.mark.parametrize(("gate", "blocked"), [("open", False), ("oracle", True)])
def test_what_restoration_is_told_by_the_gate(train, gate, blocked):
    """Only an oracle heeds what is true, and then nothing true is a source, nor what borders on it."""
    detector = build(train, perception={"width": 16, "gate": gate})
    scores(detector, train)
    known = torch.zeros(1, 8, 8, dtype=torch.bool)
    known[:, 2:4, 5:7] = True
    perceived = detector.perception.perceive(
        detector._seen(detector._standardise(train.batch([0]).features)), detector.networks
    )
    told = _suspected(detector.perception.settings, perceived, known).view(8, 8)
    expected = torch.zeros(8, 8)
    expected[1:5, 4:8] = float(blocked)
    assert torch.equal(told, expected)


def test_plain_weights_know_no_epistemic_uncertainty_and_draw_no_samples(train):
    plain = {"width": 8, "bayesian": False}
    few, many = (build(train, perception=plain | {"mc_samples": n}) for n in (1, 9))
    said, again = scores(few, train), scores(many, train)
    assert said.epistemic.max() == 0
    assert said.aleatoric.max() > 0
    torch.testing.assert_close(said.maps, again.maps)
    assert sum(p.numel() for p in few.parameters()) < sum(p.numel() for p in build(train).parameters())
    assert few.losses(train.batch([0, 1]), 0.5, torch.Generator().manual_seed(0))["divergence"] == 0


def test_perception_judges_what_a_trusting_restoration_leaves(train):
    detector = build(train)
    tokens = detector._standardise(train.batch([0]).features)
    expected = tokens - detector.restoration(tokens)
    torch.testing.assert_close(detector._unexplained(tokens, None), expected)
    assert not detector._seen(tokens).requires_grad


def test_without_restoration_perception_judges_the_tokens(train):
    detector = build(train, restoration=False)
    tokens = detector._standardise(train.batch([0]).features)
    assert torch.equal(detector._unexplained(tokens, None), tokens)


def test_what_perception_sees_of_normal_images_is_centred_and_white(train):
    detector = build(train)
    seen = detector._seen(detector._standardise(train.batch(slice(None)).features))
    tokens = seen.flatten(0, 1)
    assert tokens.mean(dim=0).abs().max() < 0.01
    assert 0.5 < tokens.square().mean() < 1


def test_what_is_suspected_is_no_source_of_the_second_restoration(train, monkeypatch):
    detector = build(train)
    scores(detector, train)
    passes, restore = [], detector.restoration.forward

    def watched(tokens, suspicion=None, *arguments, **options):
        passes.append(suspicion)
        return restore(tokens, suspicion, *arguments, **options)

    monkeypatch.setattr(detector.restoration, "forward", watched)
    strange = train.batch([0])
    strange.features[:, ::2, 2:5, 4:7] += 10 * strange.features.std()
    detector.score(strange)
    first, second = passes
    assert first is None
    assert second.view(8, 8)[3, 5] > 0.5
