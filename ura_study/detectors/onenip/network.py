"""OneNIP (Gao, Learning to Detect Multi-class Anomalies with Just One Normal Image Prompt, ECCV 2024, arXiv 2505.09264)
as a detector. UniAD in which a normal image of the category, the prompt, takes the place of learned queries:

    reconstruction   noisy tokens of a normal image are given back without the noise (mean squared error)
    restoration      so are those of the same image with a synthetic defect: wanted is what it was before
    refiner          learns from both where the defect is, from the size of the error in each channel (Dice's loss)

The abstract and the figure of the method were at hand, not the text. From the authors' code, in the version that mended
the decoder: the transformer (see `transformer`), the refiner and its weight in the loss; that in training each image's
prompt is another image of its category, drawn anew; and that the map is one half the length of the error, the other
half what the refiner says, 0..1, times the middle of the range of those lengths. The image's score is UniAD's.

Our own choice:

- In scoring, the prompt of a category is one training image, drawn once, where the authors draw one for each image. The
  category of an image is not told: the prompt is the one whose mean token is the most similar (cosine).
- The range of the lengths is that of some training images with and without defects; the authors take the test images.
- Both halves are added on the refiner's grid, and its loss is taken there, by the share of each position that is
  covered, where the authors enlarge them to the image first.
- The refiner learns at a tenth of the transformer's rate. At the same rate it may end where it says 0 everywhere, to
  which Dice's loss drives it on images without defects.
- Defects are made without further data (see `anomalies`), and what is said in `uniad`: channels are standardised.

Legend: B images, P prompts, N = S·S tokens, C channels, R = 4 S side of the refiner's map.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ura_study.detectors.base import Scores, batches
from ura_study.detectors.onenip.anomalies import with_defects
from ura_study.detectors.onenip.config import OneNIPSettings
from ura_study.detectors.onenip.refiner import FINER, Refiner, dice_loss
from ura_study.detectors.onenip.transformer import PromptedTransformer
from ura_study.detectors.uniad.network import MaskedReconstruction, jittered, pooled
from ura_study.detectors.uniad.transformer import draw_weights
from ura_study.features.batch import Batch
from ura_study.features.maps import FeatureMaps
from ura_study.features.transfer import sent
from ura_study.randomness import parted

#: Weight of the refiner's loss, its share of the map, and its learning rate as a share of `training.lr`.
LOSS, SHARE, RATE = 0.5, 0.5, 0.1
#: Training images, at most, of which the range of the errors' lengths is taken, and how many at a time.
RANGED, BATCH = 32, 8


class OneNIP(MaskedReconstruction):
    """A transformer that reconstructs an image from a normal one; a token's score is its distance from that."""

    settings: OneNIPSettings
    transformer: PromptedTransformer
    prompts: Tensor
    middle: Tensor
    late = (*MaskedReconstruction.late, "prompts")

    def __init__(self, settings: OneNIPSettings, channels: int, map_size: int) -> None:
        super().__init__(settings, PromptedTransformer(settings, channels, map_size))
        self.refiner = Refiner(channels) if settings.refiner else None
        self.register_buffer("prompts", torch.zeros(0))
        self.register_buffer("middle", torch.ones(()))

    def prepare(self, train: FeatureMaps, generator: torch.Generator) -> None:
        """Compute the statistics of the training tokens, and draw the initial weights."""
        super().prepare(train, generator)
        if self.refiner is not None:
            draw_weights(self.refiner, generator)

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Return the transformer, and the refiner with its own share of the learning rate."""
        refiner = [] if self.refiner is None else [{"params": list(self.refiner.parameters()), "lr_factor": RATE}]
        return [{"params": list(self.transformer.parameters())}, *refiner]

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        """Return the squared errors of the streams, as parts of their mean, the refiner's loss, and the sum of all."""
        prompting, drawing, noise, others = parted(generator, 4)
        normal, prompts = self.tokens(batch.features), self.tokens(batch.companions(prompting).features)
        tokens, own = normal, torch.arange(len(normal), device=self.device)
        if self.settings.synthesis:
            defective, covered = self._with_defects(batch, drawing)
            tokens, own = torch.cat([normal, defective]), own.repeat(2)
        strength = self.settings.jitter
        found = self.transformer(jittered(tokens, strength, noise), jittered(prompts, strength, others), own)
        streams = ("reconstruction", "restoration") if self.settings.restoration else ("reconstruction",)
        given = zip(streams, found.split(len(normal)), strict=False)
        terms = {name: functional.mse_loss(part, normal) / len(streams) for name, part in given}
        if self.refiner is not None:
            wanted = torch.cat([torch.zeros_like(covered), covered])
            terms["refinement"] = LOSS * dice_loss(self._refined(found - tokens), wanted)
        return {"total": torch.stack(list(terms.values())).sum(), **terms}

    @torch.no_grad()
    def calibrate(self, train: FeatureMaps, generator: torch.Generator) -> None:
        """Draw a prompt for each category and, for the refiner, find the range of the errors' lengths."""
        choosing, drawing = parted(generator, 2)
        order, labels = torch.randperm(len(train), generator=choosing), train.batch(slice(None)).labels
        chosen = [int(order[labels[order] == category][0]) for category in labels.unique()]
        self.prompts = self.tokens(train.batch(chosen, self.device).features)
        if self.refiner is not None:
            some = train.subset(order[:RANGED].tolist())
            parts = [some.batch(index, self.device) for index in batches(some, BATCH)]
            lengths = torch.cat([self._lengths(part, drawing) for part in parts])
            self.middle = (lengths.min() + lengths.max()) / 2

    @torch.no_grad()
    def score(self, batch: Batch, known: Tensor | None = None) -> Scores:
        """Return the maps, finer than the grid where there is a refiner, and the images' scores as the settings say."""
        if not len(self.prompts):
            raise RuntimeError("the detector must be calibrated before it scores")
        self.eval()
        errors = self._errors(self.tokens(batch.features))
        maps = self._on_grid(errors.norm(dim=2, keepdim=True))  # (B, 1, S, S)
        side = maps.shape[3]
        if self.refiner is not None:
            large = functional.interpolate(maps, scale_factor=FINER, mode="bilinear", align_corners=True)
            maps = (1 - SHARE) * large + SHARE * self.middle * self._refined(errors)[:, None]  # (B, 1, R, R)
        maps = maps[:, 0]
        return Scores(maps, images=pooled(maps, side) if self.settings.image_score == "pooled" else None)

    def _with_defects(self, batch: Batch, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return the tokens (B, N, C) of images with defects, and the share of each position that these cover."""
        images, masks = with_defects(batch.images, generator)
        features = batch.features_of(images)
        fine = FINER * features.shape[3]
        covered = functional.adaptive_avg_pool2d(sent(masks, self.device).float(), fine)  # (B, H, H) -> (B, R, R)
        return self.tokens(features), covered

    def _errors(self, tokens: Tensor) -> Tensor:
        """Return what tokens (B, N, C) lack of their reconstruction, each image's from the most similar prompt."""
        mine, theirs = (functional.normalize(x.mean(dim=1), dim=1) for x in (tokens, self.prompts))  # (B, C), (P, C)
        return self.transformer(tokens, self.prompts, (mine @ theirs.T).argmax(dim=1)) - tokens

    def _lengths(self, batch: Batch, generator: torch.Generator) -> Tensor:
        """Return the lengths of the errors of images as they are and with defects, (2 B·N,)."""
        both = torch.cat([self.tokens(batch.features), self._with_defects(batch, generator)[0]])
        return self._errors(both).norm(dim=2).flatten()

    def _refined(self, errors: Tensor) -> Tensor:
        """Return where the refiner sees defects, 0..1, (B, R, R), by errors (B, N, C)."""
        assert self.refiner is not None
        return self.refiner(self._on_grid(errors.abs())).float().sigmoid()

    def _on_grid(self, tokens: Tensor) -> Tensor:
        side = len(self.transformer.rows)
        return tokens.mT.unflatten(2, (side, side))  # (B, N, C) -> (B, C, N) -> (B, C, S, S)
