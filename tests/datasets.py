"""Small data sets for tests: images in MVTec AD layout, and feature maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from ura_study.features.maps import FeatureMaps
from ura_study.features.transfer import sent

CHANNELS, SIDE = 12, 8
#: Grey values of a stand-in image: 0, and of one unit of a feature.
ZERO, UNIT = 100, 8


def write_category(
    root: Path, name: str, *, train: int = 6, good: int = 3, bad: int = 3, size: int = 64, seed: int = 0
) -> Path:
    """Write a category of noisy stripes; the defects are bright squares with exact masks."""
    random = np.random.default_rng(seed)
    folder = root / name
    for place, count in (("train/good", train), ("test/good", good), ("test/square", bad)):
        (folder / place).mkdir(parents=True)
        for index in range(count):
            pixels = np.tile(np.linspace(60, 160, size), (size, 1)) + random.normal(0, 8, (size, size))
            if place == "test/square":
                row, column = random.integers(8, size - 24, 2)
                mask = np.zeros((size, size), bool)
                mask[row : row + 16, column : column + 16] = True
                pixels[mask] = 255 - random.integers(0, 255) * random.random((16, 16)).ravel()
                target = folder / "ground_truth/square" / f"{index:03}_mask.png"
                target.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray((mask * 255).astype(np.uint8)).save(target)
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / place / f"{index:03}.png")
    return folder


def make_maps(images: int, seed: int = 0) -> FeatureMaps:
    """Return maps (images, 12, 8, 8): each position near one of three normal tokens, with correlated noise."""
    rng = np.random.default_rng(seed)
    kinds = np.random.default_rng(99).normal(size=(3, CHANNELS)) * 3
    which = rng.integers(3, size=(images, SIDE, SIDE))
    mixing = np.random.default_rng(98).normal(size=(CHANNELS, CHANNELS)) * 0.2
    noise = rng.normal(size=(images, SIDE, SIDE, CHANNELS)) @ mixing
    values = (kinds[which] + noise + 5).transpose(0, 3, 1, 2).astype(np.float32)
    return FeatureMaps((values,), SIDE, source=Pixels(values))


class Pixels:
    """A stand-in for images and backbone: the 12 channels of a place are the 2 × 2 pixels of three colours there."""

    def __init__(self, values: np.ndarray) -> None:
        self._values = values

    def image(self, index: int) -> np.ndarray:
        """Return an image (16, 16, 3) uint8, from which `layers` makes about the maps it came from."""
        pixels = functional.pixel_shuffle(torch.from_numpy(self._values[index]), 2) * UNIT + ZERO
        return pixels.round().clamp(0, 255).byte().permute(1, 2, 0).numpy()

    def layers(self, images: torch.Tensor, device: torch.device) -> tuple[torch.Tensor, ...]:
        """Return the maps (B, 12, 8, 8) of images (B, 16, 16, 3)."""
        return (functional.pixel_unshuffle((sent(images, device).permute(0, 3, 1, 2).float() - ZERO) / UNIT, 2),)
