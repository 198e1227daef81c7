"""PCSNet (Jiang, Cao & Shen, Prototypical Learning Guided Context-Aware Segmentation Network for Few-Shot Anomaly
Detection, IEEE Transactions on Neural Networks and Learning Systems 2024, arXiv 2512.15319) as a detector.

Two networks are trained together, on a few normal images and on the same with pieces moved about (see `pieces`):

    adaption        a linear layer adapts tokens, which know their place. A prototype for each position is the mean of
                    the tokens there, adapted by the initial weights, and stays. A normal token should be near its
                    three nearest prototypes, a token of a moved piece beyond a margin; and of a batch in which half of
                    the images are altered, the altered ones should have the largest distances.
    segmentation    from adapted tokens and their distances to the 200 nearest prototypes to the map of what was moved

The abstract was at hand, not the text. From the authors' code: all that, the constants, the loss and its weights (here
all divided by 1,000, so that gradients are not clipped; AdamW does not depend on their scale), the learning rates, and
the map, which is the segmentation's output.

Our own choice: one linear layer for the tokens of all levels together, where the authors have one for each; and tokens
beyond the margin by their own three nearest prototypes, each weighted by the share of it that was moved. (The authors'
code takes the three smallest along the width of the map, where those that were not moved count 0, so that, as we read
it, this term does not reach the features.) Channels are standardised before (`standardise`).

Legend: B images, N = S·S tokens and prototypes, C channels, M distances, H side of the images.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ura_study.detectors.base import Detector, Scores, batches
from ura_study.detectors.pcsnet.config import PCSNetSettings
from ura_study.detectors.pcsnet.segmentation import Segmentation, averaged, resized
from ura_study.detectors.pieces import changed, moved_about
from ura_study.detectors.uranet.statistics import to_tokens, token_statistics
from ura_study.features.batch import Batch
from ura_study.features.maps import FeatureMaps
from ura_study.features.transfer import sent
from ura_study.randomness import parted

#: Learning rates as shares of `training.lr`: with its default of 2e-3 they are the authors' 1e-3 and 1e-4.
ADAPTION_RATE, SEGMENTATION_RATE = 0.5, 0.05
#: Prototypes that a token should be near to or far from, and to which the segmentation is told its distances.
NEAREST, TOLD = 3, 200
#: Initial radius of the normal tokens, and the margin beyond it.
RADIUS, MARGIN = 1e-5, 0.2
#: Distances of an image of which the mean is compared with other images, the largest ones.
LARGEST = 50
#: Weights of the disparity and of the segmentation, relative to those of the distances.
DISPARITY, SEGMENTATION = 0.05, 0.04
#: Images that are adapted at once for the prototypes.
AT_ONCE = 8


class PCSNet(Detector):
    """Adapted tokens, prototypes of them, and a network that segments by both."""

    std: Tensor
    prototypes: Tensor
    places: Tensor

    def __init__(self, settings: PCSNetSettings, channels: int, map_size: int) -> None:
        super().__init__()
        self.settings = settings
        self.register_buffer("std", torch.ones(channels))
        self.register_buffer("prototypes", torch.zeros(map_size**2, channels))
        self.register_buffer("places", places(map_size), persistent=False)
        self.radius = nn.Parameter(torch.tensor(RADIUS))
        self.adaption = nn.Linear(channels + 2, channels)
        self.told = min(TOLD, map_size**2)
        self.segmentation = Segmentation(channels, self.told, settings.width, map_size)

    @torch.no_grad()
    def prepare(self, train: FeatureMaps, generator: torch.Generator) -> None:
        """Draw the initial weights, and compute the prototypes by them."""
        sampling, drawing = parted(generator, 2)
        if self.settings.standardise:
            self.std = token_statistics(train, self.device, sampling).std
        draw_weights(self, drawing)
        parts = [self.adapted(train.batch(index, self.device).features) for index in batches(train, AT_ONCE)]
        self.prototypes = torch.cat(parts).mean(dim=0)  # (N, C)

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Return adaption and segmentation, each with its own learning rate."""
        return [
            {"params": [*self.adaption.parameters(), self.radius], "lr_factor": ADAPTION_RATE},
            {"params": list(self.segmentation.parameters()), "lr_factor": SEGMENTATION_RATE},
        ]

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        """Return the four terms of the loss, weighted, and their sum."""
        altered = moved_about(batch.images, self.settings.most_pieces, generator)
        moved = sent(changed(batch.images, altered).float(), self.device)  # (B, H, H)
        normal, other = self.adapted(batch.features), self.adapted(batch.features_of(altered))  # (B, N, C)
        near, far = self.distances(normal), self.distances(other)  # (B, N, M)
        outside = averaged(moved[:, None], batch.features.shape[-1]).flatten(1)  # (B, N)
        mixed = sent(half(len(batch), generator), self.device)  # (B,) bool: where the altered image is taken
        found = self.segmented(
            torch.where(mixed[:, None, None], other, normal), torch.where(mixed[:, None, None], far, near), generator
        )
        wanted = moved * mixed[:, None, None]
        distances = torch.where(mixed[:, None, None], far, near)[:, :, :NEAREST]
        terms = {
            "attraction": (near[:, :, :NEAREST] - self.radius**2).relu().mean(),
            "repulsion": (outside[:, :, None] * ((self.radius + MARGIN) ** 2 - far[:, :, :NEAREST]).relu()).mean(),
            "disparity": DISPARITY * disparity(distances.flatten(1), mixed),
            "segmentation": SEGMENTATION * functional.mse_loss(resized(found[:, None], moved.shape[-1])[:, 0], wanted),
        }
        return {"total": torch.stack(list(terms.values())).sum(), **terms}

    @torch.no_grad()
    def score(self, batch: Batch, known: Tensor | None = None) -> Scores:
        """Return the segmentation's map and, if the settings say so, its maximum for each image."""
        self.eval()
        tokens = self.adapted(batch.features)
        maps = self.segmented(tokens, self.distances(tokens))
        return Scores(maps, images=maps.amax(dim=(1, 2)) if self.settings.image_score == "max" else None)

    def adapted(self, features: Tensor) -> Tensor:
        """Return the adapted tokens (B, N, C) of features (B, C, S, S)."""
        tokens = to_tokens(features) / self.std
        return self.adaption(torch.cat([tokens, self.places.expand(len(tokens), -1, -1)], dim=2))

    def distances(self, tokens: Tensor) -> Tensor:
        """Return the distances (B, N, M) of adapted tokens to their nearest prototypes, the nearest first."""
        return torch.cdist(tokens, self.prototypes[None]).topk(self.told, dim=2, largest=False).values

    def segmented(self, tokens: Tensor, distances: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Return the map (B, S, S) by tokens (B, N, C) and distances (B, N, M)."""
        side = math.isqrt(tokens.shape[1])
        on_grid = (given.mT.unflatten(2, (side, side)) for given in (tokens, distances))  # (B, N, C) -> (B, C, S, S)
        return self.segmentation(*on_grid, generator)


def places(side: int) -> Tensor:
    """Return the column and the row (N, 2) of each token of an S × S grid, from −1 to 1."""
    along = torch.linspace(-1, 1, side)
    rows, columns = torch.meshgrid(along, along, indexing="ij")
    return torch.stack([columns, rows], dim=2).flatten(0, 1)  # (S, S, 2) -> (N, 2)


def half(images: int, generator: torch.Generator) -> Tensor:
    """Return which images are altered in a batch, (B,) bool: half of them, or one more than the smaller half."""
    return torch.randperm(images, generator=generator) < (images + 1) // 2


def disparity(distances: Tensor, altered: Tensor) -> Tensor:
    """Return the cross entropy of the share that each image of a batch has in a softmax over the batch.

    It is summed over the images that are `altered` (B,), and is small where these have the larger scores. An image's
    score is the mean of the largest of its `distances` (B, D).

    Example:
        >>> disparity(torch.tensor([[1.0], [1.0]]), torch.tensor([True, False]))  # −log ½
        tensor(0.6931)
    """
    scores = distances.topk(min(LARGEST, distances.shape[1]), dim=1).values.mean(dim=1)  # (B,)
    return -(scores.log_softmax(dim=0) * altered).sum()


@torch.no_grad()
def draw_weights(network: nn.Module, generator: torch.Generator) -> None:
    """Draw weights and biases of all layers, uniform within 1 / √(inputs of a unit), as PyTorch does of itself."""
    for layer in network.modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            bound = 1 / math.sqrt(layer.weight[0].numel())
            for weight in (layer.weight, layer.bias):
                if weight is not None:
                    weight.copy_(bound * (2 * torch.rand(weight.shape, generator=generator) - 1))
