import pytest
import torch

from ura_study.detectors.uranet.config import PerceptionSettings
from ura_study.detectors.uranet.perception import GAIN, Perception, averaged, rotation, summarise, suspicion
from ura_study.detectors.uranet.statistics import Moments, token_statistics


@pytest.fixture
def perception(train, generator):
    made = Perception(PerceptionSettings(width=24), train.channels)
    moments = Moments(train.channels)
    moments.add(averaged(token_statistics(train, torch.device("cpu"), generator).sample[:64][None]))
    made.initialise(moments, generator)
    return made


def test_the_two_uncertainties_sum_to_the_variance_of_the_label(generator):
    perceived = summarise(3 * torch.randn((7, 2, 50), generator=generator))
    p = perceived.probability
    torch.testing.assert_close(perceived.epistemic + perceived.aleatoric, p * (1 - p))
    for part in (perceived.epistemic, perceived.aleatoric):
        assert part.min() >= 0
        assert part.max() <= 0.25


def test_networks_that_agree_leave_no_epistemic_uncertainty():
    perceived = summarise(torch.zeros(4, 1, 3))
    assert perceived.epistemic.max() == 0
    torch.testing.assert_close(perceived.aleatoric, torch.full((1, 3), 0.25))


def test_networks_that_contradict_leave_only_epistemic_uncertainty():
    perceived = summarise(torch.tensor([-50.0, 50.0]).view(2, 1, 1))
    torch.testing.assert_close(perceived.epistemic, torch.full((1, 1), 0.25))
    assert perceived.aleatoric.max() < 1e-6


def test_caution_suspects_what_the_networks_disagree_about():
    perceived = summarise(torch.tensor([[0.0, -3.0], [0.0, 3.0]]).view(2, 1, 2))
    torch.testing.assert_close(suspicion(perceived, 0.0), torch.full((1, 2), 0.5))
    careful = suspicion(perceived, 1.0)
    torch.testing.assert_close(careful[0, 0], torch.tensor(0.5))
    assert 0.9 < careful[0, 1] <= 1


def test_shapes(perception, generator):
    tokens = torch.randn((3, 64, 12), generator=generator)
    assert perception(tokens, generator).shape == (3, 64)
    assert perception.logits(tokens, perception.sample(5, generator)).shape == (5, 3, 64)


def test_the_mean_of_a_neighbourhood_leaves_out_what_is_beyond_the_border():
    tokens = torch.arange(9.0).view(1, 9, 1)  # 0 1 2 / 3 4 5 / 6 7 8
    found = averaged(tokens).flatten()
    assert found[0] == (0 + 1 + 3 + 4) / 4
    assert found[1] == (0 + 1 + 2 + 3 + 4 + 5) / 6
    assert found[4] == 4


@pytest.mark.parametrize("outputs", [12, 30])
def test_a_rotation_keeps_the_mean_square(generator, outputs):
    x = torch.randn((5, 12), generator=generator)
    turned = x @ rotation(outputs, 12, generator).T
    torch.testing.assert_close(turned.square().mean(dim=1), x.square().mean(dim=1))


def test_a_projection_keeps_the_mean_square_on_average(generator):
    x = torch.randn((2000, 12), generator=generator)
    turned = x @ rotation(6, 12, generator).T
    torch.testing.assert_close(turned.square().mean(), x.square().mean(), rtol=0.05, atol=0)


def test_it_starts_as_the_mahalanobis_distance_of_averaged_tokens(perception, generator):
    tokens = torch.randn((2, 64, 12), generator=generator)
    with torch.no_grad():
        logits = perception.logits(perception.whiten(tokens), perception.layer.mean[None])[0]
    off = averaged(tokens) - perception.centre
    inverse = perception.whitening @ perception.whitening.T
    distance = torch.einsum("bnc,cd,bnd->bn", off, inverse, off) / 12
    torch.testing.assert_close(logits, GAIN * (distance.log() - 1), rtol=1e-3, atol=1e-3)


def test_what_is_far_from_normal_in_any_direction_is_suspect(perception, generator):
    """Of directions that training did not show, too: no direction leads back to normal."""
    directions = torch.nn.functional.normalize(torch.randn((1, 64, 12), generator=generator), dim=2)
    networks = perception.sample(1, generator)
    with torch.no_grad():
        near, far = (perception.logits(scale * directions, networks) for scale in (3, 30))
    assert (far > near).all()


def test_sampled_networks_scatter_around_the_mean_network(perception, generator):
    perception.eval()
    tokens = torch.randn((1, 64, 12), generator=generator)
    with torch.no_grad():
        many = perception.logits(tokens, perception.sample(400, generator))
        mean = perception.logits(tokens, perception.layer.mean[None])
    assert (many.mean(dim=0) - mean[0]).abs().max() < 0.1
    assert many.std(dim=0).min() > 1e-3


def test_it_learns_to_tell_shifted_tokens(perception, generator):
    mask = torch.zeros(4, 64, dtype=torch.bool)
    mask[:, :16] = True
    optimiser = torch.optim.Adam(perception.parameters(), 0.01)
    for _ in range(60):
        tokens = torch.randn((4, 64, 12), generator=generator) + 3 * mask[..., None]
        loss = torch.nn.functional.binary_cross_entropy_with_logits(perception(tokens, generator), mask.float())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss < 0.1
