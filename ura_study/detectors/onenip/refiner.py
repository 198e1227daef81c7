"""The refiner of OneNIP (Gao, ECCV 2024): from errors of the reconstruction to a finer map of what is anomalous.

From the authors' code: twice a 3 × 3 convolution with batch normalisation and ReLU, and a transposed convolution that
doubles the side; then one output for each position. The loss is Dice's, with squares below the fraction bar.

Legend: B images, C channels, S side of the grid, R = 4 S side of the finer one.
"""

from __future__ import annotations

from torch import Tensor, nn

#: Channels between the layers.
WIDTH = 128
#: How many positions of the finer grid lie along one of the grid.
FINER = 4
#: Added above and below the fraction bar, so that an image without defects has a loss, too.
SMOOTH = 1.0


class Refiner(nn.Sequential):
    """From sizes of errors (B, C, S, S) to (B, R, R), larger where something is anomalous, 0 if undecided."""

    def __init__(self, channels: int) -> None:
        last = nn.Conv2d(WIDTH, 1, kernel_size=1), nn.Flatten(start_dim=1, end_dim=2)  # (B, 1, R, R) -> (B, R, R)
        super().__init__(*_doubled(channels), *_doubled(WIDTH), *last)


def _doubled(channels: int) -> tuple[nn.Module, ...]:
    return (
        nn.Conv2d(channels, WIDTH, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(WIDTH),
        nn.ReLU(),
        nn.ConvTranspose2d(WIDTH, WIDTH, kernel_size=2, stride=2),
    )


def dice_loss(probabilities: Tensor, wanted: Tensor) -> Tensor:
    """Return Dice's loss, as a mean over images, of probabilities and what is wanted (B, R, R), both 0..1.

    Example:
        >>> dice_loss(torch.tensor([[[1.0, 0.0]]]), torch.tensor([[[1.0, 1.0]]]))  # 1 − (1 + 1) / (1 + 2 + 1)
        tensor(0.5000)
    """
    overlap = (probabilities * wanted).sum(dim=(1, 2)) + SMOOTH
    sizes = (probabilities.square() + wanted.square()).sum(dim=(1, 2)) + SMOOTH
    return (1 - overlap / sizes).mean()
