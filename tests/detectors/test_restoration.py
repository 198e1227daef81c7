import math

import pytest
import torch
from datasets import make_maps

from ura_study.detectors.uranet import restoration as module
from ura_study.detectors.uranet.config import RestorationSettings
from ura_study.detectors.uranet.restoration import DISTRUST, AttentionBlock, Restoration, log_trust, near
from ura_study.detectors.uranet.statistics import to_tokens, token_statistics

N = 64


def build(train, **settings):
    made = Restoration(RestorationSettings(**{"width": 8, "prototypes": 16, "exclusion": 1} | settings), 12, 8)
    draws = torch.Generator().manual_seed(5)
    made.initialise(token_statistics(train, torch.device("cpu"), draws), draws)
    with torch.no_grad():  # as if trained: nothing left at zero
        for parameter in made.parameters():
            parameter += 0.05 * torch.randn(parameter.shape, generator=draws)
    return made.eval()


@pytest.fixture
def tokens(train, generator):
    statistics = token_statistics(train, torch.device("cpu"), generator)
    return (to_tokens(train.batch([0, 1]).features) - statistics.mean) / statistics.std


def test_positions_near_each_other_by_hand():
    """A 3 × 3 grid, radius 1: the corner 0 is near 1, 3 and 4."""
    assert near(3, 1)[0].nonzero().flatten().tolist() == [0, 1, 3, 4]
    assert near(3, 0).equal(torch.eye(3 * 3, dtype=torch.bool))
    assert near(3, 2).all()


def test_the_suspect_are_no_sources():
    suspicion = torch.tensor([[0.0, 0.25, DISTRUST, 1.0]])
    expected = torch.tensor([[0.0, torch.tensor(0.75).log(), -torch.inf, -torch.inf]])
    torch.testing.assert_close(log_trust(suspicion), expected)


@pytest.mark.parametrize("settings", [{}, {"depth": 2}, {"sources": 200, "depth": 2}])
def test_content_of_suspected_tokens_reaches_no_other_token(train, tokens, settings):
    """With suspicion held fixed, all that is suspected may change at will."""
    restoration, suspected = build(train, **settings), torch.zeros(2, N)
    suspected[:, 20:30] = 1.0
    changed = tokens.clone()
    changed[:, 20:30] = 100.0
    before, after = restoration(tokens, suspected), restoration(changed, suspected)
    kept = suspected[0] == 0
    assert torch.equal(before[:, kept], after[:, kept])


def test_content_of_trusted_tokens_does_reach_others(train, tokens):
    restoration, trusted = build(train, sources=80), torch.zeros(2, N)
    changed = tokens.clone()
    changed[:, 20:30] += 1.0
    before, after = restoration(tokens, trusted), restoration(changed, trusted)
    assert not torch.equal(before[:, :10], after[:, :10])


def test_masked_sources_have_zero_attention(train, tokens):
    """The gradient of every restored token with respect to the content of a suspected source is exactly zero."""
    restoration, suspected = build(train, sources=80), torch.zeros(2, N)
    suspected[:, 40] = 1.0
    tokens = tokens.requires_grad_()
    others = torch.tensor([i for i in range(N) if i != 40])
    restoration(tokens, suspected, chosen=others).square().sum().backward()
    assert tokens.grad[:, 40].abs().max() == 0
    assert tokens.grad[:, others].abs().amax(dim=2).min() > 0


def test_a_token_cannot_be_copied(train, tokens):
    """A token far from all normal ones is restored to something normal: its content selects but does not pass."""
    restoration, suspected = build(train), torch.zeros(2, N)
    strange = tokens.clone()
    strange[0, 27] = 50.0
    restored = restoration(strange, suspected)[0, 27]
    assert restored.abs().max() < 3 * tokens.abs().max()


def test_only_prototypes_are_left_where_everything_is_suspected(train, tokens):
    restored = build(train)(tokens, torch.ones(2, N))
    assert restored.isfinite().all()


def test_restoring_some_positions_equals_restoring_all(train, tokens):
    restoration, trusted = build(train, depth=2), torch.zeros(2, N)
    some = torch.tensor([3, 60, 17])
    torch.testing.assert_close(restoration(tokens, trusted, chosen=some), restoration(tokens, trusted)[:, some])


def test_it_starts_as_a_memory_of_normal_tokens(train, tokens, generator):
    """Before any training, normal tokens are restored better than by their mean, which is 0 in these units."""
    made = Restoration(RestorationSettings(width=12, prototypes=32, exclusion=1), 12, 8)
    made.initialise(token_statistics(train, torch.device("cpu"), generator), generator)
    with torch.no_grad():
        restored = made(tokens, torch.zeros(2, N))
    assert (restored - tokens).square().mean() < 0.3 * tokens.square().mean()


def test_width_is_at_most_the_channels(train):
    assert build(train, width=64).blocks[0].measure.shape == (12, 12)


