from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from datasets import Pixels, make_maps
from test_uniad import SMALL, initialised, seeded
from torch.nn import functional

from ura_study.detectors.build import build_detector
from ura_study.detectors.onenip.anomalies import with_defects
from ura_study.detectors.onenip.config import OneNIPSettings
from ura_study.detectors.onenip.network import OneNIP
from ura_study.detectors.onenip.refiner import Refiner, dice_loss
from ura_study.detectors.onenip.transformer import PromptedLayer, PromptedTransformer
from ura_study.detectors.uniad.network import jittered, pooled
from ura_study.detectors.uniad.transformer import allowed_keys, draw_weights
from ura_study.features.maps import FeatureMaps
from ura_study.randomness import generator, parted
from ura_study.training.config import TrainingSettings
from ura_study.training.loop import fit

PLAIN = {"restoration": False, "refiner": False}
CPU = torch.device("cpu")


def fitted(train, steps=1, lr=1e-3, batch_size=4, **settings):
    detector = build_detector(OneNIPSettings(**SMALL | settings), train.channels, train.map_size)
    list(fit(detector, train, TrainingSettings(steps=steps, lr=lr, batch_size=batch_size), 0, CPU))
    detector.calibrate(train, generator(0, "calibrate"))
    return detector


@pytest.fixture
def photographs():
    """Feature maps that come with their images and a backbone."""
    return make_maps(12)


def fields(side):
    """Feature maps of four images that are smooth, each another one, so that an image must be looked at."""
    corners = torch.randn(4, 12, 2, 2, generator=seeded(3))
    values = 4 * functional.interpolate(corners, size=side, mode="bilinear", align_corners=True)
    return FeatureMaps((values.numpy(),), side, source=Pixels(values.numpy()))


def two_categories(count, seed):
    """Maps of images of two categories, in turn: each shows a scene of its own, with a little noise."""
    random, fixed = np.random.default_rng(seed), np.random.default_rng(9)
    scenes = fixed.normal(size=(2, 4, 6, 6)) + 2 * fixed.normal(size=(2, 4, 1, 1))
    labels = np.arange(count) % 2
    values = scenes[labels] + 0.1 * random.normal(size=(count, 4, 6, 6))
    return FeatureMaps((values.astype(np.float32),), 6, labels=labels)


def test_the_constants_are_the_papers():
    settings = OneNIPSettings()
    assert (settings.width, settings.depth, settings.heads) == (256, 4, 8)
    assert (settings.neighbourhood, settings.jitter) == (7, 20)
    assert settings.restoration
    assert settings.refiner


# The transformer


def test_a_layer_looks_from_the_prompt_at_the_image_and_back():
    layer, mask = initialised(PromptedLayer(16, 4)), allowed_keys(6, 3)
    prompt, image = torch.randn(2, 2, 36, 16, generator=seeded())
    position = torch.randn(36, 16, generator=seeded(1))

    def normalised(tokens, index):
        return functional.layer_norm(tokens, (16,), layer.norms[index].weight, layer.norms[index].bias)

    asked = normalised(prompt + layer.to_image(prompt + position, image + position, image, mask), 0)
    asked = normalised(asked + layer.feed_forward(asked), 1)
    seen = normalised(image + layer.to_prompt(image + position, asked + position, asked, mask), 2)
    torch.testing.assert_close(layer(prompt, image, position, mask), (asked, seen))


def test_the_output_is_what_became_of_the_prompt_after_a_last_look_without_a_mask():
    transformer = initialised(PromptedTransformer(OneNIPSettings(**SMALL | PLAIN), 12, 6))
    tokens, prompts = torch.randn(3, 36, 12, generator=seeded()), torch.randn(2, 36, 12, generator=seeded(1))
    position = transformer.position()
    image, prompt = transformer.encoded(tokens, position), transformer.encoded(prompts, position)[[1, 0, 1]]
    for layer in transformer.decoder:
        prompt, image = layer(prompt, image, position, transformer.allowed)
    prompt = prompt + transformer.last(prompt + position, image + position, image, None)
    expected = transformer.outward(transformer.norm(prompt))
    torch.testing.assert_close(transformer(tokens, prompts, torch.tensor([1, 0, 1])), expected)


