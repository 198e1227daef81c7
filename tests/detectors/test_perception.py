import pytest
import torch

from ura_study.detectors.uranet.config import PerceptionSettings
from ura_study.detectors.uranet.perception import (
    GAIN,
    NORMAL_SHARE,
    Perception,
    energy_of,
    rotation,
    spread,
    summarise,
    suspicion,
    turns,
)
from ura_study.detectors.uranet.statistics import token_statistics


@pytest.fixture
def normal(train, generator):
    """Normal tokens (640, 12)."""
    return token_statistics(train, torch.device("cpu"), generator).sample


@pytest.fixture
def perception(normal, generator):
    made = Perception(PerceptionSettings(width=24), 12)
    made.initialise(normal, generator)
    return made


def said(logits):
    """Return what is perceived with these logits; the distance does not matter."""
    return summarise(logits, logits[0])


def test_the_two_uncertainties_sum_to_the_variance_of_the_label(generator):
    perceived = said(3 * torch.randn((7, 2, 50), generator=generator))
    p = perceived.probability
    torch.testing.assert_close(perceived.epistemic + perceived.aleatoric, p * (1 - p))
    for part in (perceived.epistemic, perceived.aleatoric):
        assert part.min() >= 0
        assert part.max() <= 0.25


def test_networks_that_agree_leave_no_epistemic_uncertainty():
    perceived = said(torch.zeros(4, 1, 3))
    assert perceived.epistemic.max() == 0
    torch.testing.assert_close(perceived.aleatoric, torch.full((1, 3), 0.25))


def test_networks_that_contradict_leave_only_epistemic_uncertainty():
    perceived = said(torch.tensor([-50.0, 50.0]).view(2, 1, 1))
    torch.testing.assert_close(perceived.epistemic, torch.full((1, 1), 0.25))
    assert perceived.aleatoric.max() < 1e-6


def test_caution_suspects_what_the_networks_disagree_about():
    perceived = said(torch.tensor([[0.0, -3.0], [0.0, 3.0]]).view(2, 1, 2))
    torch.testing.assert_close(suspicion(perceived, 0.0), torch.full((1, 2), 0.5))
    careful = suspicion(perceived, 1.0)
    torch.testing.assert_close(careful[0, 0], torch.tensor(0.5))
    assert 0.9 < careful[0, 1] <= 1


def test_what_borders_on_the_suspect_is_suspect_by_hand():
    """A 3 × 3 grid, suspicion 0.9 in a corner: its four neighbours, itself included."""
    suspected = torch.zeros(1, 9)
    suspected[0, 0] = 0.9
    torch.testing.assert_close(spread(suspected), torch.tensor([[0.9, 0.9, 0, 0.9, 0.9, 0, 0, 0, 0]]))


@pytest.mark.parametrize(
    ("heads", "count", "expected"),
    [(3, 5, [1, 0, 2, 1, 0]), (1, 3, [0, 0, 0]), (2, 1, [0]), (4, 2, [1, 2]), (5, 4, [2, 1, 3, 0])],
)
def test_heads_take_turns_the_middle_one_first(heads, count, expected):
    assert turns(heads, count) == expected


def test_shapes(perception, generator):
    tokens = torch.randn((3, 64, 12), generator=generator)
    logits, divergence = perception(tokens, torch.tensor([0, 2, 1]), generator)
    assert logits.shape == (3, 64)
    assert divergence.shape == ()
    networks = perception.sample(5, generator)
    assert networks.shape == (5, 24, 12)
    perceived = perception.perceive(tokens, networks)
    assert perceived.probability.shape == perceived.distance.shape == (3, 64)


@pytest.mark.parametrize("outputs", [12, 30])
def test_a_rotation_keeps_the_mean_square(generator, outputs):
    x = torch.randn((5, 12), generator=generator)
    turned = x @ rotation(outputs, 12, generator).T
    torch.testing.assert_close(turned.square().mean(dim=1), x.square().mean(dim=1))


