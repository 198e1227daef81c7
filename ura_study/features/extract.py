"""Compute feature maps of images in memory with the backbone, for the cache and for single models."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import torch

from ura_study.features.backbone import Backbone
from ura_study.features.config import FeatureSettings
from ura_study.features.maps import FeatureMaps
from ura_study.features.origin import Origin

#: Images per pass of the backbone.
BATCH = 8


def passes(
    images: Iterable[np.ndarray], settings: FeatureSettings, layers: tuple[int, ...], device: torch.device
) -> Iterator[list[np.ndarray]]:
    """Yield the maps (B, C_l, H_l, W_l) of each of the `layers`, for B images (H, W, 3) uint8 of one size at a time."""
    backbone, precision = Backbone(settings, layers, device), getattr(torch, settings.precision)
    for batch in _batched(images):
        yield [maps.to(precision).cpu().numpy() for maps in backbone(np.stack(batch))]


def extracted(
    count: int, image: Callable[[int], np.ndarray], settings: FeatureSettings, device: torch.device
) -> FeatureMaps:
    """Return the feature maps of `count` images, at least one, without using the cache.

    `image` maps the number of an image to its pixels, (H, W, 3) uint8; all images have the same size.
    """
    parts = zip(*passes(map(image, range(count)), settings, settings.layers, device), strict=True)
    layers, source = tuple(np.concatenate(part) for part in parts), Origin(image, settings)
    return FeatureMaps(layers, settings.map_size, settings.neighbourhood, settings.pooling, source=source)


def _batched(images: Iterable[np.ndarray]) -> Iterator[tuple[np.ndarray, ...]]:
    rest = iter(images)
    while batch := tuple(itertools.islice(rest, BATCH)):
        yield batch
