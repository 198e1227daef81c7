"""The protocol of a study in words, for readers of its tables: empty where it is the usual one.

Each function takes the data settings of all variants, since variants may differ in them.
"""

from __future__ import annotations

from collections.abc import Iterable

from ura_study.data.config import DataSettings, MagneticTileSettings

ACROSS = (
    "cross-data: trained on images of one category and tested on those of another, named train → test; pairs with one "
    "training category share their training"
)


def described(*every: DataSettings) -> str:
    """Return all that is unusual about the images that variants are trained and tested on."""
    return "; ".join(filter(None, (trained_on(*every), tested_on(*every))))


def trained_on(*every: DataSettings) -> str:
    """Return what is unusual about the training images."""
    told = [_shots(every), _contamination(every), _unified(every)]
    if any((data.magnetic_tile or MagneticTileSettings()).split == "random" for data in every):
        told.append("random split: photographs of one tile are trained on and tested on")
    return "; ".join(filter(None, told))


def tested_on(*every: DataSettings) -> str:
    """Return what is unusual about the test images, and how variants differ in what is judged."""
    across = [ACROSS] if any(data.test is not None for data in every) else []
    return "; ".join(filter(None, (*across, _corruption(every), *_judged(every))))


def _shots(every: tuple[DataSettings, ...]) -> str:
    first, *others = dict.fromkeys(data.shots for data in every)
    if others:
        listed = _listed("all" if shots is None else shots for shots in (first, *others))
        return (
            f"shots differ between variants ({listed}): each seed trains on so many of a category's images, drawn by "
            "the seed"
        )
    if first is None:
        return ""
    return f"{first}-shot: each seed trains on {first} of a category's images, drawn by the seed"


def _contamination(every: tuple[DataSettings, ...]) -> str:
    shares = [f"{100 * share:g} %" for share in dict.fromkeys(data.contamination for data in every)]
    if not any(data.contamination for data in every):
        return ""
    held = ", some perhaps held out as normal," if any(data.validation for data in every) else ""
    if len(shares) == 1:
        return (
            f"contaminated: {shares[0]} of a category's anomalous test images, drawn by the seed, "
            f"are trained on as normal{held} and not tested on"
        )
    return (
        f"contamination differs between variants ({_listed(shares)}): so many of a category's anomalous test images, "
        f"drawn by the seed, are trained on as normal{held} and not tested on, so differences between variants are "
        "partly those of their test images"
    )


def _unified(every: tuple[DataSettings, ...]) -> str:
    if all(data.unified for data in every):
        return "unified: one model for all categories"
    if any(data.unified for data in every):
        return "some variants are unified, one model for all categories; in others each category has a model of its own"
    return ""


def _corruption(every: tuple[DataSettings, ...]) -> str:
    first, *others = dict.fromkeys(data.corruption if data.corruption.corrupts else None for data in every)
    if others:
        return "test images are corrupted in some variants, other images in none"
    return f"test images are corrupted ({first.kind}, severity {first.severity}), other images are not" if first else ""


def _judged(every: tuple[DataSettings, ...]) -> Iterable[str]:
    sizes = dict.fromkeys(data.eval_size or data.image_size for data in every)
    if len(sizes) > 1:
        yield (
            f"maps are judged at different sizes ({_listed(sizes)}), which alone changes pixel metrics; one "
            "data.eval_size judges all alike"
        )
    if len({None if data.crop_from is None else data.image_size / data.crop_from for data in every}) > 1:
        yield "variants see and are judged on different parts of the images"


def _listed(values: Iterable[object]) -> str:
    return ", ".join(map(str, values))