def test_it_begins_with_the_mean_token():
    transformer = PromptedTransformer(OneNIPSettings(**SMALL | PLAIN), 12, 6)
    transformer.initialise(seeded())
    tokens = torch.randn(2, 36, 12, generator=seeded(1))
    assert not transformer(tokens, tokens, torch.arange(2)).any()


# The prompt


def test_what_is_reconstructed_follows_the_prompt():
    """With the other category's prompt, what is made of a normal image is far from it, and nearer to the prompt."""
    detector = fitted(two_categories(40, 0), steps=60, lr=1e-2, batch_size=8, depth=1, jitter=0.5, **PLAIN)
    test = two_categories(20, 1)
    tokens, labels = detector.tokens(test.batch(slice(None)).features), torch.from_numpy(test.labels)
    with torch.no_grad():
        own, other = (detector.transformer(tokens, detector.prompts, which) for which in (labels, 1 - labels))
    right, wrong = (functional.mse_loss(found, tokens).item() for found in (own, other))
    assert wrong > 5 * right
    asked = detector.prompts[1 - labels]
    assert functional.mse_loss(other, asked).item() < 0.7 * functional.mse_loss(own, asked).item()


def test_in_scoring_the_prompt_is_that_of_the_most_similar_category():
    detector = fitted(two_categories(40, 0), steps=20, **PLAIN)
    test = two_categories(20, 1)
    seen = []
    detector.transformer.register_forward_pre_hook(lambda _, given: seen.append(given))
    detector.score(dataclasses.replace(test, labels=None).batch(slice(None)))  # no category is told
    (tokens, prompts, own), *_ = seen
    assert prompts is detector.prompts
    assert own.tolist() == test.labels.tolist()
    means, theirs = (x.mean(dim=1).numpy() for x in (tokens, prompts))
    cosines = [[a @ b / np.linalg.norm(b) for b in theirs] for a in means]
    assert own.tolist() == np.argmax(cosines, axis=1).tolist()


def test_each_category_has_a_training_image_of_its_own_as_prompt():
    train = two_categories(9, 0)
    detector = fitted(train, **PLAIN)
    tokens = detector.tokens(train.batch(slice(None)).features)
    which = [(tokens == prompt).flatten(1).all(dim=1).nonzero().item() for prompt in detector.prompts]
    assert [train.labels[index] for index in which] == [0, 1]
    detector.calibrate(train, seeded(1))
    others = [(tokens == prompt).flatten(1).all(dim=1).nonzero().item() for prompt in detector.prompts]
    assert [train.labels[index] for index in others] == [0, 1]
    assert others != which


def test_in_training_the_prompt_is_drawn_anew_from_the_category_of_each_image():
    train = two_categories(40, 0)
    detector, seen = fitted(train, jitter=0.0, **PLAIN), []
    tokens = detector.tokens(train.batch(slice(None)).features)
    detector.transformer.register_forward_pre_hook(lambda _, given: seen.append(given))
    for seed in range(5):
        detector.losses(train.batch([0, 1, 3]), 0.0, seeded(seed))
    drawn = np.array(
        [[(tokens - prompt).abs().sum(dim=(1, 2)).argmin().item() for prompt in given[1]] for given in seen]
    )
    assert (drawn % 2 == [0, 1, 1]).all()
    assert len(set(drawn.flatten().tolist())) > 10
    assert all(given[2].tolist() == [0, 1, 2] for given in seen)


# Training