def test_nearest_sources_weighted_by_their_distance_by_hand():
    """Query 0; sources 1, 2 and 10 with squared distances 1, 4 and 100, of which two count, at temperature 3.

    Weights exp(−1/3) and exp(−4/3), so 1 : e⁻¹, and a mean of (1 + 2 / e) / (1 + 1 / e).
    """
    block = AttentionBlock(1, 1, sources=2)
    with torch.no_grad():
        block.measure.fill_(1)
        block.log_temperature.fill_(math.log(3))
    prototypes, content = torch.tensor([[10.0], [2.0]]), torch.tensor([[[1.0]]])
    nothing, zero = torch.zeros(1, 2, dtype=torch.bool), torch.zeros(1, 1)
    recalled = block.recall(torch.zeros(1, 1, 1), prototypes, nothing)
    assert sorted(recalled.numbers.flatten().tolist()) == [0, 1]
    found = block(content, prototypes, zero, zero, recalled)
    torch.testing.assert_close(found.item(), (1 + 2 / math.e) / (1 + 1 / math.e), rtol=1e-5, atol=0)


def test_while_nothing_is_known_what_is_near_is_left_out_farther(train, tokens):
    """With an exclusion of 1, tokens that are 2 away count only where suspicion is known, if only as none."""
    restoration = build(train, sources=80)
    changed = tokens.clone()
    changed[:, 27 + 2] = tokens[:, 27]  # in the same row
    only = torch.tensor([27])
    for known, told in ((None, True), (torch.zeros(2, N), False)):
        before, after = (restoration(x, known, chosen=only) for x in (tokens, changed))
        assert torch.equal(before, after) == told


def test_an_image_is_not_restored_from_its_own_prototypes(train):
    """All training tokens are prototypes: each is restored to itself, unless those of its image are left out."""
    statistics = token_statistics(train, torch.device("cpu"), torch.Generator().manual_seed(0))
    tokens = (to_tokens(train.batch([3]).features) - statistics.mean) / statistics.std
    made = Restoration(RestorationSettings(width=12, prototypes=1000, sources=1, exclusion=8), 12, 8)
    made.initialise(statistics, torch.Generator().manual_seed(0))
    with torch.no_grad():
        new, known = made(tokens), made(tokens, images=torch.tensor([3]))
    torch.testing.assert_close(new, tokens, atol=1e-4, rtol=0)
    others = made.prototypes[made.origin != 3]
    torch.testing.assert_close(known[0], others[torch.cdist(tokens[0], others).argmin(dim=1)])


def test_the_only_training_image_keeps_its_prototypes():
    one = make_maps(1)
    made = build(one)
    assert not made.left_out(torch.tensor([0])).any()
    tokens = to_tokens(one.batch([0]).features)
    assert made(tokens, images=torch.tensor([0])).isfinite().all()


def test_stored_prototypes_are_found_again_where_there_are_fewer_than_asked_for(train, tokens):
    made = build(train, prototypes=5000)
    again = Restoration(made.settings, 12, 8)
    again.load_state_dict(made.state_dict())
    assert len(again.prototypes) == 640
    assert torch.equal(made(tokens, images=torch.tensor([0, 1])), again(tokens, images=torch.tensor([0, 1])))


def test_what_was_recalled_need_not_be_sought_again(train, tokens):
    restoration, images = build(train, depth=2), torch.tensor([0, 1])
    recalled = restoration.recall(tokens, images)
    assert torch.equal(restoration(tokens, images=images, recalled=recalled), restoration(tokens, images=images))


def test_distances_computed_in_parts_by_hand(monkeypatch):
    """Three queries of two images in parts of two; keys 0, 1 and 4 on a line."""
    monkeypatch.setattr(module, "AT_ONCE", 2)
    query, keys = torch.tensor([[[0.0], [1.0], [5.0]], [[2.0], [2.0], [3.0]]]), torch.tensor([[0.0], [1.0], [4.0]])
    found = torch.tensor([[[0, 2], [0, 1], [2, 1]], [[1, 0], [2, 2], [0, 1]]])
    expected = torch.tensor([[[0.0, 16], [1, 0], [1, 16]], [[1, 4], [4, 4], [9, 4]]])
    assert module.squared_distances(query, keys, found).equal(expected)


def test_the_softmax_is_over_the_largest_by_hand():
    logits = torch.tensor([[[0.0, math.log(3), -5.0], [-torch.inf, 1.0, 1.0]]])
    expected = torch.tensor([[[0.25, 0.75, 0], [0, 0.5, 0.5]]])
    torch.testing.assert_close(module.softmax_of_largest(logits, 2), expected)


def test_the_sources_are_the_nearest_of_memory_and_image_together(train, tokens):
    """Against a plain softmax over everything in which all but the largest k logits are left out."""
    restoration = build(train, sources=5)
    suspected = torch.rand((2, N), generator=torch.Generator().manual_seed(3))
    (block,) = restoration.blocks
    bias = log_trust(suspected)[:, None].masked_fill(restoration.near, -torch.inf)
    with torch.no_grad():
        for i in range(2):
            everything = torch.cat([restoration.prototypes, tokens[i]])
            distance = torch.cdist(tokens[i] @ block.measure, everything @ block.measure).square()
            logits = torch.cat([torch.zeros(N, len(restoration.prototypes)), bias[i]], dim=1)
            logits = logits - distance / block.log_temperature.exp()
            best = logits.topk(5, dim=1)
            expected = torch.einsum("qk,qkc->qc", best.values.softmax(dim=1), everything[best.indices])
            torch.testing.assert_close(restoration(tokens, suspected)[i], expected, rtol=1e-3, atol=1e-3)
