"""PRADOT (Trombetta & Lartizien, Learning local and global prototypes with optimal transport for unsupervised anomaly
detection and localization, arXiv 2508.12927) as a detector.

Each level of the backbone has prototypes for each weight of the spatial cost. A prototype has a fixed place and learned
features. In each step the tokens of a batch are transported to the prototypes at least cost (see `transport`), and a
prototype's features move towards the mean of what it receives, as an exponential moving average. A token's score is its
cost to the closest prototype. Maps of all levels and weights are averaged, each counting as often as it has prototypes:
level 2 four times as much as level 3. The largest value of the result is the image's score.

Of the paper, only the abstract and the caption of its overview were at hand. All else is from the authors' code and its
description: places, first features (uniform in 0..1), costs, plan, average, score, and the final model of four sets of
prototypes (levels 2 and 3, weights 0 and 0.3) whose maps are averaged.

Our own choice: fewer prototypes, and a step takes some tokens of its batch and fewer iterations, for time. Maps are
averaged on the grid of `features.map_size` and then resized like the map of any detector. The last prototypes are the
result; the authors keep those of least transport cost on held-out normal images.

Legend: B images, H_l side and C_l channels of level l, N = H_l·H_l positions, L levels, A weights, K prototypes, T
tokens, S side of the grid.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from ura_study.detectors.base import Detector, Scores
from ura_study.detectors.prototypes.config import PrototypesSettings
from ura_study.detectors.prototypes.transport import balanced, feature_cost, spatial_cost, transport_plan
from ura_study.detectors.uranet.statistics import to_tokens
from ura_study.features.batch import Batch
from ura_study.features.maps import FeatureMaps
from ura_study.features.transfer import sent


class Prototypes(Detector):
    """Local and global prototypes of each level; a token's score is its cost to the closest one."""

    trains_by_gradient = False
    sizes: Tensor
    levels: nn.ModuleList

    def __init__(self, settings: PrototypesSettings, channels: int, map_size: int) -> None:
        super().__init__()
        self.settings, self.map_size = settings, map_size
        self.register_buffer("sizes", torch.zeros(0, 2, dtype=torch.int64))  # channels and side of each level

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *arguments: object) -> None:
        """Make levels of the stored sizes, which depend on the backbone."""
        self._build(state_dict[f"{prefix}sizes"].tolist())
        super()._load_from_state_dict(state_dict, prefix, *arguments)

    def _build(self, sizes: Sequence[Sequence[int]]) -> None:
        device = self.device
        self.sizes = torch.tensor(sizes, device=device)
        self.levels = nn.ModuleList(Level(self.settings, *size) for size in sizes).to(device)

    def prepare(self, train: FeatureMaps, generator: torch.Generator) -> None:
        """Draw the first features of all prototypes, and let them follow the training tokens."""
        self._build([[maps.shape[1], maps.shape[3]] for maps in train.layers])
        for level in self._each:
            level.draw(generator)
        for _ in range(self.settings.steps):
            index = torch.randperm(len(train), generator=generator)[: self.settings.batch].tolist()
            for level, maps in zip(self._each, train.batch(index, self.device).layers, strict=True):
                level.follow(maps, generator)

    @torch.no_grad()
    def score(self, batch: Batch, known: Tensor | None = None) -> Scores:
        """Return the mean map over levels and weights and, if the settings say so, its maximum for each image."""
        if not len(self.sizes):
            raise RuntimeError("the detector must be prepared before it scores")
        pairs = zip(self._each, batch.layers, strict=True)
        maps = torch.stack([self._on_grid(level(maps)) for level, maps in pairs])  # (L, B, S, S)
        maps = (maps * self._shares()[:, None, None, None]).sum(dim=0)
        return Scores(maps, images=maps.amax(dim=(1, 2)) if self.settings.image_score == "max" else None)

    @property
    def _each(self) -> list[Level]:
        """The levels, with their type: a `ModuleList` is typed as a list of modules."""
        return [level for level in self.levels if isinstance(level, Level)]

    def _shares(self) -> Tensor:
        """Return the share (L,) of each level in all prototypes."""
        count = self.sizes[:, 1].square()  # by as many as there are at each position
        return count / count.sum()

    def _on_grid(self, maps: Tensor) -> Tensor:
        size = (self.map_size, self.map_size)
        return functional.interpolate(maps[:, None], size=size, mode="bilinear", align_corners=True)[:, 0]


class Level(nn.Module):
    """The prototypes of one level, a set for each weight of the spatial cost."""

    features: Tensor
    positions: Tensor
    weights: Tensor

    def __init__(self, settings: PrototypesSettings, channels: int, side: int) -> None:
        super().__init__()
        self.settings = settings
        count = settings.per_position * side**2
        self.register_buffer("features", torch.zeros(len(settings.spatial), count, channels))
        self.register_buffer("positions", positions(side), persistent=False)  # (N, 2)
        self.register_buffer("weights", torch.tensor(settings.spatial), persistent=False)

    def draw(self, generator: torch.Generator) -> None:
        """Draw the features of all prototypes, each uniform in 0..1."""
        self.features = sent(torch.rand(self.features.shape, generator=generator), self.features.device)

    def follow(self, maps: Tensor, generator: torch.Generator) -> None:
        """Move all prototypes towards what they receive of the level's maps (B, C_l, H_l, H_l) of a batch."""
        tokens = to_tokens(maps).flatten(0, 1)  # (B, N, C) -> (B·N, C)
        chosen = sent(torch.randperm(len(tokens), generator=generator)[: self.settings.tokens], tokens.device)
        drawn, at = tokens[chosen], self.positions[chosen % len(self.positions)]
        plan = transport_plan(self._cost(drawn, at), self.settings.entropy, self.settings.iterations)  # (A, T, K)
        received = plan.mT @ drawn * plan.shape[-1]  # (A, K, C): a prototype receives 1/K in all
        self.features = torch.lerp(received, self.features, self.settings.momentum)

    def forward(self, maps: Tensor) -> Tensor:
        """Return the cost to the closest prototype, as a mean over weights, (B, H_l, H_l), for (B, C_l, H_l, H_l)."""
        least = torch.stack([self._cost(image, self.positions).amin(dim=2).mean(dim=0) for image in to_tokens(maps)])
        return least.unflatten(1, maps.shape[2:])  # (B, N) -> (B, H, H)

    def _cost(self, tokens: Tensor, at: Tensor) -> Tensor:
        """Return the costs (A, T, K) of tokens (T, C) at places (T, 2); the largest of each kind is that of these."""
        places = self.positions.repeat(self.settings.per_position, 1)  # (K, 2)
        return balanced(feature_cost(tokens, self.features), spatial_cost(at, places), self.weights)


def positions(side: int) -> Tensor:
    """Return the places (side², 2) of a grid, row by row; both coordinates run from 0 to 1.

    Example:
        >>> positions(2).tolist()
        [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    """
    line = torch.linspace(0, 1, side)
    return torch.cartesian_prod(line, line)
