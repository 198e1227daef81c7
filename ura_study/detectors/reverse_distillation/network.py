"""Reverse distillation (Deng & Li, Anomaly Detection via Reverse Distillation from One-Class Embedding, CVPR 2022,
arXiv 2201.10703) as a detector.

The frozen backbone is the teacher. Its levels pass a bottleneck, and a student gives all of them back from the compact
embedding. It is trained on normal images alone, so it fails elsewhere: the map is the sum over levels of 1 − cosine
similarity between what the teacher says and what the student does, at each position.

The paper's text was not at hand. From the authors' code: the networks (see `student`); the loss, a sum over levels of
1 − cosine similarity of the whole flattened maps, as a mean over images; the learning rate; the sum of maps, each
interpolated bilinearly (corners aligned); and the image's score, the maximum of the smoothed map.

Our own choice: maps are summed on the grid of `features.map_size` and then resized like the map of any detector. The
training is that of all detectors: AdamW with warm-up, cosine decay and clipped gradients, where the authors have Adam
with betas 0.5 and 0.999 at a constant rate. The last weights are the result; the authors' last ones, too.

Legend: B images, C_l channels and H_l side of level l, S side of the grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ura_study.detectors.base import Detector, Scores
from ura_study.detectors.reverse_distillation.config import ReverseDistillationSettings
from ura_study.detectors.reverse_distillation.student import Bottleneck, Student, draw_weights
from ura_study.features.batch import Batch
from ura_study.features.maps import FeatureMaps

#: Learning rate as a multiple of `training.lr`: with its default of 2e-3 it is the authors' 5e-3.
RATE = 2.5


class ReverseDistillation(Detector):
    """A student of the teacher's levels, which sees them through a bottleneck."""

    levels: Tensor
    bottleneck: Bottleneck
    student: Student

    def __init__(self, settings: ReverseDistillationSettings, channels: int, map_size: int) -> None:
        super().__init__()
        self.settings, self.map_size = settings, map_size
        self.register_buffer("levels", torch.zeros(0, 2, dtype=torch.int64))  # channels and side of each, finest first

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *arguments: object) -> None:
        """Make the networks of the stored sizes, which depend on the teacher."""
        self._build(state_dict[f"{prefix}levels"].tolist())
        super()._load_from_state_dict(state_dict, prefix, *arguments)

    def _build(self, levels: Sequence[Sequence[int]]) -> None:
        channels, sides = zip(*levels, strict=True)
        device = self.device
        self.levels = torch.tensor(levels, device=device)
        self.bottleneck = Bottleneck(channels, sides, self.settings.blocks).to(device)
        self.student = self._student(levels)

    def _student(self, levels: Sequence[Sequence[int]]) -> Student:
        """Return a student of levels with these channels and sides."""
        channels, sides = zip(*levels, strict=True)
        transposed = self.settings.upsampling == "transposed"
        return Student(channels, sides, self.settings.blocks, transposed).to(self.device)

    def prepare(self, train: FeatureMaps, generator: torch.Generator) -> None:
        """Make the networks and draw their weights; of the training images only the sizes of the maps are looked at."""
        self._build([[maps.shape[1], maps.shape[3]] for maps in train.layers])
        draw_weights(self, generator)

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Return all parameters, with their share of the learning rate."""
        return [{"params": list(self.parameters()), "lr_factor": RATE}]

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        """Return the loss of each level and their sum."""
        return by_level(batch.layers, self.restored(batch.layers))

    @torch.no_grad()
    def score(self, batch: Batch, known: Tensor | None = None) -> Scores:
        """Return the map and, if the settings say so, its maximum for each image."""
        if not len(self.levels):
            raise RuntimeError("the detector must be prepared before it scores")
        self.eval()
        each = zip(batch.layers, self.restored(batch.layers), strict=True)
        maps = torch.stack([self._on_grid(distance(taught, own)) for taught, own in each]).sum(dim=0)  # (B, S, S)
        return Scores(maps, images=maps.amax(dim=(1, 2)) if self.settings.image_score == "max" else None)

    def restored(self, levels: Sequence[Tensor]) -> list[Tensor]:
        """Return what the student gives back of the teacher's levels (B, C_l, H_l, H_l), of the same shapes."""
        return self.student(self.bottleneck(levels), [maps.shape[2:] for maps in levels])

    def _on_grid(self, maps: Tensor) -> Tensor:
        size = (self.map_size, self.map_size)
        return functional.interpolate(maps[:, None], size=size, mode="bilinear", align_corners=True)[:, 0]


def by_level(taught: Sequence[Tensor], given: Sequence[Tensor]) -> dict[str, Tensor]:
    """Return the loss of each level (B, C_l, H_l, H_l) that was given back, and their sum as `total`."""
    terms = [unlike(*pair) for pair in zip(taught, given, strict=True)]
    return {"total": torch.stack(terms).sum(), **{f"level_{n}": term for n, term in enumerate(terms, start=1)}}


def unlike(taught: Tensor, given: Tensor) -> Tensor:
    """Return 1 − cosine similarity of whole maps (B, C, H, W), as a mean over images: 0 where they are proportional.

    Example:
        >>> unlike(torch.tensor([[[[1.0, 0.0]]]]), torch.tensor([[[[1.0, 1.0]]]]))
        tensor(0.2929)
    """
    return 1 - functional.cosine_similarity(taught.flatten(1), given.flatten(1)).mean()


def distance(taught: Tensor, given: Tensor) -> Tensor:
    """Return 1 − cosine similarity at each position of maps (B, C, H, W), (B, H, W), 0..2."""
    return 1 - functional.cosine_similarity(taught, given)
