"""Which images a run trains on and tests on, beyond the data set's own split.

One-class (the default): all normal training images; a model per category.
k-shot (`shots`): k different training images, drawn by the run's seed; with more shots the same seed adds to them.
Contaminated training (`contamination`): a share of the category's anomalous test images, drawn by the run's seed, is
trained on as if they were normal, and not tested on, as in fully unsupervised anomaly detection (the "no overlap"
setting of SoftPatch, Jiang et al., NeurIPS 2022; the share there is of the training images, here of the defects).
Unified multi-class (`unified`): one model for all categories of the study, trained on the training images of all and
evaluated on each (UniAD, You et al., NeurIPS 2022). In scoring it is not told the category of an image,
and it is calibrated on normal images of all categories.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ura_study.canonical import digest
from ura_study.data.config import DataSettings, MagneticTileSettings
from ura_study.data.fingerprint import contents, fingerprint
from ura_study.data.layouts.registry import category_names, read_category
from ura_study.data.table import Category, Sample
from ura_study.errors import DataError


def drawn(category: Category, data: DataSettings, seed: int) -> Category:
    """Return the images that the run with this seed trains on and tests on.

    What is drawn depends on the images' contents and the seed alone, not on names, order, variant or settings.

    Raises:
        DataError: where there are fewer images than must be drawn.
    """
    if data.shots is not None:
        chosen = _chosen(category.train, seed)
        if len(chosen) < data.shots:
            raise DataError(
                f"{category.train[0].path.parent}: data.shots is {data.shots}, but category '{category.name}' has "
                f"{len(chosen)} different training images"
            )
        return replace(category, train=_kept(category.train, chosen[: data.shots]))
    if data.contamination:
        return _contaminated(category, data.contamination, seed)
    return category


def read_for_run(data: DataSettings, name: str, seed: int) -> tuple[Category, str]:
    """Return the images of a run on category `name` and the fingerprint of all that it depends on.

    Raises:
        DataError: where folders are not as the layout has them, or there are fewer images than must be drawn.
    """
    names = sorted(category_names(data)) if data.unified else [name]
    categories = {other: read_category(data, other) for other in names}
    found = fingerprints(data, {other: fingerprint(category) for other, category in categories.items()})
    own = {other: drawn(category, data, seed) for other, category in categories.items()}
    train = tuple(sample for category in own.values() for sample in category.train)
    labels = tuple(number for number, category in enumerate(own.values()) for _ in category.train)
    return replace(own[name], train=train, labels=labels if data.unified else None), found[name]


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


def described(data: DataSettings) -> str:
    """Return a note on the protocol for readers of tables; empty for the default protocol."""
    told = []
    if data.shots is not None:
        told.append(f"{data.shots}-shot: each seed trains on {data.shots} of a category's images, drawn by the seed")
    if data.contamination:
        told.append(
            f"contaminated: {100 * data.contamination:g} % of a category's anomalous test images, drawn by the seed, "
            "are trained on as normal and not tested on"
        )
    if data.unified:
        told.append("unified: one model for all categories")
    if (data.magnetic_tile or MagneticTileSettings()).split == "random":
        told.append("random split: photographs of one tile are trained on and tested on")
    return "; ".join(told)


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


def _chosen(samples: Sequence[Sample], seed: int) -> list[str]:
    """Return the distinct content hashes of samples in a random order, determined by the seed."""
    different = sorted(set(contents(samples)))
    return [different[i] for i in np.random.default_rng(seed).permutation(len(different))]


def _kept(samples: Sequence[Sample], chosen: Sequence[str]) -> tuple[Sample, ...]:
    """Return one sample of each of the chosen contents, in the order of the list."""
    hashes = contents(samples)
    first = {content: position for position, content in reversed(list(enumerate(hashes)))}
    return tuple(samples[i] for i in sorted(first[content] for content in chosen))


def _having(samples: Sequence[Sample], chosen: Sequence[str]) -> list[Sample]:
    """Return all samples with the chosen contents, including copies: no image may be both trained and tested on."""
    return [sample for sample, content in zip(samples, contents(samples), strict=True) if content in set(chosen)]