@pytest.mark.parametrize("restoration", [True, False])
@pytest.mark.parametrize("refiner", [True, False])
def test_the_terms_of_the_loss(photographs, restoration, refiner):
    detector = fitted(photographs, restoration=restoration, refiner=refiner)
    detector.train()
    seen = []
    detector.transformer.register_forward_pre_hook(lambda _, given: seen.extend(given))
    detector.transformer.register_forward_hook(lambda *given: seen.append(given[-1]))
    batch = photographs.batch([2, 5])
    terms = detector.losses(batch, 0.0, seeded(5))
    noisy, noisy_prompts, own, found = seen
    prompting, drawing, first, second = parted(seeded(5), 4)
    prompts = detector.tokens(batch.companions(prompting).features)
    normal = tokens = detector.tokens(batch.features)
    if restoration or refiner:
        images, masks = with_defects(batch.images, drawing)
        tokens = torch.cat([normal, detector.tokens(batch.features_of(images))])
    torch.testing.assert_close(noisy, jittered(tokens, 20, first))
    torch.testing.assert_close(noisy_prompts, jittered(prompts, 20, second))
    assert own.tolist() == [0, 1] * (len(tokens) // 2)
    streams = 1 + restoration
    expected = {"reconstruction": (found[:2] - normal).square().mean() / streams}
    if restoration:
        expected["restoration"] = (found[2:] - normal).square().mean() / streams
    if refiner:
        covered = masks.float().repeat_interleave(2, dim=1).repeat_interleave(2, dim=2)  # of 16 pixels to a grid of 32
        wanted = torch.cat([torch.zeros(2, 32, 32), covered])
        errors = (found - tokens).abs().mT.unflatten(2, (8, 8))
        expected["refinement"] = 0.5 * dice_loss(detector.refiner(errors).sigmoid(), wanted)
    assert terms.keys() == expected.keys() | {"total"}
    torch.testing.assert_close({name: terms[name] for name in expected}, expected)
    torch.testing.assert_close(terms["total"], sum(expected.values()))


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_gradients_reach_every_parameter(photographs, precision):
    detector = initialised(fitted(photographs))
    with torch.autocast("cpu", precision, enabled=precision is not torch.float32):
        total = detector.losses(photographs.batch([0, 1]), 0.5, seeded())["total"]
    total.backward()
    without = {name for name, p in detector.named_parameters() if p.grad is None or not p.grad.abs().max() > 0}
    assert {name for name in without if not name.endswith("key.bias")} == set()  # a softmax ignores what all keys share


def test_the_refiner_has_a_learning_rate_of_its_own(photographs):
    detector = fitted(photographs)
    transformer, refiner = detector.parameter_groups()
    assert "lr_factor" not in transformer
    assert refiner["lr_factor"] == 0.1
    assert {id(p) for p in refiner["params"]} == {id(p) for p in detector.refiner.parameters()}
    assert len(transformer["params"]) + len(refiner["params"]) == len(list(detector.parameters()))
    (only,) = fitted(photographs, refiner=False).parameter_groups()
    assert len(only["params"]) == len(transformer["params"])


def test_dice_by_hand():
    said = torch.tensor([[[0.5, 0.0], [1.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]])
    wanted = torch.tensor([[[1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]])
    first = 1 - (0.5 + 1) / (0.25 + 1 + 1 + 1)
    assert dice_loss(said, wanted).item() == pytest.approx((first + 0) / 2)


def test_the_refiner_makes_a_map_four_times_as_fine():
    refiner = Refiner(6)
    draw_weights(refiner, seeded())
    assert refiner(torch.rand(2, 6, 5, 5, generator=seeded(1))).shape == (2, 20, 20)


def test_weights_are_xaviers_and_biases_0():
    refiner = Refiner(6)
    draw_weights(refiner, seeded())
    layers = [layer for layer in refiner if hasattr(layer, "kernel_size")]
    assert len(layers) == 5
    for layer in layers:
        outputs, inputs, *side = layer.weight.shape
        limit = (6 / ((outputs + inputs) * np.prod(side))) ** 0.5
        assert 0.9 * limit < layer.weight.abs().max().item() <= limit
        assert layer.bias is None or not layer.bias.any()


def test_defects_are_restored():
    """A defect changes what is given back less than without the restoration stream, though images differ."""
    train = fields(8)
    batch = train.batch(range(4))
    images, _ = with_defects(batch.images.repeat(8, 1, 1, 1), seeded(5))

    def change(restoration):
        small = {"width": 32, "depth": 1, "neighbourhood": 0, "jitter": 0.0, "refiner": False}
        detector = fitted(train, steps=100, lr=5e-3, restoration=restoration, **small)
        defective, normal = (detector.tokens(features) for features in (batch.features_of(images), batch.features))
        with torch.no_grad():
            errors = detector._errors(normal)
            assert errors.square().mean() < 0.3  # of 1
            return functional.mse_loss(detector._errors(defective) + defective, (errors + normal).repeat(8, 1, 1))

    assert change(True) < 0.5 * change(False)


def test_the_refiner_is_raised_where_there_are_defects():
    train = fields(4)
    batch = train.batch(range(4))
    images, masks = with_defects(batch.images.repeat(8, 1, 1, 1), seeded(5))
    settings = {"depth": 1, "neighbourhood": 1, "jitter": 0.0, "restoration": False}
    detector = fitted(train, steps=100, lr=1e-2, **settings).eval()
    with torch.no_grad():
        said = detector._refined(detector._errors(detector.tokens(batch.features_of(images))))
    covered = functional.interpolate(masks[:, None].float(), size=said.shape[1])[:, 0] > 0
    assert said[covered].mean() > 2 * said[~covered].mean()


# Scoring


def test_the_map_is_one_half_of_the_error_and_one_of_what_the_refiner_says(photographs):
    detector = fitted(photographs, steps=2)
    assert isinstance(detector, OneNIP)
    scores = detector.score(photographs.batch([0, 1]))
    with torch.no_grad():
        errors = detector._errors(detector.tokens(photographs.batch([0, 1]).features)).mT.unflatten(2, (8, 8))
        said = detector.refiner(errors.abs()).sigmoid()
    lengths = errors.square().sum(dim=1).sqrt()
    large = functional.interpolate(lengths[:, None], size=32, mode="bilinear", align_corners=True)[:, 0]
    torch.testing.assert_close(scores.maps, 0.5 * large + 0.5 * detector.middle * said)
    torch.testing.assert_close(scores.images, pooled(scores.maps, 8))


def test_without_a_refiner_it_is_the_length_of_the_error_on_the_grid(train):
    detector = fitted(train, **PLAIN)
    errors = detector._errors(detector.tokens(train.batch([0, 1]).features))
    scores = detector.score(train.batch([0, 1]))
    torch.testing.assert_close(scores.maps, errors.norm(dim=2).view(2, 8, 8))
    torch.testing.assert_close(scores.images, pooled(scores.maps, 8))


def test_both_halves_have_one_range(photographs):
    detector = fitted(photographs, steps=2)
    detector.calibrate(photographs, seeded(3))
    choosing, drawing = parted(seeded(3), 2)
    order = torch.randperm(12, generator=choosing).tolist()
    lengths = []
    for index in (order[:8], order[8:]):
        batch = photographs.batch(index)
        images, _ = with_defects(batch.images, drawing)
        for features in (batch.features, batch.features_of(images)):
            with torch.no_grad():
                lengths.append(detector._errors(detector.tokens(features)).norm(dim=2))
    lengths = torch.cat(lengths)
    torch.testing.assert_close(detector.middle, (lengths.min() + lengths.max()) / 2)


def test_its_image_score_may_be_left_to_the_map(train):
    assert fitted(train, image_score="map", **PLAIN).score(train.batch([0])).images is None


def test_it_must_be_calibrated(train):
    detector = build_detector(OneNIPSettings(**SMALL | PLAIN), train.channels, train.map_size)
    detector.prepare(train, seeded())
    with pytest.raises(RuntimeError, match=r"^the detector must be calibrated before it scores$"):
        detector.score(train.batch([0]))


@pytest.mark.parametrize("settings", [{}, {"restoration": False}, {"refiner": False}])
def test_defects_need_images(settings):
    with pytest.raises(RuntimeError, match=r"^these feature maps came without images and backbone$"):
        fitted(dataclasses.replace(make_maps(3), source=None), **settings)
