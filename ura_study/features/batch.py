"""A batch of images for a detector; features, layers and pixels are read or computed only on access."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from ura_study.features.maps import FeatureMaps


class Batch:
    """B images of a list.

    Most detectors ask for `features`. Those that work on each layer at its own resolution ask for `layers`, one model
    for all categories for `labels` or `companions`, and methods that mask or alter pixels for `images`, which
    `through_backbone` and `features_of` turn into feature maps again.

    Example:
        >>> from ura_study.features.maps import FeatureMaps
        >>> maps = FeatureMaps((np.zeros((10, 4, 16, 16), np.float32), np.zeros((10, 8, 8, 8), np.float32)), map_size=8)
        >>> batch = maps.batch([3, 7])
        >>> batch.features.shape, [tuple(layer.shape) for layer in batch.layers]
        (torch.Size([2, 12, 8, 8]), [(2, 4, 16, 16), (2, 8, 8, 8)])
    """

    def __init__(self, maps: FeatureMaps, indices: Sequence[int], device: torch.device) -> None:
        self._maps = maps
        self.indices = list(indices)
        """Numbers of the images in the list, B of them."""
        self.device = device

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def of(self) -> int:
        """Number of images in the list."""
        return len(self._maps)

    @cached_property
    def features(self) -> Tensor:
        """(B, C, S, S) float32: the maps of all layers on the common grid, pooled and concatenated."""
        pooled = self._maps.pooled
        if pooled is None:
            return self._maps.on_grid(self.layers)
        return pooled.features(self.indices, self._pool, self.device)

    def _pool(self, index: Sequence[int]) -> Tensor:
        return self._maps.on_grid(self._maps.read(index, self.device))

    @cached_property
    def layers(self) -> tuple[Tensor, ...]:
        """The map (B, C_l, H_l, W_l) float32 of each layer at its own resolution, as the backbone gave it."""
        return self._maps.read(self.indices, self.device)

    @cached_property
    def labels(self) -> Tensor:
        """(B,) int64: the number of each image's category, in the order of names; all 0 if there is only one category.

        Only for training images: in scoring, the category is not given to the detector.
        """
        known = self._maps.labels
        return torch.tensor([0 if known is None else known[index] for index in self._places], device=self.device)

    @cached_property
    def images(self) -> Tensor:
        """(B, H, H, 3) uint8: the pixels that the backbone saw, read from their files, in the memory of the CPU.

        Raises:
            RuntimeError: where the maps came without images.
            DataError: where a file cannot be read any more.
        """
        return torch.from_numpy(np.stack([self._maps.origin.image(index) for index in self._places]))

    def through_backbone(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the `layers` of other pixels (B, H, H, 3) uint8, by the same frozen backbone, without gradient.

        Raises:
            RuntimeError: where the maps came without a backbone.
        """
        return self._maps.origin.layers(images, self.device)

    def features_of(self, images: Tensor) -> Tensor:
        """Return the `features` of other pixels, as `through_backbone` does their layers."""
        return self._maps.on_grid(self.through_backbone(images))

    def companions(self, generator: torch.Generator) -> Batch:
        """Return as many images, each drawn from those of the list that are of the same category as its counterpart.

        An image may be its own companion. Only for training images: see `labels`.
        """
        draws = torch.rand(len(self), generator=generator, dtype=torch.float64).tolist()
        alike = (self._maps.alike(index) for index in self.indices)
        found = [int(images[int(draw * len(images))]) for images, draw in zip(alike, draws, strict=True)]
        return Batch(self._maps, found, self.device)

    @property
    def _places(self) -> list[int]:
        """Positions of the images in the arrays of the feature maps."""
        chosen = self._maps.chosen
        return self.indices if chosen is None else [int(chosen[index]) for index in self.indices]
