import pytest
import torch

from ura_study.detectors.uranet.config import PerceptionSettings
from ura_study.detectors.uranet.perception import Perception, summarise, suspicion
from ura_study.detectors.uranet.statistics import token_statistics


@pytest.fixture
def perception(train, generator):
    made = Perception(PerceptionSettings(width=8), train.channels)
    made.initialise(token_statistics(train, torch.device("cpu"), generator), generator)
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


def test_sampled_networks_scatter_around_the_mean_network(perception, generator):
    perception.eval()
    tokens = torch.randn((1, 64, 12), generator=generator)
    with torch.no_grad():
        many = perception.logits(tokens, perception.sample(400, generator))
        mean = perception.logits(tokens, [layer.mean[None] for layer in perception.layers])
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
