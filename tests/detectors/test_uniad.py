from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from ura_study.detectors.build import build_detector
from ura_study.detectors.uniad.config import UniADSettings
from ura_study.detectors.uniad.network import jittered, pooled
from ura_study.detectors.uniad.transformer import Attention, DecoderLayer, EncoderLayer, Transformer, allowed_keys
from ura_study.features.maps import FeatureMaps
from ura_study.training.config import TrainingSettings
from ura_study.training.loop import fit

SMALL = {"width": 16, "depth": 2, "heads": 4, "neighbourhood": 3}
CPU = torch.device("cpu")


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def unfitted(train, **settings):
    return build_detector(UniADSettings(**SMALL | settings), train.channels, train.map_size)


def fitted(train, seed=0, steps=3, lr=1e-3, batch_size=4, **settings):
    detector = unfitted(train, **settings)
    list(fit(detector, train, TrainingSettings(steps=steps, lr=lr, batch_size=batch_size), seed, CPU))
    return detector


def initialised(module, seed=0):
    """Give every parameter a value of its own, also those that begin at 0 or 1."""
    draws = seeded(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=draws) / 4)
    return module


def test_the_constants_are_the_papers():
    settings = UniADSettings()
    assert (settings.width, settings.depth, settings.heads) == (256, 4, 8)
    assert (settings.neighbourhood, settings.jitter) == (7, 20)


# Attention


@pytest.mark.parametrize("side", [6, 7])
@pytest.mark.parametrize("neighbourhood", [1, 3, 5])
def test_hidden_keys_are_those_of_brute_force(side, neighbourhood):
    found = allowed_keys(side, neighbourhood).view(side, side, side, side)
    for row, column, other_row, other_column in itertools.product(range(side), repeat=4):
        reach = (neighbourhood - 1) / 2
        hidden = abs(row - other_row) <= reach and abs(column - other_column) <= reach
        assert found[row, column, other_row, other_column] == (not hidden)


def test_a_neighbourhood_of_0_hides_nothing():
    assert allowed_keys(6, 0) is None


@pytest.mark.parametrize("neighbourhood", [1, 3, 5, 7])
def test_the_smallest_grid_that_passes_leaves_every_token_a_key(neighbourhood):
    settings = UniADSettings(neighbourhood=neighbourhood)
    side = next(side for side in range(1, 20) if passes(settings, side))
    assert allowed_keys(side, neighbourhood).any(dim=1).all()
    assert not allowed_keys(side - 1, neighbourhood).any(dim=1).all()


def passes(settings, side):
    try:
        settings.check_grid(side)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("neighbourhood", [0, 3])
def test_attention_is_that_of_torch(neighbourhood):
    attention, reference = initialised(Attention(16, 4)), nn.MultiheadAttention(16, 4, batch_first=True)
    with torch.no_grad():
        parts = (attention.query, attention.key, attention.value)
        reference.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
        reference.in_proj_bias.copy_(torch.cat([part.bias for part in parts]))
    reference.out_proj.load_state_dict(attention.output.state_dict())
    query, key, value = torch.randn(3, 2, 36, 16, generator=seeded())
    mask = allowed_keys(6, neighbourhood)
    expected = reference(query, key, value, attn_mask=None if mask is None else ~mask)[0]
    torch.testing.assert_close(attention(query, key, value, mask), expected)


def test_queries_of_no_image_are_asked_of_every_image():
    attention = initialised(Attention(16, 4))
    key, value = torch.randn(2, 3, 36, 16, generator=seeded())
    query = torch.randn(1, 36, 16, generator=seeded(1))
    each = [attention(query, key[i : i + 1], value[i : i + 1], None) for i in range(3)]
    torch.testing.assert_close(attention(query, key, value, None), torch.cat(each))


def test_nothing_of_its_neighbourhood_reaches_a_token_through_attention():
    attention, mask = initialised(Attention(16, 4)), allowed_keys(6, 3)
    tokens = torch.randn(1, 36, 16, generator=seeded(), requires_grad=True)
    for token in (0, 14, 35):
        (gradient,) = torch.autograd.grad(attention(tokens.detach(), tokens, tokens, mask)[0, token].sum(), tokens)
        assert torch.equal(gradient[0].abs().sum(dim=1) > 0, mask[token])


# Layers


