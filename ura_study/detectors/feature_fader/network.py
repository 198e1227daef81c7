"""FADeR (Park et al., Feature Attenuation of Defective Representation Can Resolve Incomplete Masking on Anomaly
Detection, arXiv 2407.04597, 2024) in the form that feature maps allow, as a detector.

The paper inpaints images. One mask, which does not depend on chance, hides what is suspected to be defective, and a
network with skip connections reconstructs the image from the rest. A mask that covers a defect in part leaves the other
part to be seen, and reconstructed as it is. So two MLP layers say of each place how far its features are to be
attenuated on the skip connections, and what is attenuated is reconstructed as normal.

The abstract was at hand, and a short summary of the paper by others; not its text, and no code of the authors was
found. The abstract has: one deterministic mask, inpainting, two MLP layers, attenuation during decoding, hardly a
change of the network besides. The summary has: attenuation as a soft mask on skip connections, learned from signals for
each patch that are derived from reconstruction errors, for a model that was trained before, without labelled defects.

Our own choice is what these do not say, and what follows from feature maps:

- What is inpainted are standardised features of the frozen backbone, not pixels. The map is the root of the mean
  squared difference between them and their reconstruction.
- The mask hides the share `hidden` of the tokens: those around which tokens are the longest. (In EAR, by the same
  authors, a mask comes from the attention of a pre-trained transformer, and a mosaic hints at what is hidden.) It is
  there in training; in scoring only with `masking`, since a hidden token has a large error even where it is normal.
- Errors come from synthetic defects, URA-Net's noise on features. The signal is how much worse the reconstruction of
  the normal features explains the defective ones, on a scale of 0 to 1: half where that is as much as the mean error.
- U-Net and MLP are trained in the same steps, but no gradient leads from one to the other, so `attenuation` is a
  setting of the scoring alone. (Gradients of both are clipped together.) The MLP learns at five times the U-Net's rate.

Legend: B images, C channels, S side of the grid, N = S·S tokens, S_l side of skip connection l.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ura_study.detectors.base import Detector, Scores
from ura_study.detectors.feature_fader.config import FeatureFADeRSettings
from ura_study.detectors.feature_fader.inpainting import Attenuation, UNet, at_skips, draw_weights
from ura_study.detectors.uranet.statistics import to_tokens, token_statistics
from ura_study.detectors.uranet.synthesis import corrupt
from ura_study.detectors.uranet.synthesis_config import NoiseSettings
from ura_study.features.batch import Batch
from ura_study.features.maps import FeatureMaps
from ura_study.randomness import parted

#: The synthetic defects: URA-Net's defaults.
DEFECTS = NoiseSettings()
#: Learning rate of the MLP as a multiple of `training.lr`.
RATE = 5.0
#: Side in tokens of the square over which lengths are averaged for the mask.
AROUND = 3


class FeatureFADeR(Detector):
    """A U-Net that inpaints features, and the attenuation of its skip connections."""

    mean: Tensor
    std: Tensor
    settings: FeatureFADeRSettings

    def __init__(self, settings: FeatureFADeRSettings, channels: int, map_size: int) -> None:
        super().__init__()
        self.settings = settings
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("std", torch.ones(channels))
        self.unet, self.attenuation = UNet(channels, settings.width), Attenuation(settings.width)

    def prepare(self, train: FeatureMaps, generator: torch.Generator) -> None:
        """Compute the statistics of the training tokens, and draw the initial weights."""
        sampling, inpainting, attenuating = parted(generator, 3)
        statistics = token_statistics(train, self.device, sampling)
        self.mean, self.std = statistics.mean, statistics.std
        draw_weights(self.unet, inpainting)
        draw_weights(self.attenuation, attenuating)
        with torch.no_grad():
            self.unet.outward.weight.zero_()

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Return the U-Net, and the MLP with its own multiple of the learning rate."""
        return [
            {"params": list(self.unet.parameters())},
            {"params": list(self.attenuation.parameters()), "lr_factor": RATE},
        ]

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        """Return the squared error of the inpainting, the cross-entropy of the attenuation, and their sum."""
        normal = self.maps(batch)
        visible = mask(normal, self.settings.hidden)
        found = self.unet(normal, visible)
        error = functional.mse_loss(found, normal)
        tokens, _ = corrupt(to_tokens(normal), DEFECTS, generator)
        defective = tokens.transpose(1, 2).view_as(normal)  # (B, N, C) -> (B, C, N) -> (B, C, S, S)
        levels = self.unet.encoded(defective, visible)
        said = self.unet.decoded(levels, visible, self.attenuation)[1]
        wanted = at_skips(signal(normal, defective, found.detach()), levels)
        pairs = zip(said, wanted, strict=True)
        unlike = torch.stack([functional.binary_cross_entropy_with_logits(*pair) for pair in pairs]).mean()
        return {"total": error + unlike, "reconstruction": error, "attenuation": unlike}

    @torch.no_grad()
    def score(self, batch: Batch, known: Tensor | None = None) -> Scores:
        """Return how far each token is from its reconstruction, in standard deviations of a channel."""
        maps = self.maps(batch)
        return Scores((self.reconstructed(maps) - maps).square().mean(dim=1).sqrt())  # (B, C, S, S) -> (B, S, S)

    def reconstructed(self, maps: Tensor) -> Tensor:
        """Return the reconstruction of standardised maps (B, C, S, S), masked and attenuated as the settings say."""
        visible = mask(maps, self.settings.hidden if self.settings.masking else 0.0)
        attenuation = self.attenuation if self.settings.attenuation else None
        return self.unet.decoded(self.unet.encoded(maps, visible), visible, attenuation)[0]

    def maps(self, batch: Batch) -> Tensor:
        """Return the features of a batch (B, C, S, S), standardised."""
        return (batch.features - self.mean[:, None, None]) / self.std[:, None, None]


