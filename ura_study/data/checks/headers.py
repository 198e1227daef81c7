"""What can be told of a category's images before anything runs: each opens, and each mask fits its image."""

from __future__ import annotations

from collections.abc import Sequence

from ura_study.data.images import check_mask_size, image_size
from ura_study.data.table import Category, Sample
from ura_study.errors import DataError


def check_headers(category: Category) -> None:
    """Read the header of every image and mask of a category.

    Raises:
        DataError: naming the first file that is no image, or the first mask that is not of its image's size.
    """
    for sample in (*category.train, *category.test):
        size = image_size(sample.path)
        for mask in sample.masks:
            check_mask_size(mask, image_size(mask), sample.path, size)


def common_shape(samples: Sequence[Sample]) -> tuple[int, int]:
    """Return the (H, W) that all images have.

    Raises:
        DataError: where they differ, so that maps cannot be judged at the images' own size.
    """
    first = samples[0].path
    width, height = image_size(first)
    for sample in samples:
        if (size := image_size(sample.path)) != (width, height):
            raise DataError(
                f"{sample.path}: data.eval_size 'original' needs test images of one size, but this one is "
                f"{size[0]}×{size[1]} and {first.parent.name}/{first.name} {width}×{height}; give a number instead"
            )
    return height, width
