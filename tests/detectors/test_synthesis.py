import pytest
import torch

from ura_study.detectors.uranet.synthesis import corrupt, random_mask, softened
from ura_study.detectors.uranet.synthesis_config import NoiseSettings

TOKENS = torch.randn((16, 256, 6), generator=torch.Generator().manual_seed(9))


def corrupted(seed=0, **settings):
    return corrupt(TOKENS, NoiseSettings(**settings), torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("area", [0.01, 0.1, 0.5, 1.0])
def test_a_mask_covers_its_area(area, generator):
    for _ in range(5):
        assert random_mask(20, area, generator).sum() == round(area * 400)


def test_a_mask_covers_at_least_one_position_unless_its_area_is_zero(generator):
    assert random_mask(8, 1e-6, generator).sum() == 1
    assert random_mask(8, 0.0, generator).sum() == 0


def test_tokens_change_inside_the_mask_and_nowhere_else():
    tokens, shares = corrupted()
    mask = shares > 0
    assert torch.equal(tokens[~mask], TOKENS[~mask])
    assert (tokens[mask] != TOKENS[mask]).all()


def test_tokens_on_the_edge_change_by_their_share():
    hard, mask = corrupted(edge=1, spread=1.0)
    soft, shares = corrupted(edge=3, spread=1.0)
    assert set(mask.unique().tolist()) == {0.0, 1.0}
    torch.testing.assert_close(shares, softened(mask.view(-1, 16, 16), 3).flatten(1))
    whole = shares == 1
    torch.testing.assert_close(soft[whole], hard[whole])
    partly = (shares > 0) & (mask == 1)
    torch.testing.assert_close((soft - TOKENS)[partly], (shares[..., None] * (hard - TOKENS))[partly])


def test_shares_by_hand():
    mask = torch.zeros(1, 4, 4)
    mask[0, :2, :2] = 1  # the frame of the image is no edge: neighbourhoods end there
    expected = torch.tensor([[1, 4 / 6, 2 / 6, 0], [4 / 6, 4 / 9, 2 / 9, 0], [2 / 6, 2 / 9, 1 / 9, 0], [0] * 4])
    torch.testing.assert_close(softened(mask, 3)[0], expected)
    torch.testing.assert_close(softened(mask, 1), mask)


def test_the_areas_and_the_share_of_corrupted_images_are_those_asked_for():
    _, mask = corrupted(share=1.0, min_area=0.1, max_area=0.3, edge=1)
    areas = mask.float().mean(dim=1)
    assert areas.min() >= 0.095
    assert areas.max() <= 0.305
    _, mask = corrupted(share=0.5)
    assert 3 <= mask.any(dim=1).sum() <= 13


def test_more_strength_corrupts_more():
    def size(strength):
        tokens, _ = corrupted(strength=strength)
        return (tokens - TOKENS).abs().mean()

    assert size(0.1) < size(0.5) < size(2.0)
    torch.testing.assert_close(size(2.0), 20 * size(0.1))


def test_the_level_stays_within_its_spread():
    tokens, mask = corrupted(strength=2.0, spread=1.0, share=1.0, min_area=0.5, max_area=0.5, edge=1)
    torch.testing.assert_close((tokens - TOKENS)[mask > 0].std(), torch.tensor(2.0), rtol=0.05, atol=0)


def test_same_seed_same_anomalies_and_other_seed_others():
    for first, second in zip(corrupted(seed=3), corrupted(seed=3), strict=True):
        assert torch.equal(first, second)
    assert not torch.equal(corrupted(seed=3)[1], corrupted(seed=4)[1])