def test_an_encoder_layer_is_that_of_torch_where_there_are_no_positions():
    layer, mask = initialised(EncoderLayer(16, 4)), allowed_keys(6, 3)
    reference = nn.TransformerEncoderLayer(16, 4, 64, dropout=0, batch_first=True)
    own = layer.state_dict()
    parts = [f"attention.{name}." for name in ("query", "key", "value")]
    renamed = {
        f"self_attn.in_proj_{kind}": torch.cat([own[part + kind] for part in parts]) for kind in ("weight", "bias")
    }
    same = {"attention.output": "self_attn.out_proj", "feed_forward.0": "linear1", "feed_forward.2": "linear2"}
    for ours, theirs in {**same, "norms.0": "norm1", "norms.1": "norm2"}.items():
        renamed |= {f"{theirs}.{kind}": own[f"{ours}.{kind}"] for kind in ("weight", "bias")}
    reference.load_state_dict(renamed)
    tokens = torch.randn(2, 36, 16, generator=seeded())
    torch.testing.assert_close(layer(tokens, torch.zeros(36, 16), mask), reference(tokens, ~mask))


def test_positions_decide_where_to_look_and_are_not_what_is_seen():
    layer, tokens = initialised(EncoderLayer(16, 4)), torch.ones(1, 36, 16)
    first, second = torch.randn(2, 36, 16, generator=seeded())
    torch.testing.assert_close(layer(tokens, first, None), layer(tokens, second, None))  # all look alike
    tokens = torch.randn(1, 36, 16, generator=seeded(1))
    assert not torch.allclose(layer(tokens, first, None), layer(tokens, second, None))


def test_a_decoder_layer_asks_the_encoder_and_then_the_layer_before():
    layer, mask = initialised(DecoderLayer(16, 4, 36)), allowed_keys(6, 3)
    before, memory = torch.randn(2, 2, 36, 16, generator=seeded())
    position = torch.randn(36, 16, generator=seeded(1))
    queries = layer.queries.expand(2, -1, -1)
    state = queries + layer.to_memory(queries + position, memory + position, memory, mask)
    state = functional.layer_norm(state, (16,), layer.norms[0].weight, layer.norms[0].bias)
    state = state + layer.to_before(state + position, before + position, before, mask)
    state = functional.layer_norm(state, (16,), layer.norms[1].weight, layer.norms[1].bias)
    state = state + layer.feed_forward(state)
    state = functional.layer_norm(state, (16,), layer.norms[2].weight, layer.norms[2].bias)
    torch.testing.assert_close(layer(before, memory, position, mask), state)


def test_each_decoder_layer_has_queries_of_its_own():
    transformer = Transformer(UniADSettings(**SMALL), 12, 6)
    transformer.initialise(seeded())
    first, second = (layer.queries for layer in transformer.decoder)
    assert first.shape == second.shape == (36, 16)
    assert not torch.equal(first, second)
    tokens = torch.randn(1, 36, 12, generator=seeded(1))
    gradients = torch.autograd.grad(initialised(transformer)(tokens).square().sum(), (first, second))
    assert all(gradient.abs().sum(dim=1).min() > 0 for gradient in gradients)


def test_it_begins_with_the_mean_token(train):
    transformer = Transformer(UniADSettings(**SMALL), 12, 6)
    transformer.initialise(seeded())
    assert not transformer(torch.randn(2, 36, 12, generator=seeded(1))).any()


def test_a_position_is_its_column_and_its_row():
    transformer = Transformer(UniADSettings(**SMALL), 12, 6)
    transformer.initialise(seeded())
    position = transformer.position().view(6, 6, 16)
    assert position.min() >= 0
    assert position.max() <= 1
    assert torch.equal(position[2, 3], torch.cat([transformer.columns[3], transformer.rows[2]]))


# Training


def test_the_noise_has_the_deviation_that_is_asked_for():
    tokens = torch.zeros(2, 2, 50_000)
    tokens[0, 0, :4] = 3  # length 6
    tokens[1, 0, 7] = 100
    noise = jittered(tokens, 20, seeded()) - tokens
    expected = torch.tensor([[6.0, 0], [100, 0]]) * 20 / 50_000
    torch.testing.assert_close(noise.std(dim=2), expected, rtol=0.02, atol=0)
    assert noise.mean(dim=2).abs().max() < 5 * 100 * 20 / 50_000**1.5


def test_the_loss_is_the_mean_squared_error_of_what_was_without_noise(train):
    detector = fitted(train)
    batch, seen = train.batch([0, 1]), []
    detector.transformer.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    detector.transformer.register_forward_hook(lambda *given: seen.append(given[-1]))
    losses = detector.losses(batch, 0.0, seeded(5))
    tokens = (batch.features.flatten(2).mT - detector.mean) / detector.std
    torch.testing.assert_close(seen[0], jittered(tokens, 20, seeded(5)))
    torch.testing.assert_close(losses["total"], (seen[1] - tokens).square().mean())
    assert losses["reconstruction"] is losses["total"]


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_gradients_reach_every_parameter(train, precision):
    detector = fitted(train)
    with torch.autocast("cpu", precision, enabled=precision is not torch.float32):
        total = detector.losses(train.batch([0, 1]), 0.5, seeded())["total"]
    detector.zero_grad()
    total.backward()
    without = {name for name, p in detector.named_parameters() if p.grad is None or not p.grad.abs().max() > 0}
    assert {name for name in without if not name.endswith("key.bias")} == set()  # a softmax ignores what all keys share


