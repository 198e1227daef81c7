from __future__ import annotations

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from ura_study.detectors.build import build_detector
from ura_study.detectors.simplenet.config import SimpleNetSettings
from ura_study.detectors.simplenet.network import truncated, with_noise
from ura_study.detectors.token_discriminator import drawn
from ura_study.features.maps import FeatureMaps
from ura_study.training.config import TrainingSettings
from ura_study.training.loop import fit


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def feature_maps(images, seed=0, channels=6):
    """Return tokens on a plane of two dimensions, so that there is something to be learnt."""
    plane = np.random.default_rng(9).normal(size=(2, channels))
    values = np.random.default_rng(seed).normal(size=(images, 4, 4, 2)) @ plane
    return FeatureMaps((values.transpose(0, 3, 1, 2).astype(np.float32),), 4)


def fitted(train, seed=0, steps=1, lr=0.02, **settings):
    detector = build_detector(SimpleNetSettings(hidden=32, **settings), train.channels, train.map_size)
    for _ in fit(detector, train, TrainingSettings(steps=steps, lr=lr), seed, torch.device("cpu")):
        pass
    return detector


def noisy_and_normal(detector, train, seed=0):
    """Return the outputs of all tokens with noise and without."""
    normal = detector.adaptor(train.batch(slice(None)).features.permute(0, 2, 3, 1).flatten(0, 2) / detector.std)
    noisy = with_noise(normal, detector.settings.noise_std, seeded(seed))
    detector.eval()
    return detector.discriminator(noisy)[:, 0].detach(), detector.discriminator(normal)[:, 0].detach()


def test_the_constants_are_the_papers():
    settings = SimpleNetSettings()
    assert (settings.hidden, settings.margin, settings.image_score) == (1024, 0.5, "max")
    assert SimpleNetSettings(standardise=False).noise_std == 0.015
    groups = build_detector(settings, 4, 4).parameter_groups()
    assert [TrainingSettings().lr * group["lr_factor"] for group in groups] == pytest.approx([1e-4, 2e-4])


def test_the_noise_that_is_given_counts_whatever_the_channels_are():
    assert SimpleNetSettings().noise_std == 0.5
    assert [SimpleNetSettings(noise=0.2, standardise=given).noise_std for given in (True, False)] == [0.2, 0.2]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ({"noise": 0.0}, "greater than 0"),
        ({"tokens": 1}, "greater than or equal to 2"),
        ({"hidden": 0}, "greater than or equal to 1"),
        ({"margin": 0.0}, "greater than 0"),
        ({"standardise": 1}, "valid boolean"),
        ({"image_score": "top"}, "'max' or 'map'"),
    ],
)
def test_rejections(key, message):
    with pytest.raises(ValidationError, match=message):
        SimpleNetSettings.model_validate(key)


def test_the_discriminator_by_hand():
    train = feature_maps(2)
    detector = fitted(train)
    batch = train.batch([0, 1])
    maps = detector.score(batch).maps
    state = {name: value.double().numpy() for name, value in detector.state_dict().items()}
    tokens = batch.features.double().numpy().transpose(0, 2, 3, 1) / state["std"]
    adapted = tokens @ state["adaptor.weight"].T + state["adaptor.bias"]
    hidden = adapted @ state["discriminator.0.weight"].T + state["discriminator.0.bias"]
    centred = hidden - state["discriminator.1.running_mean"]
    normalised = centred / np.sqrt(state["discriminator.1.running_var"] + 1e-5)
    normalised = normalised * state["discriminator.1.weight"] + state["discriminator.1.bias"]
    active = np.where(normalised > 0, normalised, 0.2 * normalised)
    np.testing.assert_allclose(maps, -(active @ state["discriminator.3.weight"][0]), rtol=1e-4, atol=1e-5)


def test_noise_has_the_stated_deviation_in_every_channel_and_no_mean():
    tokens = torch.full((20_000, 3), 7.0)
    noise = with_noise(tokens, 0.015, seeded()) - tokens
    np.testing.assert_allclose(noise.std(dim=0), 0.015, rtol=0.03)
    assert noise.mean(dim=0).abs().max() < 5e-4
    assert abs(torch.corrcoef(noise.T)[0, 1]) < 0.03


def test_channels_are_brought_to_one_deviation():
    train = feature_maps(20)
    assert torch.equal(fitted(train, standardise=False).std, torch.ones(6))
    std = fitted(train).std
    np.testing.assert_allclose(std, train.layers[0].std(axis=(0, 2, 3)), rtol=1e-4)


def test_the_unit_of_a_channel_does_not_matter_where_channels_are_standardised():
    train, test = feature_maps(20), feature_maps(3, seed=1)
    units = np.array([0.01, 0.1, 1, 10, 100, 1000], np.float32)[:, None, None]
    other, scaled = (FeatureMaps((maps.layers[0] * units,), 4) for maps in (train, test))
    maps = fitted(train, steps=5).score(test.batch(slice(None))).maps
    torch.testing.assert_close(
        fitted(other, steps=5).score(scaled.batch(slice(None))).maps, maps, rtol=0.01, atol=0.001
    )


