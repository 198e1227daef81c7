"""The folder layout of MVTec AD (Bergmann et al., CVPR 2019), which many later data sets share.

<root>/<category>/train/good/*.png
<root>/<category>/test/good/*.png
<root>/<category>/test/<defect>/<stem>.png
<root>/<category>/ground_truth/<defect>/<stem>_mask.png     (optional, per image)

Two successors that differ in names alone are recognised by themselves, category by category:

MVTec AD 2 (Heckler-Kram et al., 2025): test_public/{good,bad} and test_public/ground_truth/bad instead. Its private
test sets have no labels and its validation images are not used.
MVTec 3D-AD (Bergmann et al., VISAPP 2022), the RGB images alone: train/good/rgb, test/<kind>/rgb, test/<kind>/gt. Its
validation images and depths (xyz) are not used.
"""

from __future__ import annotations

from collections.abc import Iterable

from ura_study.data.layouts.config import register_layout
from ura_study.data.layouts.places import Places, by_category

#: The categories of MVTec AD itself, in the order in which papers print them.
TEXTURES = ("carpet", "grid", "leather", "tile", "wood")
OBJECTS = (
    *("bottle", "cable", "capsule", "hazelnut", "metal_nut"),
    *("pill", "screw", "toothbrush", "transistor", "zipper"),
)

FIRST = Places("train/good", "test/good", "test/{defect}", "ground_truth/{defect}")
SECOND = Places(
    "train/good",
    "test_public/good",
    "test_public/{defect}",
    "test_public/ground_truth/{defect}",
    sign="test_public",
    unused=("validation", "test_private", "test_private_mixed"),
)
THREE_D = Places(
    "train/good/rgb",
    "test/good/rgb",
    "test/{defect}/rgb",
    "test/{defect}/gt",
    unused=("validation", "train/good/xyz", "test/{defect}/xyz"),
)

LAYOUT = by_category(THREE_D, SECOND, FIRST, wanted="one folder per category with train/good inside")
register_layout("mvtec_ad", LAYOUT)
categories, read = LAYOUT.categories, LAYOUT.read


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names of categories sorted, but those of MVTec AD itself in the order of papers."""
    names, published = set(names), TEXTURES + OBJECTS
    return tuple(sorted(names, key=published.index if names <= set(published) else None))
