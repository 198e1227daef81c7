"""Anomaly maps of several variants for the same test images.

The images are not chosen by score: they are the middle image of each kind of defect in the list of files. So they are
not selected to look good.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, zip_longest

from ura_study.report.drawing.drawn import Drawn
from ura_study.report.drawing.strips import Strip, draw, spanned
from ura_study.report.drawing.style import sentences
from ura_study.report.figures.choice import contrasted, unshown
from ura_study.report.figures.registry import figure as registered
from ura_study.results.results import Results
from ura_study.runs.details import EXAMPLE, Picture

#: Most variants (rows) and images (columns) on a page.
VARIANTS, IMAGES = 6, 7


@dataclass(frozen=True, eq=False)
class SideBySide:
    """The content of the figure."""

    columns: tuple[tuple[str, str], ...]
    """Category and kind of defect of each image."""
    pictures: Mapping[str, tuple[Picture, ...]]
    """Variant → one picture for each column."""
    seed: int
    unshown: str
    caveats: tuple[str, ...]


def side_by_side(results: Results) -> SideBySide | None:
    """Return the images that all variants shown have, of the first seed with any; None if there are none.

    The variants are those of `contrasted` with pictures of that seed, at least two. At most `IMAGES` images are taken
    from the categories in turn, one of each before the second of any, and then sorted by category.
    """
    for seed in results.plan.seeds:
        found = {name: _examples(results, name, seed) for name in contrasted(results, VARIANTS)}
        found = {name: of_variant for name, of_variant in found.items() if of_variant}
        if len(found) < 2:
            continue
        common = [key for key in next(iter(found.values())) if all(key in of_variant for of_variant in found.values())]
        by_category = [[key for key in common if key[0] == category] for category in results.plan.categories]
        keys = [key for key in chain.from_iterable(zip_longest(*by_category)) if key is not None][:IMAGES]
        keys.sort(key=lambda key: results.plan.categories.index(key[0]))
        if keys:
            pictures = {name: tuple(of[key] for key in keys) for name, of in found.items()}
            columns = tuple((category, defect) for category, _, defect in keys)
            return SideBySide(columns, pictures, seed, unshown(results, found), results.caveats)
    return None


def _examples(results: Results, variant: str, seed: int) -> dict[tuple[str, int, str], Picture]:
    """Return (category, index of the test image, kind of defect) → example of a variant."""
    found = {}
    for category in results.plan.categories:
        if (details := results.pictured(variant, category, seed)) is not None:
            for picture in sorted(details.pictures, key=lambda picture: picture.index):
                if EXAMPLE in picture.reasons:
                    found[category, picture.index, details.defects[picture.index]] = picture
    return found


def figure(info: SideBySide) -> Drawn:
    """Return the figure: the inputs, their masks, then a row of anomaly maps for each variant."""
    first = next(iter(info.pictures.values()))
    rows = [Strip("input", [p.input for p in first]), Strip("mask", [p.mask for p in first])]
    rows += [spanned(name, [p.maps["anomaly"] for p in of]) for name, of in info.pictures.items()]
    heads = [[category, defect] for category, defect in info.columns]
    caption = sentences(
        f"The same test images as variants see them (seed {info.seed}): anomaly maps, each row on its own colour scale "
        "(on its right), since units differ between variants. The images were not chosen by score: they are the middle "
        "ones of their kind of defect in the list of files.",
        info.unshown,
        *info.caveats,
    )
    alt = (
        f"Anomaly maps of {', '.join(info.pictures)} for {len(heads)} test images: "
        f"{'; '.join(' '.join(lines) for lines in heads)}."
    )
    return draw("side-by-side", heads, rows, caption, alt)


@registered("pictures")
def figures(results: Results) -> Iterator[Drawn]:
    """Yield the figure if several variants kept the same images."""
    if (info := side_by_side(results)) is not None:
        yield figure(info)
