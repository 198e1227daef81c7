import torch

from ura_study.detectors.uranet.calibration import UsualEvidence, channel_weights
from ura_study.detectors.uranet.losses import residual, restoration_loss, segmentation_loss


def test_usual_evidence_becomes_zero_with_unit_spread(generator):
    usual, evidence = UsualEvidence(), 3 + 2 * torch.randn((50, 64), generator=generator)
    usual.fit(evidence)
    torch.testing.assert_close(usual(evidence).mean(), torch.tensor(0.0), atol=1e-5, rtol=0)
    torch.testing.assert_close(usual(evidence).std(), torch.tensor(1.0))


def test_evidence_keeps_its_order_wherever_it_is(generator):
    """There is one level for all positions: no plain background is lifted to the level of an object."""
    evidence = torch.rand((20, 64), generator=generator)
    evidence[:, :32] *= 100  # the object
    usual = UsualEvidence()
    usual.fit(evidence)
    assert torch.equal(usual(evidence).flatten().argsort(), evidence.flatten().argsort())


def test_layers_count_alike_by_hand():
    """Two layers of 1 and 2 channels whose energies are 1…100 and ten times that: 99 % are at most 99, and 990."""
    energy = torch.arange(1.0, 102)[None, :, None] * torch.tensor([1.0, 10.0])  # (1, 101, 2)
    weights = channel_weights(energy, (1, 2))
    torch.testing.assert_close(weights, torch.tensor([1 / 100, 1 / 2000, 1 / 2000]))


def test_residual_by_hand():
    """Squared errors 4 and 1 with weights 1/2 and 2: the root of 2 + 2."""
    found = residual(torch.tensor([[[2.0, -1.0]]]), torch.tensor([0.5, 2.0]))
    torch.testing.assert_close(found, torch.tensor([[2.0]]))


def test_restoration_loss_by_hand():
    """Two tokens of mean squared errors 0 and (4 + 1) / 2; the second one is corrupted: mean 1.25 plus 2.5."""
    target = torch.tensor([[[1.0, 0.0], [2.0, 0.0]]])
    restored = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    loss = restoration_loss(restored, target, torch.tensor([[False, True]]))
    torch.testing.assert_close(loss, torch.tensor(1.25 + 2.5))
    nothing = restoration_loss(restored, target, torch.tensor([[False, False]]))
    torch.testing.assert_close(nothing, torch.tensor(1.25))


def test_segmentation_loss_by_hand():
    """Logits 0: cross-entropy log 2, whatever is true."""
    loss = segmentation_loss(torch.zeros(1, 2), torch.tensor([[1.0, 0.0]]))
    torch.testing.assert_close(loss, torch.tensor(0.6931472))
    sure = segmentation_loss(torch.tensor([[30.0, -30.0]]), torch.tensor([[1.0, 0.0]]))
    assert sure < 1e-5


def test_segmentation_loss_of_a_share_by_hand():
    """Share 1/4 at odds of 1 : 3: its entropy, which no other logit undercuts."""
    share = torch.tensor([[0.25]])
    found = [segmentation_loss(torch.tensor([[logit]]), share) for logit in (-1.0986123, -1.0, -1.2)]
    torch.testing.assert_close(found[0], torch.tensor(0.5623351))
    assert found[0] < min(found[1:])
