import pytest
import torch

from ura_study.detectors.uranet.config import RestorationSettings
from ura_study.detectors.uranet.restoration import DISTRUST, Restoration, near, source_bias
from ura_study.detectors.uranet.statistics import to_tokens, token_statistics

N = 64


def build(train, **settings):
    made = Restoration(RestorationSettings(**{"width": 8, "prototypes": 6, "exclusion": 1} | settings), 12, 8)
    draws = torch.Generator().manual_seed(5)
    made.initialise(token_statistics(train, torch.device("cpu"), draws), draws)
    with torch.no_grad():  # as if trained: nothing left at zero
        for parameter in made.parameters():
            parameter += 0.05 * torch.randn(parameter.shape, generator=draws)
    return made.eval()


@pytest.fixture
def tokens(train, generator):
    statistics = token_statistics(train, torch.device("cpu"), generator)
    return (to_tokens(train.batch([0, 1])) - statistics.mean) / statistics.std


def test_positions_near_each_other_by_hand():
    """A 3 × 3 grid, radius 1: the corner 0 is near 1, 3 and 4."""
    assert near(3, 1)[0].nonzero().flatten().tolist() == [0, 1, 3, 4]
    assert near(3, 0).equal(torch.eye(3 * 3, dtype=torch.bool))
    assert near(3, 2).all()


def test_bias_is_log_trust_and_minus_infinity_for_what_is_no_source():
    suspicion = torch.tensor([[0.0, 0.25, DISTRUST, 1.0]])
    excluded = torch.tensor([[True, False, False, False]])
    expected = torch.tensor([[[-torch.inf, torch.tensor(0.75).log(), -torch.inf, -torch.inf]]])
    torch.testing.assert_close(source_bias(suspicion, excluded), expected)


@pytest.mark.parametrize("settings", [{}, {"depth": 2}, {"heads": 4, "depth": 2}])
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
    restoration, trusted = build(train), torch.zeros(2, N)
    changed = tokens.clone()
    changed[:, 20:30] += 1.0
    before, after = restoration(tokens, trusted), restoration(changed, trusted)
    assert not torch.equal(before[:, :10], after[:, :10])


def test_masked_sources_have_zero_attention(train, tokens):
    """The gradient of every restored token with respect to the content of a suspected source is exactly zero."""
    restoration, suspected = build(train), torch.zeros(2, N)
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
    restoration, trusted = build(train, heads=2), torch.zeros(2, N)
    some = torch.tensor([3, 60, 17])
    torch.testing.assert_close(restoration(tokens, trusted, some), restoration(tokens, trusted)[:, some])


def test_it_starts_as_a_memory_of_normal_tokens(train, tokens, generator):
    """Before any training, normal tokens are restored better than by their mean, which is 0 in these units."""
    made = Restoration(RestorationSettings(width=12, prototypes=32, exclusion=1), 12, 8)
    made.initialise(token_statistics(train, torch.device("cpu"), generator), generator)
    with torch.no_grad():
        restored = made(tokens, torch.zeros(2, N))
    assert (restored - tokens).square().mean() < 0.3 * tokens.square().mean()


def test_width_is_at_most_the_channels(train):
    assert build(train, width=64, heads=4).encode.out_features == 12
