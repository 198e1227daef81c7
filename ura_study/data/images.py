"""Reading images and masks at the size the network sees."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from ura_study.errors import DataError

#: What Pillow raises for a file that is no image, a broken one, or one of an absurd size.
UNREADABLE = (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError)

#: Types of files that are turned as their EXIF orientation says (Pillow turns TIFF itself), and the orientations that
#: swap width and height.
ROTATED, SIDEWAYS = ("JPEG", "MPO"), (5, 6, 7, 8)


def load_image(path: Path, size: int, crop_from: int | None = None) -> np.ndarray:
    """Return an image as (size, size, 3) uint8 RGB, resized by Pillow's antialiased bilinear filter.

    The whole image is stretched to the square; or, where `crop_from` is given, its shorter side is brought to so many
    pixels and the square cut from its middle. How `to_rgb` and `open_image` read other than 8-bit RGB is told there.

    Raises:
        DataError: where the file cannot be decoded.
    """
    image = to_rgb(open_image(path), path)
    return np.asarray(_fitted(image, size, crop_from, Image.Resampling.BILINEAR))


def load_original(path: Path) -> np.ndarray:
    """Return an image at its own size as (H, W, 3) uint8 RGB: what `load_image` resizes.

    Raises:
        DataError: where the file cannot be decoded.
    """
    return np.asarray(to_rgb(open_image(path), path))


def load_mask(path: Path, image: Path, size: int | None, crop_from: int | None = None) -> np.ndarray:
    """Return a mask as (size, size) bool, True where anomalous, resized to the nearest pixel and cut like its image.

    Where `size` is None it keeps its own, (H, W). Anomalous is what is not black, transparency apart; in a JPEG, whose
    black is noisy, what is brighter than half.

    Raises:
        DataError: where the file cannot be decoded, or is not of the size of its `image`.
    """
    mask = open_image(path)
    check_mask_size(path, mask.size, image, image_size(image))
    pixels = marked(mask, path)
    if size is None:
        return pixels
    return np.asarray(_fitted(Image.fromarray(pixels), size, crop_from, Image.Resampling.NEAREST))


def load_masks(paths: Sequence[Path], image: Path, size: int | None, crop_from: int | None = None) -> np.ndarray | None:
    """Return the union of an image's masks as `load_mask` gives each of them; None where it has none."""
    return np.logical_or.reduce([load_mask(path, image, size, crop_from) for path in paths]) if paths else None


def check_mask_size(mask: Path, mask_size: tuple[int, int], image: Path, size: tuple[int, int]) -> None:
    """Raise a `DataError` where a mask is not of the (width, height) of its image."""
    if mask_size != size:
        raise DataError(
            f"{mask}: expected a mask of its image's size {size[0]}×{size[1]} ({image.parent.name}/{image.name}), "
            f"but got {mask_size[0]}×{mask_size[1]}"
        )


def image_size(path: Path) -> tuple[int, int]:
    """Return (width, height) of an image file from its header, as it is seen upright."""
    try:
        with Image.open(path) as image:
            width, height = image.size
            turned = image.format in ROTATED and image.getexif().get(ExifTags.Base.Orientation) in SIDEWAYS
            return (height, width) if turned else (width, height)
    except UNREADABLE as error:
        raise DataError(_unreadable(path, error)) from error


def open_image(path: Path) -> Image.Image:
    """Return an image decoded and upright: in JPEG and TIFF a camera's note of how it was held (EXIF) is heeded.

    Raises:
        DataError: where the file cannot be decoded.
    """
    try:
        with path.open("rb") as file, Image.open(file) as image:  # by its path Pillow 13 scrambles a turned, raw TIFF
            image.load()
            return ImageOps.exif_transpose(image) if image.format in ROTATED else image
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
    """Return an image in 8-bit RGB.

    Grey is repeated, a palette looked up, CMYK converted by Pillow without a colour profile, and 16-bit grey divided by
    257. Transparency is left out: the colours are those that are stored.
    """
    if not image.mode.startswith(("I", "F")):
        return image.convert("RGB")
    grey = np.asarray(image)  # 16-bit grey comes as "I;16" or widened to "I"
    if image.mode == "F" or grey.min() < 0 or grey.max() > 65535:
        raise DataError(f"{path}: expected an image of 8 or 16 bits per channel, but got 32 (convert it first)")
    return Image.fromarray((grey // 257).astype(np.uint8)).convert("RGB")


def _fitted(image: Image.Image, size: int, crop_from: int | None, filter_: Image.Resampling) -> Image.Image:
    """Return an image as a square: stretched, or its middle; rounded as torchvision's Resize and CenterCrop do."""
    if crop_from is None:
        return image.resize((size, size), filter_)
    width, height = image.size
    shorter = min(width, height)
    width, height = crop_from * width // shorter, crop_from * height // shorter
    left, top = round((width - size) / 2), round((height - size) / 2)
    return image.resize((width, height), filter_).crop((left, top, left + size, top + size))


def seen(pixels: np.ndarray, size: int, crop_from: int | None = None) -> np.ndarray:
    """Return an image that is in memory, (H, W, 3) or (H, W) uint8, as `load_image` returns one from a file.

    Raises:
        DataError: where the array is of another shape or type.
    """
    if pixels.dtype != np.uint8 or pixels.shape[2:] not in ((), (3,)):
        raise DataError(f"expected an image (H, W, 3) or (H, W) of uint8, but got {pixels.shape} of {pixels.dtype}")
    return np.asarray(_fitted(Image.fromarray(pixels).convert("RGB"), size, crop_from, Image.Resampling.BILINEAR))