def test_a_step_takes_some_tokens_of_a_batch_each_at_most_once():
    tokens = torch.arange(50.0)[:, None]
    some = drawn(tokens, 20, seeded())[:, 0]
    assert len(set(some.tolist())) == 20
    assert not torch.equal(some, drawn(tokens, 20, seeded(1))[:, 0])
    assert drawn(tokens, 50, seeded()) is drawn(tokens, 1000, seeded()) is drawn(tokens, None, seeded()) is tokens


def test_what_scoring_normalises_by_is_that_of_all_tokens():
    """A running mean over batches: at the end of the training it is that of all training tokens, normal and noisy."""
    train = feature_maps(20)
    detector = fitted(train, steps=200, tokens=32)
    seen = []
    detector.discriminator[0].register_forward_hook(lambda layer, given, found: seen.append(found.detach()))
    noisy_and_normal(detector, train)
    hidden = torch.cat(seen)
    running = detector.discriminator[1]
    assert ((running.running_mean - hidden.mean(dim=0)).abs() / hidden.std(dim=0)).max() < 0.2
    torch.testing.assert_close(running.running_var, hidden.var(dim=0), rtol=0.3, atol=0)


def test_the_loss_by_hand():
    normal, noisy = truncated(torch.tensor([2.0, 0.5, 0.0, -1.0]), torch.tensor([-2.0, -0.5, 0.0, 1.0]), 0.5)
    assert normal == pytest.approx((0 + 0 + 0.5 + 1.5) / 4)
    assert noisy == pytest.approx((0 + 0 + 0.5 + 1.5) / 4)
    assert [float(x) for x in truncated(torch.ones(2), torch.ones(2), 0.2)] == pytest.approx([0, 1.2])


def test_a_step_by_hand():
    """Normal and noisy tokens are normalised together, by mean and variance of the batch."""
    train = feature_maps(2)
    detector = fitted(train, noise=0.3)
    detector.train()
    terms = {name: term.item() for name, term in detector.losses(train.batch([0, 1]), 0.0, seeded()).items()}
    state = {name: value.double().numpy() for name, value in detector.state_dict().items()}
    tokens = train.layers[0].astype(float).transpose(0, 2, 3, 1).reshape(32, 6) / state["std"]
    normal = tokens @ state["adaptor.weight"].T + state["adaptor.bias"]
    noisy = normal + 0.3 * torch.randn(32, 6, generator=seeded()).numpy()
    hidden = np.concatenate([normal, noisy]) @ state["discriminator.0.weight"].T + state["discriminator.0.bias"]
    normalised = (hidden - hidden.mean(axis=0)) / np.sqrt(hidden.var(axis=0) + 1e-5)
    normalised = normalised * state["discriminator.1.weight"] + state["discriminator.1.bias"]
    found = np.where(normalised > 0, normalised, 0.2 * normalised) @ state["discriminator.3.weight"][0]
    expected = np.maximum(0, 0.5 - found[:32]).mean(), np.maximum(0, 0.5 + found[32:]).mean()
    assert set(terms) == {"total", "normal", "noisy"}
    assert (terms["normal"], terms["noisy"]) == pytest.approx(expected, rel=1e-4)
    assert terms["total"] == pytest.approx(sum(expected), rel=1e-4)


def test_trained_it_tells_noisy_tokens_from_normal_ones_that_it_has_not_seen():
    train, test = feature_maps(20), feature_maps(5, seed=1)
    noisy, normal = noisy_and_normal(fitted(train, steps=1), test)
    untrained = (noisy[:, None] < normal).float().mean()
    noisy, normal = noisy_and_normal(fitted(train, steps=200, lr=0.2), test)
    assert (noisy[:, None] < normal).float().mean() > max(0.9, untrained + 0.2)


def test_trained_it_separates_shifted_tokens():
    train, test = feature_maps(20), feature_maps(5, seed=1)
    away = np.linalg.svd(train.layers[0].transpose(0, 2, 3, 1).reshape(-1, 6))[2][-1]  # normal to the plane
    shifted = test.layers[0].copy()
    shifted[:, :, 1, 2] += away
    detector = fitted(train, steps=200, lr=0.2)
    maps = detector.score(FeatureMaps((shifted,), 4).batch(slice(None))).maps
    before = detector.score(test.batch(slice(None))).maps
    assert (maps.flatten(1).argmax(dim=1) == 1 * 4 + 2).all()
    assert maps[:, 1, 2].min() > before.max()


def test_image_scores():
    train = feature_maps(3)
    scores = fitted(train).score(train.batch(slice(None)))
    assert torch.equal(scores.images, scores.maps.flatten(1).max(dim=1).values)
    assert fitted(train, image_score="map").score(train.batch([0])).images is None
