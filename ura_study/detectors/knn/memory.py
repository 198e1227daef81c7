"""The nearest-neighbour memory of PatchCore (Roth et al. 2022) as a detector.

Locally aware patch features are the feature maps themselves (`features.neighbourhood`). Our deviations: channels are
standardised on the training tokens, the memory has a fixed size, and maps keep the unit of distances.

Legend: B images, N = S·S tokens, C channels, K tokens in memory, b neighbours.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ura_study.detectors.base import Detector, Scores, batches
from ura_study.detectors.knn.config import KNNSettings
from ura_study.detectors.knn.coreset import greedy_coreset
from ura_study.detectors.uranet.statistics import to_tokens, token_statistics
from ura_study.features.maps import FeatureMaps

#: Images per batch of the pass over the training set.
BATCH = 16


class MemoryBank(Detector):
    """A coreset of standardised normal tokens; a token's score is its distance to the nearest of them."""

    trains_by_gradient = False

    def __init__(self, settings: KNNSettings, channels: int) -> None:
        super().__init__()
        self.settings = settings
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("std", torch.ones(channels))
        self.register_buffer("memory", torch.zeros(0, channels))

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *arguments: object) -> None:
        """Make room for the stored memory, whose length depends on the training set."""
        self.memory = self.memory.new_zeros(state_dict[f"{prefix}memory"].shape)
        super()._load_from_state_dict(state_dict, prefix, *arguments)

    def prepare(self, train: FeatureMaps, generator: torch.Generator) -> None:
        """Choose the memory from all tokens of the training images."""
        statistics = token_statistics(train, self.device, generator)
        self.mean, self.std = statistics.mean, statistics.std
        chosen = self._choose(train, generator)
        image, token = chosen // train.map_size**2, chosen % train.map_size**2
        self.memory = torch.empty(len(chosen), train.channels, device=self.device)
        for index in batches(train, BATCH):
            tokens = self._standardise(train.batch(index, self.device))  # (B, N, C)
            here = (image >= index[0]) & (image <= index[-1])
            self.memory[here] = tokens[image[here] - index[0], token[here]]

    def _choose(self, train: FeatureMaps, generator: torch.Generator) -> Tensor:
        """Return the indices (K,) of the tokens to keep, counted over all images, ascending."""
        total = len(train) * train.map_size**2
        if self.settings.coreset == "random":
            return torch.randperm(total, generator=generator)[: self.settings.memory].sort().values
        size = (train.channels, min(self.settings.projection, train.channels))
        projection = (torch.randn(size, generator=generator) / size[1] ** 0.5).to(self.device)
        tokens = torch.cat(
            [(self._standardise(train.batch(i, self.device)) @ projection).flatten(0, 1) for i in batches(train, BATCH)]
        )  # (images·N, D)
        return greedy_coreset(tokens, self.settings.memory, generator).sort().values

    @torch.no_grad()
    def score(self, features: Tensor) -> Scores:
        """Return the distance map and the re-weighted image score of feature maps (B, C, S, S)."""
        tokens = self._standardise(features)
        distance, nearest = torch.stack([torch.cdist(image, self.memory) for image in tokens]).min(dim=2)  # (B, N)
        maps = distance.view(len(features), *features.shape[2:])  # (B, N) -> (B, S, S)
        if self.settings.reweighting == 0:
            return Scores(maps)
        return Scores(maps, images=torch.stack(list(map(self._image_score, tokens, distance, nearest))))

    def _image_score(self, tokens: Tensor, distance: Tensor, nearest: Tensor) -> Tensor:
        """Return the largest distance of an image's tokens (N, C), re-weighted by how lonely its neighbour is (Eq. 7).

        Where the nearest normal token has near neighbours of its own, all about as far away from the worst token, that
        distance says less than where the memory is thin.
        """
        worst = distance.argmax()
        count = min(self.settings.reweighting, len(self.memory))
        anchor = self.memory[nearest[worst]]
        around = torch.cdist(anchor[None], self.memory)[0].topk(count, largest=False).indices  # the anchor included
        logits = torch.cdist(tokens[worst][None], self.memory[around])[0]
        return (1 - (distance[worst] - logits.logsumexp(dim=0)).exp()) * distance[worst]

    def _standardise(self, features: Tensor) -> Tensor:
        return (to_tokens(features) - self.mean) / self.std  # (B, N, C)
