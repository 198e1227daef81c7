"""PatchCore (Roth et al., Towards Total Recall in Industrial Anomaly Detection, CVPR 2022) as a detector.

The locally aware patch features (Eq. 1 and 2) are computed in `features`, with the settings `neighbourhood` and
`pooling`; this module has the memory (Section 3.2) and the scores (Eq. 6 and 7). The map holds the distance of each
token; it is resized and smoothed like the map of any detector, by default as published (sigma 4).

Our own choice: a neighbourhood is the plain mean of each channel, while the authors' code also mixes channels to bring
all layers to 1024 dimensions. Standardised channels are an option that the paper does not have.

Legend: B images, N = S·S tokens, C channels, T training tokens, D projected dimensions, K tokens in memory.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ura_study.detectors.base import Detector, Scores, batches
from ura_study.detectors.patchcore.config import PatchCoreSettings
from ura_study.detectors.patchcore.coreset import greedy_coreset
from ura_study.detectors.uranet.statistics import to_tokens, token_statistics
from ura_study.features.batch import Batch
from ura_study.features.maps import FeatureMaps
from ura_study.features.transfer import sent

#: Images per batch of the passes over the training set.
BATCH = 16
#: Distances computed at once: bounds the memory that scoring takes.
BLOCK = 1 << 21
#: Mode of `torch.cdist` where accuracy matters more than speed: differences instead of a matrix product.
EXACTLY = "donot_use_mm_for_euclid_dist"


class PatchCore(Detector):
    """A coreset of normal tokens; a token's score is its distance to the nearest of them."""

    trains_by_gradient = False
    std: Tensor
    memory: Tensor

    def __init__(self, settings: PatchCoreSettings, channels: int, map_size: int) -> None:
        super().__init__()
        self.settings = settings
        self.register_buffer("std", torch.ones(channels))
        self.register_buffer("memory", torch.zeros(0, channels))

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *arguments: object) -> None:
        """Make room for the stored memory, whose length depends on the training set."""
        self.memory = self.memory.new_zeros(state_dict[f"{prefix}memory"].shape)
        super()._load_from_state_dict(state_dict, prefix, *arguments)

    def prepare(self, train: FeatureMaps, generator: torch.Generator) -> None:
        """Choose the memory from all tokens of the training images."""
        if self.settings.standardise:
            self.std = token_statistics(train, self.device, generator).std
        chosen = self._choose(train, generator)
        image, token = chosen // train.map_size**2, chosen % train.map_size**2
        self.memory = torch.empty(len(chosen), train.channels, device=self.device)
        for index in batches(train, BATCH):
            tokens = self._tokens(train.batch(index, self.device).features)  # (B, N, C)
            here = ((image >= index[0]) & (image <= index[-1])).nonzero()[:, 0]
            places = (here, image[here] - index[0], token[here])
            row, within, position = (sent(place, self.device) for place in places)
            self.memory[row] = tokens[within, position]

    def _choose(self, train: FeatureMaps, generator: torch.Generator) -> Tensor:
        """Return the indices (K,) of the tokens to keep, counted over all images, ascending."""
        total = len(train) * train.map_size**2
        count = max(1, round(self.settings.coreset * total))
        if self.settings.selection == "random":
            return torch.randperm(total, generator=generator)[:count].sort().values
        return greedy_coreset(self._projected(train, generator), count, generator).sort().values

    def _projected(self, train: FeatureMaps, generator: torch.Generator) -> Tensor:
        """Return all training tokens (T, D) in a random projection, which keeps their distances approximately."""
        size = (train.channels, min(self.settings.projection, train.channels))
        matrix = torch.randn(size, generator=generator).to(self.device) / size[1] ** 0.5 if size[1] < size[0] else None
        projected = torch.empty(len(train), train.map_size**2, size[1], device=self.device)  # (images, N, D)
        for index in batches(train, BATCH):
            tokens = self._tokens(train.batch(index, self.device).features)  # (B, N, C)
            projected[index] = tokens if matrix is None else tokens @ matrix
        return projected.flatten(0, 1)  # (images, N, D) -> (T, D)

    @torch.no_grad()
    def score(self, batch: Batch, known: Tensor | None = None) -> Scores:
        """Return the distance map and, unless the settings compute it from the map, the score of each image."""
        if not len(self.memory):
            raise RuntimeError("the detector must be prepared before it scores")
        tokens = self._tokens(batch.features)
        distance = torch.stack([nearest_distance(image, self.memory) for image in tokens])  # (B, N)
        maps = distance.view(len(batch), *batch.features.shape[2:])  # (B, N) -> (B, S, S)
        if self.settings.image_score == "map":
            return Scores(maps)
        if self.settings.image_score == "max":
            return Scores(maps, images=distance.amax(dim=1))
        worst = tokens[torch.arange(len(tokens), device=tokens.device), distance.argmax(dim=1)]  # (B, C)
        return Scores(maps, images=torch.stack([reweighted(t, self.memory, self.settings.neighbours) for t in worst]))

    def _tokens(self, features: Tensor) -> Tensor:
        return to_tokens(features) / self.std  # (B, N, C)


def nearest_distance(tokens: Tensor, memory: Tensor) -> Tensor:
    """Return the distances (N,) of tokens (N, C) to the nearest of the memory (K, C)."""
    nearest = torch.full((len(tokens),), torch.inf, device=tokens.device)
    for block in memory.split(max(1, BLOCK // len(tokens))):
        squares = block.square().sum(dim=1)
        torch.minimum(nearest, torch.addmm(squares, tokens, block.T, alpha=-2).amin(dim=1), out=nearest)
    return (nearest + tokens.square().sum(dim=1)).clamp_min(0).sqrt()


def reweighted(worst: Tensor, memory: Tensor, neighbours: int) -> Tensor:
    """Return the score of the image whose token farthest from the memory (K, C) is `worst` (C,): Eq. 7.

    The distance to the nearest memory token counts in full where that token is alone, and less where it has neighbours
    of its own that are about as far from `worst`. With b neighbours the weight is between 1 - 1/b and 1; where there is
    only one, be it because the memory holds no more, it is 1.
    """
    distance = torch.cdist(worst[None], memory, compute_mode=EXACTLY)[0]  # (K,)
    nearest = distance.argmin(dim=0, keepdim=True)  # (1,)
    least = distance[nearest]
    count = min(neighbours, len(memory))
    if count == 1:
        return least[0]
    around = torch.cdist(memory[nearest], memory, compute_mode=EXACTLY)[0].topk(count, largest=False).indices
    # Both sides of the fraction are divided by exp(s*), so no exponent is negative; a sum too large for a float is inf.
    return (1 - 1 / (distance[around] - least).exp().sum()) * least[0]
