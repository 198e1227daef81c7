"""MRKD (Jiang, Cao & Shen, A Masked Reverse Knowledge Distillation Method Incorporating Global and Local Information
for Image Anomaly Detection, Knowledge-Based Systems 2023, arXiv 2512.15326) as a detector.

Reverse distillation in which the student does not copy but restores, at two levels:

    image masking      the teacher sees an image of which pieces were moved; wanted is what it says of the image itself
    feature masking    positions of each of the student's levels are set to 0, and a head makes the level from the rest

The abstract was at hand, not the text. From the authors' code: the pieces (see `pieces`), the share of hidden
positions, drawn for each image, position and level, the heads (two 3 × 3 convolutions with a ReLU between, applied to
what is shown of a level, while the student's next level is made from all of it), and all that is reverse
distillation's.

Our own choice: nothing is hidden in scoring, so that it makes no random draws, where the authors' code hides positions
there, too; and that of `reverse_distillation`.

Legend: B images, C_l channels and H_l side of level l.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ura_study.detectors.mrkd.config import MRKDSettings
from ura_study.detectors.pieces import moved_about
from ura_study.detectors.reverse_distillation.network import ReverseDistillation, by_level
from ura_study.detectors.reverse_distillation.student import draw_weights
from ura_study.features.batch import Batch
from ura_study.features.maps import FeatureMaps
from ura_study.features.transfer import sent


class MRKD(ReverseDistillation):
    """A student that restores the teacher's levels of the whole image from those of a masked one."""

    settings: MRKDSettings  # type: ignore[assignment]
    heads: nn.ModuleList

    def _build(self, levels: Sequence[Sequence[int]]) -> None:
        super()._build(levels)
        self.heads = nn.ModuleList(head(channels) for channels, _ in levels).to(self.device)

    def prepare(self, train: FeatureMaps, generator: torch.Generator) -> None:
        """Make the networks and draw their weights."""
        super().prepare(train, generator)
        draw_weights(self.heads, generator)

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        """Return the loss of each level and their sum."""
        seen = batch.layers
        if self.settings.image_masking:
            seen = batch.through_backbone(moved_about(batch.images, self.settings.most_pieces, generator))
        return by_level(batch.layers, self.restored(seen, [self._shown(maps, generator) for maps in batch.layers]))

    def _shown(self, maps: Tensor, generator: torch.Generator) -> Tensor:
        """Return which positions (B, 1, H_l, H_l) of a level are shown (1) and which are hidden (0)."""
        draws = torch.rand(maps.shape[0], 1, *maps.shape[2:], generator=generator)
        return sent((draws >= self.settings.feature_masking).float(), maps.device)

    def restored(self, levels: Sequence[Tensor], shown: Sequence[Tensor] | None = None) -> list[Tensor]:
        """Return what heads make of the student's levels where these are `shown` (1 or 0); None: everywhere."""
        given = super().restored(levels)
        parts = given if shown is None else [maps * mask for maps, mask in zip(given, shown, strict=True)]
        return [each(maps) for each, maps in zip(self.heads, parts, strict=True)]


def head(channels: int) -> nn.Sequential:
    """Return the network that makes a level (B, C, H, W) from what is shown of it."""
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU(), nn.Conv2d(channels, channels, 3, padding=1)
    )
