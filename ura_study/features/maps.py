"""Feature maps of a list of images as a detector sees them: one grid, all layers concatenated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch.nn import functional


@dataclass(frozen=True)
class FeatureMaps:
    """The (memory-mapped) maps of N images; batches of them are put together on demand.

    `layers` holds one array (N, C_l, H_l, W_l) per layer; C is the sum of all C_l and S the side of the common grid.
    """

    layers: tuple[np.ndarray, ...]
    map_size: int
    """S."""
    neighbourhood: int = 1
    """Side of the square over which features are averaged on the grid, as in PatchCore (Roth et al. 2022)."""
    chosen: np.ndarray | None = None
    """(N,) the positions of the N images in the arrays, where those hold more; None: all, in order."""

    def __post_init__(self) -> None:
        if len({len(layer) for layer in self.layers}) != 1:
            raise ValueError(f"Expected layers of equally many images, but got {[len(x) for x in self.layers]}")

    def __len__(self) -> int:
        return len(self.layers[0] if self.chosen is None else self.chosen)

    @property
    def channels(self) -> int:
        """C, the channels of all layers together."""
        return sum(layer.shape[1] for layer in self.layers)

    def subset(self, index: Sequence[int]) -> FeatureMaps:
        """Return the maps of the images `index` alone, in that order; nothing is read or copied."""
        index = np.asarray(index, dtype=np.int64)
        return replace(self, chosen=index if self.chosen is None else self.chosen[index])

    def batch(self, index: np.ndarray | list[int] | slice, device: torch.device | str = "cpu") -> torch.Tensor:
        """Return the feature maps (B, C, S, S) float32 of the images `index`."""
        index = index if self.chosen is None else self.chosen[index]
        maps = [self._on_grid(torch.from_numpy(np.array(layer[index])).to(device)) for layer in self.layers]
        return torch.cat(maps, dim=1)

    def _on_grid(self, maps: torch.Tensor) -> torch.Tensor:
        maps = to_grid(maps.float(), self.map_size)  # (B, C_l, S, S)
        if self.neighbourhood == 1:
            return maps
        side = self.neighbourhood
        return functional.avg_pool2d(maps, side, stride=1, padding=side // 2, count_include_pad=False)


def to_grid(maps: torch.Tensor, size: int) -> torch.Tensor:
    """Return maps (B, C, H, W) on a size × size grid: averaged where that is coarser, bilinear where it is finer."""
    if maps.shape[-1] > size:
        return functional.adaptive_avg_pool2d(maps, size)
    if maps.shape[-1] < size:
        return functional.interpolate(maps, size=size, mode="bilinear", align_corners=False)
    return maps
