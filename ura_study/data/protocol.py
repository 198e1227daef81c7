"""Which images a run trains on and tests on, beyond the data set's own split.

One-class (the default): all normal training images; a model per category.
k-shot (`shots`): k different training images, drawn by the run's seed; with more shots the same seed adds to them.
Contaminated training (`contamination`): a share of the category's anomalous test images, drawn by the run's seed, is
trained on as if they were normal, and not tested on, as in fully unsupervised anomaly detection (the "no overlap"
setting of SoftPatch, Jiang et al., NeurIPS 2022; the share there is of the training images, here of the defects).
Held-out images (`validation`) are taken from what would be trained on: after contamination, and before shots are drawn.
With `unified` each category holds out a share of its own, and its run is validated on that.
Unified multi-class (`unified`): one model for all categories of the study, trained on the training images of all and
evaluated on each (UniAD, You et al., NeurIPS 2022). In scoring it is not told the category of an image,
and it is calibrated on normal images of all categories.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ura_study.canonical import digest
from ura_study.data.config import DataSettings
from ura_study.data.fingerprint import contents, fingerprint
from ura_study.data.layouts.registry import category_names
from ura_study.data.pairs import read_pair
from ura_study.data.table import Category, Sample, Split
from ura_study.data.validation import split
from ura_study.errors import DataError


def drawn(category: Category, data: DataSettings, seed: int) -> Category:
    """Return the images that the run with this seed trains on and tests on, with those that are held out.

    What is drawn depends on the images' contents and the seed alone, not on names, order, variant or settings. Images
    are held out after contamination, which may concern them too, and before shots are drawn from the rest.

    Raises:
        DataError: where there are fewer images than must be drawn.
    """
    if data.contamination:
        category = _contaminated(category, data.contamination, seed)
    if data.validation:
        category = replace(category, held=split(category.train, data.validation))
    return category if data.shots is None else _few(category, data.shots, seed)


def read_for_run(data: DataSettings, name: str, seed: int) -> tuple[Category, str]:
    """Return the images of a run on category `name` (see `pairs`) and the fingerprint of all that it depends on.

    Raises:
        DataError: where folders are not as the layout has them, or there are fewer images than must be drawn.
    """
    names = sorted(category_names(data)) if data.unified else [name]
    categories = {other: read_pair(data, other) for other in names}
    found = fingerprints(data, {other: fingerprint(category) for other, category in categories.items()})
    own = {other: drawn(category, data, seed) for other, category in categories.items()}
    return _united(own, name) if data.unified else own[name], found[name]


def _united(categories: Mapping[str, Category], name: str) -> Category:
    """Return category `name` with the training images of all; each leaves out of training what it holds out."""
    samples: list[Sample] = []
    labels: list[int] = []
    parts: dict[str, Split] = {}
    for number, (other, category) in enumerate(categories.items()):
        if category.held is not None:
            parts[other] = category.held.placed(range(len(samples), len(samples) + len(category.train)))
        samples += category.train
        labels += [number] * len(category.train)
    held = replace(parts[name], train=tuple(i for part in parts.values() for i in part.train)) if parts else None
    return replace(categories[name], train=tuple(samples), labels=tuple(labels), held=held)


def fingerprints(data: DataSettings, found: Mapping[str, str]) -> dict[str, str]:
    """Return the fingerprint that a run on each category depends on; with `unified`, it covers all categories.

    Raises:
        DataError: where one category alone is to be unified.
    """
    if not data.unified:
        return dict(found)
    if len(found) < 2:
        raise DataError(f"data.unified needs at least two categories, but got {', '.join(found)}")
    everything = dict(found)
    return {name: digest([own, everything]) for name, own in found.items()}


def _contaminated(category: Category, share: float, seed: int) -> Category:
    anomalous = [sample for sample in category.test if sample.anomalous]
    chosen = _chosen(anomalous, seed)
    count = round(share * len(chosen))
    if not 0 < count < len(chosen):
        raise DataError(
            f"category '{category.name}': data.contamination {share:g} moves {count} of {len(chosen)} different "
            "anomalous test images; at least one must move and one must stay"
        )
    moved = {sample.path for sample in _having(anomalous, chosen[:count])}
    return replace(
        category,
        train=(*category.train, *(sample for sample in category.test if sample.path in moved)),
        test=tuple(sample for sample in category.test if sample.path not in moved),
    )


def _few(category: Category, shots: int, seed: int) -> Category:
    """Return a category with so many different images to train on, drawn from those that are not held out."""
    held = category.held or Split(tuple(range(len(category.train))), (), ())
    hashes = contents(category.train)
    free = {hashes[i]: i for i in reversed(held.train)}  # the first of equal images
    chosen = _chosen([category.train[i] for i in held.train], seed)
    if len(chosen) < shots:
        left = " that are not held out" if category.held else ""
        raise DataError(
            f"{category.train[0].path.parent}: data.shots is {shots}, but category '{category.name}' has "
            f"{len(chosen)} different training images{left}"
        )
    few = replace(held, train=tuple(sorted(free[content] for content in chosen[:shots])))
    kept = sorted({*few.train, *few.normal, *few.altered})
    train = tuple(category.train[i] for i in kept)
    places = {old: new for new, old in enumerate(kept)}
    return replace(category, train=train, held=few.placed(places) if category.held else None)


def _chosen(samples: Sequence[Sample], seed: int) -> list[str]:
    """Return the distinct content hashes of samples in a random order, determined by the seed."""
    different = sorted(set(contents(samples)))
    return [different[i] for i in np.random.default_rng(seed).permutation(len(different))]


def _having(samples: Sequence[Sample], chosen: Sequence[str]) -> list[Sample]:
    """Return all samples with the chosen contents, including copies: no image may be both trained and tested on."""
    return [sample for sample, content in zip(samples, contents(samples), strict=True) if content in set(chosen)]
