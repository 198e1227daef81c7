import torch

from ura_study.detectors.uranet.calibration import UsualEvidence
from ura_study.detectors.uranet.losses import residual, restoration_loss, segmentation_loss


def test_usual_evidence_becomes_zero_with_unit_spread(generator):
    """Position 0..3 of an 8 × 8 grid's rows is ten times as uneasy as the rest."""
    level = torch.ones(64)
    level[:32] = 10
    evidence = level * (1 + 0.1 * torch.randn((200, 64), generator=generator))
    usual = UsualEvidence(8, relative=True)
    usual.fit(evidence)
    calibrated = usual(evidence)
    far = torch.cat([calibrated[:, :16], calibrated[:, 48:]])  # away from the step, which the 5 × 5 mean blurs
    assert far.mean().abs() < 0.1
    torch.testing.assert_close(calibrated.std(), torch.tensor(1.0))


def test_logarithmic_evidence_is_shifted_and_not_divided():
    usual = UsualEvidence(8, relative=False)
    usual.fit(torch.full((3, 64), -4.0) + torch.tensor([-1.0, 0.0, 1.0])[:, None])
    low, high = usual(torch.tensor([-4.0, -2.0])[:, None].expand(2, 64))[:, 0]
    assert low.abs() < 1e-5
    assert high > 2


def test_residual_by_hand():
    """(2, 0) restored to (0, 1): squared distance (4 + 1) / 2, cosine 0, so sqrt(2.5 · 1)."""
    found = residual(torch.tensor([[[2.0, 0.0]]]), torch.tensor([[[0.0, 1.0]]]))
    torch.testing.assert_close(found, torch.tensor([[2.5**0.5]]))
    same = torch.tensor([[[1.0, 3.0]]])
    assert residual(same, same).item() < 1e-3


def test_restoration_loss_by_hand():
    """Two tokens of distances 0 and 2.5 + 1; the second one is corrupted: mean 1.75 plus 3.5."""
    target = torch.tensor([[[1.0, 0.0], [2.0, 0.0]]])
    restored = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    loss = restoration_loss(restored, target, torch.tensor([[False, True]]))
    torch.testing.assert_close(loss, torch.tensor(1.75 + 3.5))
    nothing = restoration_loss(restored, target, torch.tensor([[False, False]]))
    torch.testing.assert_close(nothing, torch.tensor(1.75))


def test_segmentation_loss_by_hand():
    """Logits 0: cross-entropy log 2; overlap (2 · 0.5 + 1) / (1 + 1 + 1), so Dice loss 1/3."""
    loss = segmentation_loss(torch.zeros(1, 2), torch.tensor([[1.0, 0.0]]))
    torch.testing.assert_close(loss, torch.tensor(0.6931472 + 1 / 3))
    sure = segmentation_loss(torch.tensor([[30.0, -30.0]]), torch.tensor([[1.0, 0.0]]))
    assert sure < 1e-5


def test_segmentation_loss_of_a_share_by_hand():
    """Logit 0, share 1/4: cross-entropy log 2; overlap (2 · 0.5 · 0.25 + 1) / (0.5 + 0.25 + 1) = 5/7."""
    loss = segmentation_loss(torch.zeros(1, 1), torch.tensor([[0.25]]))
    torch.testing.assert_close(loss, torch.tensor(0.6931472 + 2 / 7))
