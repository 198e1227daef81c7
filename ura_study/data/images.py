"""Reading images and masks at the size the network sees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from ura_study.errors import DataError


def load_image(path: Path, size: int) -> np.ndarray:
    """Return an image as (size, size, 3) uint8 RGB, resized by Pillow's antialiased bilinear filter.

    Grey and palette images become RGB; 16-bit grey is scaled to 8 bits (divided by 257); the aspect ratio is not kept.

    Raises:
        DataError: where the file cannot be decoded.
    """
    image = _to_rgb(_open(path))
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR))


def load_mask(path: Path, image: Path, size: int) -> np.ndarray:
    """Return a mask as (size, size) bool, True where anomalous (not 0), resized to the nearest pixel.

    Raises:
        DataError: where the file cannot be decoded, or is not of the size of its `image`.
    """
    mask = _open(path)
    check_mask_size(path, mask.size, image, image_size(image))
    grey = np.asarray(mask)
    flat = grey.any(axis=-1) if grey.ndim == 3 else grey != 0
    return np.asarray(Image.fromarray(flat).resize((size, size), Image.Resampling.NEAREST))


def check_mask_size(mask: Path, mask_size: tuple[int, int], image: Path, size: tuple[int, int]) -> None:
    """Raise a `DataError` where a mask is not of the (width, height) of its image."""
    if mask_size != size:
        raise DataError(
            f"{mask}: expected a mask of its image's size {size[0]}×{size[1]} ({image.parent.name}/{image.name}), "
            f"but got {mask_size[0]}×{mask_size[1]}"
        )


def image_size(path: Path) -> tuple[int, int]:
    """Return (width, height) of an image file from its header."""
    try:
        with Image.open(path) as image:
            return image.size
    except (OSError, UnidentifiedImageError) as error:
        raise DataError(_unreadable(path, error)) from error


def _open(path: Path) -> Image.Image:
    try:
        with Image.open(path) as image:
            image.load()
            return image
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise DataError(_unreadable(path, error)) from error


def _unreadable(path: Path, error: Exception) -> str:
    reason = "not an image" if isinstance(error, UnidentifiedImageError) else str(error) or type(error).__name__
    return f"{path}: cannot be read as an image ({reason})"


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16-bit grey, as "I;16" or widened to "I"
        image = Image.fromarray((np.asarray(image).astype(np.uint32) // 257).astype(np.uint8))
    return image.convert("RGB")