def test_channels_are_standardised_unless_asked_not_to_be(train):
    detector, raw = fitted(train), fitted(train, standardise=False)
    batch = train.batch(slice(None))
    tokens = detector.tokens(batch.features)
    torch.testing.assert_close(tokens.mean(dim=(0, 1)), torch.zeros(12), atol=1e-4, rtol=0)
    torch.testing.assert_close(tokens.std(dim=(0, 1)), torch.ones(12), atol=1e-2, rtol=0)
    torch.testing.assert_close(raw.tokens(batch.features), batch.features.flatten(2).mT)


# Copying


def scenes(count, seed):
    """Return tokens (count, 4, 4, 4) of images that show one thing everywhere."""
    random = np.random.default_rng(seed)
    return (random.normal(size=(count, 1, 1, 4)) + 0.1 * random.normal(size=(count, 4, 4, 4))).astype(np.float32)


def maps_of(tokens):
    return FeatureMaps((tokens.transpose(0, 3, 1, 2),), 4)


def errors(neighbourhood):
    """Return the mean error of tokens that are strange in their image, and of the others, after a short training.

    In every other training image each token is drawn by itself: only what copies it can reconstruct it.
    """
    train, test = scenes(200, 0), scenes(40, 1)
    train[::2] = np.random.default_rng(2).normal(size=train[::2].shape)
    small = {"depth": 1, "heads": 2, "neighbourhood": neighbourhood, "jitter": 0.0}
    detector = fitted(maps_of(train), steps=200, lr=1e-2, batch_size=16, **small)
    test[:, 1, 2] = test[::-1, 1, 2].copy()  # a token of another image
    maps = detector.score(maps_of(test).batch(slice(None))).maps
    strange = torch.zeros(4, 4, dtype=torch.bool)
    strange[1, 2] = True
    return maps[:, strange].mean().item(), maps[:, ~strange].mean().item()


def test_without_a_mask_it_copies_what_is_strange():
    """The identity shortcut of the paper: masked attention cannot take it."""
    (strange, normal), (copied, usual) = errors(neighbourhood=3), errors(neighbourhood=0)
    assert copied < 0.6 * strange
    assert copied / usual < 0.8 * strange / normal


# Scoring


def test_the_map_is_the_length_of_the_error(train):
    detector = fitted(train)
    batch = train.batch([0, 1, 2])
    tokens = detector.tokens(batch.features)
    with torch.no_grad():
        expected = (detector.transformer(tokens) - tokens).square().sum(dim=2).sqrt().view(3, 8, 8)
    scores = detector.score(batch)
    torch.testing.assert_close(scores.maps, expected)
    torch.testing.assert_close(scores.images, pooled(expected, 8))


def test_the_score_of_an_image_is_the_largest_mean_over_a_square_of_one_cell():
    maps = torch.rand(2, 5, 5, generator=seeded()).numpy()
    places = np.linspace(0, 4, 80)
    for found, values in zip(pooled(torch.from_numpy(maps), 5), maps, strict=True):
        rows = np.stack([np.interp(places, range(5), column) for column in values.T], axis=1)
        large = np.stack([np.interp(places, range(5), row) for row in rows])
        squares = np.lib.stride_tricks.sliding_window_view(large, (16, 16))
        np.testing.assert_allclose(found, squares.mean(axis=(2, 3)).max(), rtol=1e-5)


def test_a_finer_map_is_pooled_over_a_cell_of_the_grid():
    maps = torch.zeros(1, 8, 8)
    maps[0, 2:4, 4:6] = 1  # one cell of a grid of side 4
    assert 0.5 < pooled(maps, 4).item() < 1
    torch.testing.assert_close(pooled(torch.full((1, 8, 8), 3.0), 4), torch.tensor([3.0]))


def test_its_image_score_may_be_left_to_the_map(train):
    assert fitted(train, image_score="map").score(train.batch([0])).images is None


def test_the_mask_is_no_part_of_the_state(train):
    assert "transformer.allowed" not in fitted(train).state_dict()


def test_it_must_be_prepared(train):
    with pytest.raises(RuntimeError, match=r"^the detector must be prepared before it scores$"):
        unfitted(train).score(train.batch([0]))
