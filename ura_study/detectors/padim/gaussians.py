"""PaDiM (Defard et al., A Patch Distribution Modeling Framework, ICPR workshops 2021, arXiv 2011.08785) as a detector.

The embedding of a position is the concatenation of all layers there, cut to a random subset of channels. Each position
has a Gaussian of its own (Eq. 1), with the mean of its embeddings over the training images and the covariance
1/(M − 1) Σ (x − μ)(x − μ)ᵀ + ε I. The map holds the Mahalanobis distance √((x − μ)ᵀ Σ⁻¹ (x − μ)) (Eq. 2), and its
maximum is the image's score. The map is resized and smoothed like the map of any detector, by default as published
(sigma 4). Normal images must be aligned: that is the method's own limit.

The paper's text was not at hand. What is said of it was checked against a public implementation, that of anomalib.

Our own choice: with the Cholesky factor L of Σ the distance is the length of L⁻¹ (x − μ), so that nothing is inverted.
One image alone (M = 1) has the covariance ε I. The image's score is the maximum before smoothing; `image_score: map`
with `scoring.image_score: max` takes it afterwards. Coarse layers come to the grid bilinearly, in `features`.

Legend: M training images, B images, N = S·S positions, C channels, D chosen channels.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ura_study.detectors.base import Detector, Scores, batches
from ura_study.detectors.padim.config import PaDiMSettings
from ura_study.features.batch import Batch
from ura_study.features.maps import FeatureMaps
from ura_study.features.transfer import sent

#: Images per batch of the passes over the training set.
BATCH = 16
#: Positions whose covariances are factorised at once: bounds the memory of float64 copies.
BLOCK = 64


class PaDiM(Detector):
    """A Gaussian for each position; a position's score is its Mahalanobis distance from it."""

    trains_by_gradient = False
    chosen: Tensor
    mean: Tensor
    factor: Tensor

    def __init__(self, settings: PaDiMSettings, channels: int, map_size: int) -> None:
        super().__init__()
        self.settings = settings
        count = min(settings.channels, channels)
        self.register_buffer("chosen", torch.arange(count))
        self.register_buffer("mean", torch.zeros(map_size**2, count))
        self.register_buffer("factor", torch.zeros(0, count, count))  # its memory is taken when it is needed

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *arguments: object) -> None:
        """Make room for the stored factors, of which there are none before the detector is prepared."""
        self.factor = self.factor.new_zeros(state_dict[f"{prefix}factor"].shape)
        super()._load_from_state_dict(state_dict, prefix, *arguments)

    def prepare(self, train: FeatureMaps, generator: torch.Generator) -> None:
        """Choose channels, and compute mean and covariance of each position in two passes over the training images."""
        order = torch.randperm(train.channels, generator=generator)
        self.chosen = sent(order[: len(self.chosen)].sort().values, self.device)
        total = torch.zeros_like(self.mean)
        for index in batches(train, BATCH):
            total += self._embeddings(train.batch(index, self.device)).sum(dim=1)
        self.mean = total / len(train)
        products = self.mean.new_zeros(*self.mean.shape, self.mean.shape[1])  # (N, D, D)
        for index in batches(train, BATCH):
            deviation = self._embeddings(train.batch(index, self.device)) - self.mean[:, None]  # (N, B, D)
            products.baddbmm_(deviation.mT, deviation)
        self.factor = factorised(products.div_(max(1, len(train) - 1)), self.settings.regularisation)

    @torch.no_grad()
    def score(self, batch: Batch, known: Tensor | None = None) -> Scores:
        """Return the distance map and, unless the settings compute it from the map, its maximum for each image."""
        if not len(self.factor):
            raise RuntimeError("the detector must be prepared before it scores")
        distance = mahalanobis(self._embeddings(batch), self.mean, self.factor)  # (N, B)
        maps = distance.T.reshape(len(batch), *batch.features.shape[2:])  # (N, B) -> (B, S, S)
        return Scores(maps, images=maps.amax(dim=(1, 2)) if self.settings.image_score == "max" else None)

    def _embeddings(self, batch: Batch) -> Tensor:
        """Return the chosen channels of all positions, (N, B, D)."""
        return batch.features.index_select(1, self.chosen).flatten(2).permute(2, 0, 1)  # (B, D, S, S) -> (N, B, D)


def factorised(covariance: Tensor, regularisation: float) -> Tensor:
    """Turn covariances (N, D, D), in place, into the lower Cholesky factors of them plus `regularisation` times I."""
    covariance.diagonal(dim1=1, dim2=2).add_(regularisation)
    for block in covariance.split(BLOCK):
        block.copy_(torch.linalg.cholesky(block.double()))
    return covariance


def mahalanobis(embeddings: Tensor, mean: Tensor, factor: Tensor) -> Tensor:
    """Return the distances (N, B) of embeddings (N, B, D) from Gaussians with means (N, D), factors (N, D, D) (Eq. 2).

    Example:
        >>> factor = torch.tensor([[[2.0, 0.0], [0.0, 1.0]]])  # standard deviations 2 and 1
        >>> mahalanobis(torch.tensor([[[6.0, 0.0], [0.0, 6.0]]]), torch.zeros(1, 2), factor)
        tensor([[3., 6.]])
    """
    deviation = (embeddings - mean[:, None]).mT  # (N, D, B)
    return torch.linalg.solve_triangular(factor, deviation, upper=False).norm(dim=1)
