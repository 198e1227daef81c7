"""What can be told of a category's images before anything runs: each opens, and each mask fits its image."""

from __future__ import annotations

from ura_study.data.images import check_mask_size, image_size
from ura_study.data.table import Category


def check_headers(category: Category) -> None:
    """Read the header of every image and mask of a category.

    Raises:
        DataError: naming the first file that is no image, or the first mask that is not of its image's size.
    """
    for sample in (*category.train, *category.test):
        size = image_size(sample.path)
        for mask in sample.masks:
            check_mask_size(mask, image_size(mask), sample.path, size)
