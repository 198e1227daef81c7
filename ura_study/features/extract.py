"""Compute feature maps of images in memory with the backbone, for the cache and for single models."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import torch

from ura_study.features.backbone import Backbone
from ura_study.features.config import FeatureSettings
from ura_study.features.maps import FeatureMaps
from ura_study.features.origin import Origin

#: Images per pass of the backbone, and on a single processor thread: so much stays in a core's cache. Maps are the
#: same; more than eight at once would make PyTorch compute in another order.
BATCH, BATCH_OF_ONE_THREAD = 8, 4
#: Batches that are loaded ahead while a GPU computes. A CPU has no thread to spare for that.
AHEAD = 2

T = TypeVar("T")


def passes(
    items: Iterable[T],
    load: Callable[[T], np.ndarray],
    settings: FeatureSettings,
    layers: tuple[int, ...],
    device: torch.device,
) -> Iterator[list[np.ndarray]]:
    """Yield the maps (B, C_l, H_l, W_l) of each of the `layers`, for B images at a time, in order.

    `load` returns the image of an item, (H, W, 3) uint8, all of one size. It is called from as many threads as PyTorch
    uses.
    """
    backbone, precision = Backbone(settings, layers, device), getattr(torch, settings.precision)
    ahead = 0 if device.type == "cpu" else AHEAD
    for batch in loaded(batched(items, images_at_once(device)), load, torch.get_num_threads(), ahead):
        yield [maps.to(precision).cpu().numpy() for maps in backbone(np.stack(batch))]


def images_at_once(device: torch.device) -> int:
    """Return how many images pass the backbone together."""
    return BATCH_OF_ONE_THREAD if device.type == "cpu" and torch.get_num_threads() == 1 else BATCH


def loaded(
    batches: Iterable[Sequence[T]], load: Callable[[T], np.ndarray], threads: int, ahead: int
) -> Iterator[list[np.ndarray]]:
    """Yield what `load` returns for the items of each batch, in order, while the next `ahead` batches are loaded.

    Its errors are raised in order, too: an item's comes before those of later items.
    """
    pool, coming = ThreadPoolExecutor(threads), deque[list[Future[np.ndarray]]]()
    try:
        for batch in batches:
            coming.append([pool.submit(load, item) for item in batch])
            if len(coming) > ahead:
                yield [image.result() for image in coming.popleft()]
        for futures in coming:
            yield [image.result() for image in futures]
    finally:
        pool.shutdown(cancel_futures=True)


def extracted(
    count: int, image: Callable[[int], np.ndarray], settings: FeatureSettings, device: torch.device
) -> FeatureMaps:
    """Return the feature maps of `count` images, at least one, without using the cache.

    `image` maps the number of an image to its pixels, (H, W, 3) uint8; all images have the same size.
    """
    parts = zip(*passes(range(count), image, settings, settings.layers, device), strict=True)
    layers, source = tuple(np.concatenate(part) for part in parts), Origin(image, settings)
    return FeatureMaps(layers, settings.map_size, settings.neighbourhood, settings.pooling, source=source)


def batched(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Yield so many of the items at a time, and the rest."""
    rest = iter(items)
    while batch := tuple(itertools.islice(rest, size)):
        yield batch
