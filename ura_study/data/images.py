"""Reading images and masks at the size the network sees."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from ura_study.errors import DataError

#: What Pillow raises for a file that is no image, a broken one, or one of an absurd size.
UNREADABLE = (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError)


def load_image(path: Path, size: int) -> np.ndarray:
    """Return an image as (size, size, 3) uint8 RGB, resized by Pillow's antialiased bilinear filter.

    Grey and palette images become RGB; 16-bit grey is scaled to 8 bits (divided by 257); the aspect ratio is not kept.

    Raises:
        DataError: where the file cannot be decoded.
    """
    image = to_rgb(open_image(path), path)
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR))


def load_original(path: Path) -> np.ndarray:
    """Return an image at its own size as (H, W, 3) uint8 RGB: what `load_image` resizes.

    Raises:
        DataError: where the file cannot be decoded.
    """
    return np.asarray(to_rgb(open_image(path), path))


def load_mask(path: Path, image: Path, size: int) -> np.ndarray:
    """Return a mask as (size, size) bool, True where anomalous, resized to the nearest pixel.

    Anomalous is what is not black, transparency apart; in a JPEG, whose black is noisy, what is brighter than half.

    Raises:
        DataError: where the file cannot be decoded, or is not of the size of its `image`.
    """
    mask = open_image(path)
    check_mask_size(path, mask.size, image, image_size(image))
    return np.asarray(Image.fromarray(marked(mask, path)).resize((size, size), Image.Resampling.NEAREST))


def load_masks(paths: Sequence[Path], image: Path, size: int) -> np.ndarray | None:
    """Return the union of an image's masks as `load_mask` gives each of them; None where it has none."""
    return np.logical_or.reduce([load_mask(path, image, size) for path in paths]) if paths else None


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
    except UNREADABLE as error:
        raise DataError(_unreadable(path, error)) from error


def open_image(path: Path) -> Image.Image:
    """Return an image as its file has it, decoded.

    Raises:
        DataError: where the file cannot be decoded.
    """
    try:
        with Image.open(path) as image:
            image.load()
            return image
    except UNREADABLE as error:
        raise DataError(_unreadable(path, error)) from error


def _unreadable(path: Path, error: Exception) -> str:
    reason = "not an image" if isinstance(error, UnidentifiedImageError) else str(error) or type(error).__name__
    return f"{path}: cannot be read as an image ({reason})"


def marked(mask: Image.Image, path: Path) -> np.ndarray:
    """Return a mask's own pixels as (H, W) bool: True where anomalous."""
    if mask.mode.startswith(("I", "F")):
        return np.asarray(mask) != 0
    colours = np.asarray(mask.convert("RGB"))  # (H, W, 3), without alpha, palette resolved
    return (colours > (127 if path.suffix.lower() in (".jpg", ".jpeg") else 0)).any(axis=2)


def to_rgb(image: Image.Image, path: Path) -> Image.Image:
    """Return an image in 8-bit RGB; 16-bit grey is divided by 257."""
    if not image.mode.startswith(("I", "F")):
        return image.convert("RGB")
    grey = np.asarray(image)  # 16-bit grey comes as "I;16" or widened to "I"
    if image.mode == "F" or grey.min() < 0 or grey.max() > 65535:
        raise DataError(f"{path}: expected an image of 8 or 16 bits per channel, but got 32 (convert it first)")
    return Image.fromarray((grey // 257).astype(np.uint8)).convert("RGB")
