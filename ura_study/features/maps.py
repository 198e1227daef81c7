"""Feature maps of a list of images as a detector sees them: one grid, all layers concatenated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch.nn import functional

from ura_study.features.batch import Batch
from ura_study.features.pooled import Pooled
from ura_study.features.transfer import sent

if TYPE_CHECKING:
    from ura_study.features.origin import Origin

#: Most bytes of pooled features that are kept in memory, by each worker.
MOST_BYTES = 512 << 20


@dataclass(frozen=True)
class FeatureMaps:
    """The (memory-mapped) maps of N images; batches of them are put together on demand.

    `layers` holds one array (N, C_l, H_l, W_l) per layer; C is the sum of all C_l and S the side of the common grid.
    """

    layers: tuple[np.ndarray, ...]
    map_size: int
    """S."""
    neighbourhood: int = 1
    """Side of the square over which features are averaged, as in PatchCore (Roth et al. 2022); 1: not at all."""
    pooling: Literal["layer", "grid"] = "layer"
    """Where they are averaged: each layer at its own resolution, or all of them on the grid (see `FeatureSettings`)."""
    chosen: np.ndarray | None = None
    """(N,) positions of the N images in the arrays, if these hold more images; None: all images, in order."""
    labels: np.ndarray | None = None
    """Number of the category of each image in the arrays, if there are several categories."""
    source: Origin | None = None
    """The images and the backbone; None if there are only arrays."""
    pooled: Pooled | None = field(default=None, repr=False, compare=False)
    """The features that were asked for so far; None: they are pooled each time."""

    def __post_init__(self) -> None:
        if len({len(layer) for layer in self.layers}) != 1:
            raise ValueError(f"Expected layers of equally many images, but got {[len(x) for x in self.layers]}")

    def __len__(self) -> int:
        return len(self.layers[0] if self.chosen is None else self.chosen)

    @property
    def channels(self) -> int:
        """C, the channels of all layers together."""
        return sum(self.layer_channels)

    @property
    def layer_channels(self) -> tuple[int, ...]:
        """The channels of each layer, in the order in which they are concatenated."""
        return tuple(layer.shape[1] for layer in self.layers)

    def subset(self, index: Sequence[int]) -> FeatureMaps:
        """Return the maps of the images `index` alone, in that order; nothing is read or copied."""
        places = np.asarray(index, dtype=np.int64)
        return replace(self, chosen=places if self.chosen is None else self.chosen[places], pooled=None)

    def pooled_once(self) -> FeatureMaps:
        """Return the same maps, of which each image is pooled once, for who asks for it many times, as training does.

        The features stay in memory, unless they are more than `MOST_BYTES`.
        """
        fits = 4 * len(self) * self.channels * self.map_size**2 <= MOST_BYTES
        return replace(self, pooled=Pooled(len(self)) if fits else None)

    def batch(self, index: Sequence[int] | slice, device: torch.device | str = "cpu") -> Batch:
        """Return the images `index`, with their maps on `device`."""
        listed = range(len(self))[index] if isinstance(index, slice) else index
        return Batch(self, listed, torch.device(device))

    @property
    def origin(self) -> Origin:
        """The images and the backbone.

        Raises:
            RuntimeError: where there are only arrays.
        """
        if self.source is None:
            raise RuntimeError("these feature maps came without images and backbone")
        return self.source

    def alike(self, index: int) -> np.ndarray:
        """Return the numbers of all images of the same category as the image `index`, itself among them."""
        if self.labels is None:
            return np.arange(len(self))
        labels = self.labels if self.chosen is None else self.labels[self.chosen]
        return np.flatnonzero(labels == labels[index])

    def read(self, index: Sequence[int], device: torch.device) -> tuple[torch.Tensor, ...]:
        """Return the maps (B, C_l, H_l, W_l) float32 of each layer of the images `index`."""
        places = np.asarray(index) if self.chosen is None else self.chosen[index]
        return tuple(sent(torch.from_numpy(np.asarray(layer[places])), device).float() for layer in self.layers)

    def on_grid(self, layers: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return maps of all layers (B, C_l, H_l, W_l) as features (B, C, S, S)."""
        return torch.cat([self._on_grid(maps) for maps in layers], dim=1)

    def _on_grid(self, maps: torch.Tensor) -> torch.Tensor:
        if self.pooling == "layer":
            return to_grid(averaged(maps, self.neighbourhood, beyond=True), self.map_size)  # (B, C_l, S, S)
        return averaged(to_grid(maps, self.map_size), self.neighbourhood, beyond=False)


def averaged(maps: torch.Tensor, side: int, beyond: bool) -> torch.Tensor:
    """Return maps (B, C, H, W) averaged over the side × side square around each place, of the same shape.

    Positions beyond the border count as zeros if `beyond` is true, and are left out otherwise: in a map of ones, the
    3 × 3 mean in a corner is 4/9 or 1, respectively. With a side of 1 the maps are returned as they are.
    """
    if side == 1:
        return maps
    return _channels_last(
        partial(functional.avg_pool2d, kernel_size=side, stride=1, padding=side // 2, count_include_pad=beyond), maps
    )


def to_grid(maps: torch.Tensor, size: int) -> torch.Tensor:
    """Return maps (B, C, H, W) on a size × size grid: averaged if it is coarser, bilinear if it is finer."""
    if maps.shape[-1] > size:
        return functional.adaptive_avg_pool2d(maps, size)  # channels last it would round otherwise
    if maps.shape[-1] < size:
        return _channels_last(partial(functional.interpolate, size=size, mode="bilinear", align_corners=False), maps)
    return maps


def _channels_last(resample: Callable[[torch.Tensor], torch.Tensor], maps: torch.Tensor) -> torch.Tensor:
    """Return `resample(maps)`, computed with channels last in memory: on a CPU that is several times faster.

    The result is the same to the bit, and in memory it has the order that `maps` have.
    """
    if maps.device.type != "cpu" or not maps.is_contiguous():
        return resample(maps)
    return resample(maps.contiguous(memory_format=torch.channels_last)).contiguous()
