"""UniAD (You et al., A Unified Model for Multi-class Anomaly Detection, NeurIPS 2022, arXiv 2206.03687) as a detector.

In training, noise is added to normal features, and the transformer is to give them back without it (mean squared
error). The map is the length of the difference between features and reconstruction. The image's score is the largest
mean of that over a square of one cell of the grid, after the map is enlarged sixteen times.

Only the paper's abstract was at hand; loss, noise, map and image score are those of the authors' code.

Our own choice: channels are standardised before (`standardise`), so that all of them count alike in loss and map, and
a short training need not learn their means and scales.

Legend: B images, N = S·S tokens, C channels.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from ura_study.detectors.base import Detector, Scores
from ura_study.detectors.uniad.config import MaskedTransformerSettings, UniADSettings
from ura_study.detectors.uniad.transformer import MaskedTransformer, Transformer
from ura_study.detectors.uranet.statistics import to_tokens, token_statistics
from ura_study.features.batch import Batch
from ura_study.features.maps import FeatureMaps
from ura_study.features.transfer import sent
from ura_study.randomness import parted

#: Pixels of a cell of the grid at which the image's score is taken (the paper's: a grid of side 14, images of 224).
CELL = 16


class MaskedReconstruction(Detector):
    """What UniAD and OneNIP share: standardised tokens, which a masked transformer reconstructs."""

    mean: Tensor
    std: Tensor
    #: Buffers of which there are none before the detector is prepared or calibrated.
    late: ClassVar[tuple[str, ...]] = ("mean", "std")

    def __init__(self, settings: MaskedTransformerSettings, transformer: MaskedTransformer) -> None:
        super().__init__()
        self.settings = settings
        self.register_buffer("mean", torch.zeros(0))
        self.register_buffer("std", torch.zeros(0))
        self.transformer = transformer

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *arguments: object) -> None:
        """Make room for what is stored and has no size yet."""
        for name in self.late:
            setattr(self, name, self.mean.new_zeros(state_dict[f"{prefix}{name}"].shape))
        super()._load_from_state_dict(state_dict, prefix, *arguments)

    def prepare(self, train: FeatureMaps, generator: torch.Generator) -> None:
        """Compute the statistics of the training tokens, and draw the initial weights."""
        sampling, drawing = parted(generator, 2)
        self.mean = torch.zeros(train.channels, device=self.device)
        self.std = torch.ones_like(self.mean)
        if self.settings.standardise:
            statistics = token_statistics(train, self.device, sampling)
            self.mean, self.std = statistics.mean, statistics.std
        self.transformer.initialise(drawing)

    def tokens(self, features: Tensor) -> Tensor:
        """Return features (B, C, S, S) as tokens (B, N, C), standardised if the settings say so."""
        return (to_tokens(features) - self.mean) / self.std


class UniAD(MaskedReconstruction):
    """A transformer that reconstructs normal features; a token's score is its distance from its reconstruction."""

    def __init__(self, settings: UniADSettings, channels: int, map_size: int) -> None:
        super().__init__(settings, Transformer(settings, channels, map_size))

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        """Return the mean squared error of tokens that are reconstructed from noisy ones."""
        tokens = self.tokens(batch.features)
        error = functional.mse_loss(self.transformer(jittered(tokens, self.settings.jitter, generator)), tokens)
        return {"total": error, "reconstruction": error}

    @torch.no_grad()
    def score(self, batch: Batch, known: Tensor | None = None) -> Scores:
        """Return the lengths of the errors and, unless the settings compute it from the map, each image's score."""
        if not len(self.std):
            raise RuntimeError("the detector must be prepared before it scores")
        tokens = self.tokens(batch.features)
        error = (self.transformer(tokens) - tokens).norm(dim=2)  # (B, N)
        maps = error.view(len(batch), *batch.features.shape[2:])  # (B, N) -> (B, S, S)
        return Scores(maps, images=pooled(maps, maps.shape[1]) if self.settings.image_score == "pooled" else None)


def jittered(tokens: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Return tokens (B, N, C) with Gaussian noise on every channel: its deviation is `strength` · length / C."""
    noise = sent(torch.randn(tokens.shape, generator=generator), tokens.device)
    return tokens + noise * (strength / tokens.shape[2] * tokens.norm(dim=2, keepdim=True))


def pooled(maps: Tensor, side: int) -> Tensor:
    """Return for each of the maps (B, R, R) its largest mean over the square of one cell of S × S, anywhere (B,).

    `side` is S; a map may be finer.

    Example:
        >>> maps = torch.zeros(1, 4, 4)
        >>> maps[0, 1, 2] = 1
        >>> pooled(maps, side=4)  # falls off around its middle, since it is enlarged bilinearly
        tensor([0.6553])
    """
    large = functional.interpolate(maps[:, None], size=CELL * side, mode="bilinear", align_corners=True)
    return functional.avg_pool2d(large, CELL, stride=1).amax(dim=(1, 2, 3))