def mask(maps: Tensor, hidden: float) -> Tensor:
    """Return which tokens of maps (B, C, S, S) can be seen, 1 or 0, (B, 1, S, S).

    Hidden is the share `hidden` of each image around which the mean square over channels is the largest.

    Example:
        >>> maps = torch.zeros(1, 1, 3, 3)
        >>> maps[0, 0, 0, 0] = 5
        >>> mask(maps, 0.11)  # a corner has the smallest neighbourhood, so its own share of the mean is the largest
        tensor([[[[0., 1., 1.],
                  [1., 1., 1.],
                  [1., 1., 1.]]]])
    """
    squares = maps.square().mean(dim=1)  # (B, S, S)
    around = functional.avg_pool2d(squares, AROUND, stride=1, padding=AROUND // 2, count_include_pad=False)
    places = around.flatten(1)  # (B, N)
    chosen = places.topk(round(hidden * places.shape[1]), dim=1).indices
    return torch.ones_like(places).scatter(1, chosen, 0.0).view_as(around)[:, None]


def signal(normal: Tensor, defective: Tensor, found: Tensor) -> Tensor:
    """Return how far each place is to be attenuated, 0..1, (B, 1, S, S).

    Of maps (B, C, S, S), `found` is the reconstruction of the normal ones. Its squared error is larger where features
    are defective: the signal is e / (e + m) for an error that is larger by e, with m the mean error of the normal ones.

    Example:
        >>> normal, found = torch.tensor([[[[0.0, 0.0]]]]), torch.tensor([[[[1.0, 1.0]]]])
        >>> signal(normal, torch.tensor([[[[0.0, 3.0]]]]), found)  # errors 1 and 4, of which 1 is usual
        tensor([[[[0.0000, 0.7500]]]])
    """
    usual = (found - normal).square().mean(dim=1, keepdim=True)
    more = ((found - defective).square().mean(dim=1, keepdim=True) - usual).relu()
    return more / (more + usual.mean()).clamp_min(torch.finfo(usual.dtype).tiny)
