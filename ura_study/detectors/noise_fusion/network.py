"""Noise fusion, the part of HetNet that the feature maps of one backbone allow, as a detector.

Yu et al., Noise Fusion-based Distillation Learning for Anomaly Detection in Complex Industrial Environments, IROS 2025,
arXiv 2506.16050.

HetNet fuses the levels of a CNN with those of a transformer, and two students learn from the result. The first is that
of reverse distillation: it gives the CNN's levels back. The second sees levels in which places are replaced by noise
(see `noise`), and learns to give them back without it.

Neither the paper's text nor code was at hand: the authors' repository holds the project's page, and says that the rest
is "coming soon". From the abstract, that page and its figure of the method: reconstruction and denoising, a student for
each with an embedding of its own behind one fusion of levels by 3 × 3 convolutions, and the noise.

Left out: the transformer, and the fusion of its features with those of the CNN ("ALGF"), before that of levels ("MHF").

Our own choice: networks, loss, training and map are those of `reverse_distillation`. The losses of both students are
added. The second student learns from the teacher; in the figure it learns from the first (`denoise_to: student`), which
it does not keep up with in a short training. What the two give back is averaged, and the map is how far that is from
the teacher's levels. There is no noise in scoring.

Legend: B images, C_l channels and H_l side of level l.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ura_study.detectors.noise_fusion.config import NoiseFusionSettings
from ura_study.detectors.noise_fusion.noise import LocalGaussians, local_gaussians, replaced
from ura_study.detectors.reverse_distillation.network import ReverseDistillation, by_level
from ura_study.detectors.reverse_distillation.student import Student, embedding
from ura_study.features.batch import Batch
from ura_study.features.maps import FeatureMaps
from ura_study.randomness import parted


class NoiseFusion(ReverseDistillation):
    """A student of the teacher's levels, and one that learns to give them back of noisy ones."""

    settings: NoiseFusionSettings  # type: ignore[assignment]
    noise: list[LocalGaussians]
    embedding: nn.Sequential
    denoiser: Student

    def _build(self, levels: Sequence[Sequence[int]]) -> None:
        super()._build(levels)
        self.embedding = embedding([own for own, _ in levels], self.settings.blocks).to(self.device)
        self.denoiser = self._student(levels)

    def prepare(self, train: FeatureMaps, generator: torch.Generator) -> None:
        """Make the networks, draw their weights, and keep what the noise is drawn from."""
        drawing, choosing = parted(generator, 2)
        super().prepare(train, drawing)
        self.noise = local_gaussians(train, self.device, choosing)

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        """Return the losses of both students and their sum."""
        given = self.reconstructed(self.bottleneck.fused(batch.layers), batch.layers)
        seen = replaced(batch.layers, self.noise, self.settings.noise, generator)
        wanted = [maps.detach() for maps in given] if self.settings.denoise_to == "student" else batch.layers
        reconstruction = by_level(batch.layers, given)["total"]
        denoising = by_level(wanted, self.denoised(self.bottleneck.fused(seen), seen))["total"]
        return {"total": reconstruction + denoising, "reconstruction": reconstruction, "denoising": denoising}

    def restored(self, levels: Sequence[Tensor]) -> list[Tensor]:
        """Return the mean of what both students give back of the teacher's levels, of the same shapes."""
        fused = self.bottleneck.fused(levels)
        pairs = zip(self.reconstructed(fused, levels), self.denoised(fused, levels), strict=True)
        return [(a + b) / 2 for a, b in pairs]

    def reconstructed(self, fused: Tensor, levels: Sequence[Tensor]) -> list[Tensor]:
        """Return what the first student gives back of levels that the bottleneck has fused, of their shapes."""
        return self.student(self.bottleneck.stage(fused), [maps.shape[2:] for maps in levels])

    def denoised(self, fused: Tensor, levels: Sequence[Tensor]) -> list[Tensor]:
        """Return what the second student gives back of levels that the bottleneck has fused, of their shapes."""
        return self.denoiser(self.embedding(fused), [maps.shape[2:] for maps in levels])
