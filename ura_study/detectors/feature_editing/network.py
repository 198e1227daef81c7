"""Feature editing on feature maps: tokens are edited into normal ones and restored, and the error is the score.

The idea is named after MCAFE's feature editing, of which neither text nor code nor abstract was found: nothing here is
known to be MCAFE's. The form is that of LafitE (Yin et al., Latent Diffusion Model with Feature Editing for
Unsupervised Multi-class Anomaly Detection, arXiv 2307.08059), of which the abstract and a reader's summary were at
hand. Each token is replaced by a weighted mean of the K nearest of a coreset of normal tokens. A denoiser trained on
normal features restores what that gives. The map is the length of the difference between restored and original tokens.

Left out: the diffusion model. Our own choice in its place is a convolutional denoiser of one step, trained to remove
Gaussian noise of one level from standardised normal features (mean squared error). It adds its output to what it sees,
and begins as the identity. So it may copy an anomaly (the "identity shortcut"), which editing is to prevent, and which
`edit: false` allows. Editing takes place in scoring alone, so that the control shares the training.

Legend: B images, N = S·S tokens, C channels, M tokens in memory.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from ura_study.detectors.base import Detector, Scores
from ura_study.detectors.feature_editing.config import FeatureEditingSettings
from ura_study.detectors.feature_editing.editing import edited
from ura_study.detectors.patchcore.config import PatchCoreSettings
from ura_study.detectors.patchcore.memory import PatchCore
from ura_study.detectors.simplenet.network import with_noise
from ura_study.detectors.uniad.network import pooled
from ura_study.detectors.uniad.transformer import draw_weights
from ura_study.detectors.uranet.statistics import to_tokens, token_statistics
from ura_study.features.batch import Batch
from ura_study.features.maps import FeatureMaps
from ura_study.randomness import parted

#: Groups of channels of the denoiser that are normalised together.
GROUPS = 8


class FeatureEditing(Detector):
    """A memory that edits tokens into normal ones, and a denoiser that restores these."""

    mean: Tensor

    def __init__(self, settings: FeatureEditingSettings, channels: int, map_size: int) -> None:
        super().__init__()
        self.settings = settings
        self.bank = PatchCore(PatchCoreSettings(coreset=settings.coreset, standardise=True), channels, map_size)
        self.register_buffer("mean", torch.zeros(channels))
        self.denoiser = Denoiser(channels, settings.width, settings.depth)

    def prepare(self, train: FeatureMaps, generator: torch.Generator) -> None:
        """Choose the memory, compute the mean of the training tokens, and draw the initial weights."""
        choosing, sampling, drawing = parted(generator, 3)
        self.bank.prepare(train, choosing)
        self.mean = token_statistics(train, self.device, sampling).mean / self.bank.std
        self.denoiser.initialise(drawing)

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        """Return the mean squared error of tokens that are restored from noisy ones."""
        tokens = self.tokens(batch.features)
        error = functional.mse_loss(self.restored(with_noise(tokens, self.settings.noise, generator)), tokens)
        return {"total": error, "reconstruction": error}

    @torch.no_grad()
    def score(self, batch: Batch, known: Tensor | None = None) -> Scores:
        """Return the lengths of the errors and, unless the settings compute it from the map, each image's score."""
        if not len(self.bank.memory):
            raise RuntimeError("the detector must be prepared before it scores")
        tokens = self.tokens(batch.features)
        error = (self.restored(self.seen(tokens)) - tokens).norm(dim=2)  # (B, N)
        maps = error.view(len(batch), *batch.features.shape[2:])  # (B, N) -> (B, S, S)
        return Scores(maps, images=pooled(maps, maps.shape[1]) if self.settings.image_score == "pooled" else None)

    def tokens(self, features: Tensor) -> Tensor:
        """Return features (B, C, S, S) as tokens (B, N, C), each channel divided by its standard deviation."""
        return to_tokens(features) / self.bank.std

    def seen(self, tokens: Tensor) -> Tensor:
        """Return what the denoiser sees of tokens (B, N, C): the same edited, or as they are in the control."""
        if not self.settings.edit:
            return tokens
        return torch.stack([edited(image, self.bank.memory, self.settings.neighbours) for image in tokens])

    def restored(self, tokens: Tensor) -> Tensor:
        """Return tokens (B, N, C) with what the denoiser adds to them."""
        side = math.isqrt(tokens.shape[1])
        maps = (tokens - self.mean).mT.unflatten(2, (side, side))  # (B, N, C) -> (B, C, S, S)
        return tokens + to_tokens(self.denoiser(maps))


class Denoiser(nn.Module):
    """Convolutions that say what is to be added to noisy maps (B, C, S, S)."""

    def __init__(self, channels: int, width: int, depth: int) -> None:
        super().__init__()
        self.inward, self.outward = nn.Conv2d(channels, width, 1), nn.Conv2d(width, channels, 1)
        self.blocks = nn.ModuleList(_block(width) for _ in range(depth))

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Draw the initial weights. The last layer begins at zero: nothing is added."""
        draw_weights(self, generator)
        self.outward.weight.zero_()

    def forward(self, maps: Tensor) -> Tensor:
        """Return what is to be added to the maps (B, C, S, S)."""
        hidden = self.inward(maps)
        for block in self.blocks:
            hidden = (hidden + block(hidden)).relu()
        return self.outward(hidden)


def _block(width: int) -> nn.Sequential:
    """Return two convolutions, what a residual block adds."""
    layers: list[nn.Module] = []
    for _ in range(2):
        layers += [nn.Conv2d(width, width, 3, padding=1), nn.GroupNorm(GROUPS, width), nn.ReLU()]
    return nn.Sequential(*layers[:-1])
