"""Feature maps from the cache; the backbone runs only for layers that are not in it yet.

Each layer of each list of images is one cache entry with one `.npy` file, addressed by everything it depends on: the
images' contents, the backbone and its weights, the layer, the image size and the precision. It does not depend on the
model, its training or the seed, so all variants and seeds of a study share these files as one memory-mapped copy.

Where `$URA_STUDY_FEATURES_FROM` names another cache folder, on a file system that nodes share, entries that are there
are copied once per node instead.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch

from ura_study.cache import building, cache_root, is_genuine, locked, writing
from ura_study.canonical import digest
from ura_study.data.fingerprint import contents
from ura_study.data.images import load_image
from ura_study.data.preprocessing import Preprocessing
from ura_study.data.table import Sample
from ura_study.features.catalogue import weights_id
from ura_study.features.config import FeatureSettings
from ura_study.features.copying import copy
from ura_study.features.extract import passes
from ura_study.features.maps import FeatureMaps
from ura_study.features.origin import Origin

#: Version, raised when the computation of features from images changes; older entries are then no longer used.
VERSION = 2
FILE = "maps.npy"


def feature_maps(
    samples: Sequence[Sample],
    settings: FeatureSettings,
    how: Preprocessing,
    device: torch.device,
) -> FeatureMaps:
    """Return the feature maps of `samples`, in order.

    Raises:
        DataError: where an image cannot be read.
        ResourceError: where the cache cannot be written or the backbone's weights cannot be had.
    """
    about = {
        "version": VERSION,
        "backbone": settings.backbone,
        "weights": weights_id(settings),
        "precision": settings.precision,
        "images": digest(contents(samples)),
        **how.identity(),
    }
    group = cache_root() / "features" / digest(about)
    entries = {layer: (group / f"layer-{layer}", about | {"layer": layer}) for layer in settings.layers}
    if _missing(entries):
        with writing(group), locked(group):
            for layer in _missing(entries):
                copy(*entries[layer])
            if missing := _missing(entries):
                load = partial(load_image, how=how)
                _extract(samples, settings, load, device, {layer: entries[layer] for layer in missing})
    layers = tuple(np.load(folder / FILE, mmap_mode="r") for folder, _ in entries.values())
    source = Origin(lambda index: load_image(samples[index].path, how), settings)
    return FeatureMaps(layers, settings.map_size, settings.neighbourhood, settings.pooling, source=source)


def _missing(entries: dict[int, tuple[Path, dict]]) -> list[int]:
    return [layer for layer, (folder, about) in entries.items() if not is_genuine(folder, about)]


def _extract(
    samples: Sequence[Sample],
    settings: FeatureSettings,
    load: Callable[[Path], np.ndarray],
    device: torch.device,
    entries: dict[int, tuple[Path, dict]],
) -> None:
    """Run the backbone once over `samples` and write one entry for each of the layers asked for."""
    paths = [sample.path for sample in samples]
    with contextlib.ExitStack() as stack:
        folders = [stack.enter_context(building(*entry)) for entry in entries.values()]
        files = [stack.enter_context((folder / FILE).open("wb")) for folder in folders]
        for maps in passes(paths, load, settings, tuple(entries), device):
            for file, array in zip(files, maps, strict=True):
                if file.tell() == 0:
                    _write_header(file, array.dtype, (len(samples), *array.shape[1:]))
                file.write(array.tobytes())


def _write_header(file: BinaryIO, dtype: np.dtype, shape: tuple[int, ...]) -> None:
    description = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, description)