def test_a_projection_keeps_the_mean_square_on_average(generator):
    x = torch.randn((2000, 12), generator=generator)
    turned = x @ rotation(6, 12, generator).T
    torch.testing.assert_close(turned.square().mean(), x.square().mean(), rtol=0.05, atol=0)


def test_it_starts_as_the_mahalanobis_distance(perception, normal):
    """Even odds where 97.5 % of the normal tokens are nearer, three more for each e-fold of the squared distance."""
    networks = torch.stack([head.layer.mean.detach() for head in perception.heads])
    with torch.no_grad():
        perceived = perception.perceive(perception.whiten(normal[None]), networks)
    off = normal - perception.centre
    squared = torch.einsum("nc,cd,nd->n", off, perception.whitening @ perception.whitening.T, off) / 12
    torch.testing.assert_close(perceived.distance[0], squared.sqrt(), rtol=1e-3, atol=1e-3)
    even = squared.quantile(NORMAL_SHARE)
    expected = (GAIN * (squared / even).log()).sigmoid()
    torch.testing.assert_close(perceived.probability[0], expected, rtol=1e-2, atol=1e-2)


def test_what_is_far_from_normal_in_any_direction_is_suspect(perception, generator):
    """Of directions that training did not show, too: no direction leads back to normal."""
    directions = torch.nn.functional.normalize(torch.randn((1, 64, 12), generator=generator), dim=2)
    networks = perception.sample(3, generator)
    with torch.no_grad():
        near, far = (perception.perceive(scale * directions, networks).probability for scale in (3, 30))
    assert (far > near).all()


def test_samples_of_a_head_scatter_around_its_mean_network(normal, generator):
    perception = Perception(PerceptionSettings(width=24, heads=1), 12)
    perception.initialise(normal, generator)
    tokens = perception.whiten(normal[None, :64])
    with torch.no_grad():
        networks = perception.sample(400, generator)
        many = torch.stack([perception.perceive(tokens, network[None]).probability[0] for network in networks])
        expected = perception.heads[0].logit(energy_of(tokens @ perception.heads[0].layer.mean.T))[0].sigmoid()
    assert (many.mean(dim=0) - expected).abs().max() < 0.05
    assert many.std(dim=0).min() > 1e-5


def test_each_head_learns_from_its_own_images(perception, generator):
    """Images of one regime have no gradient for the heads of the others."""
    tokens = torch.randn((2, 64, 12), generator=generator)
    perception(tokens, torch.tensor([1, 1]), generator)[0].sum().backward()
    moved = [any(p.grad is not None and p.grad.abs().max() > 0 for p in head.parameters()) for head in perception.heads]
    assert moved == [False, True, False]


def test_the_divergence_is_that_of_all_heads(perception, generator):
    _, divergence = perception(torch.zeros(1, 64, 12), torch.tensor([1]), generator)
    layers = [head.layer for head in perception.heads]
    torch.testing.assert_close(divergence, sum(layer.divergence(layer.std) for layer in layers))


def test_heads_that_saw_shifts_of_different_size_disagree_on_those_between(perception, generator):
    """Of three sizes each head learns one; what is plain to the first is nothing to the last."""
    mask = torch.zeros(3, 64)
    mask[:, :16] = 1
    shift = torch.tensor([2.0, 4.0, 8.0]).view(3, 1, 1)
    optimiser = torch.optim.Adam(perception.parameters(), 0.02)
    for _ in range(150):
        tokens = torch.randn((3, 64, 12), generator=generator) + shift * mask[..., None]
        logits, _ = perception(tokens, torch.arange(3), generator)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, mask)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss < 0.1
    shift = torch.tensor([0.0, 3.0, 20.0]).repeat(20).view(1, 60, 1)
    tokens = torch.randn((1, 60, 12), generator=generator) + shift
    with torch.no_grad():
        epistemic = perception.perceive(tokens, perception.sample(6, generator)).epistemic[0]
    normal, between, beyond = epistemic[0::3].mean(), epistemic[1::3].mean(), epistemic[2::3].mean()
    assert between > 3 * max(normal, beyond)
