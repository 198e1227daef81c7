"""Reading images and masks at the size the network sees."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from ura_study.data.fingerprint import file_digest
from ura_study.data.preprocessing import Corrupting, Depth, Preprocessing, eight_bits, fitted
from ura_study.errors import DataError

#: What Pillow raises for a file that is no image, or a broken one.
UNREADABLE = (OSError, ValueError, SyntaxError, UnidentifiedImageError)

#: Types of files that are turned as their EXIF orientation says (Pillow turns TIFF itself), and the orientations that
#: swap width and height.
ROTATED, SIDEWAYS = ("JPEG", "MPO"), (5, 6, 7, 8)
#: Types of files whose compression may change pixels, and the brightness that then tells a mask's white from its black.
LOSSY, HALF = ("JPEG", "MPO", "WEBP", "JPEG2000"), 127
#: The TIFF tag for the meaning of 0 (photometric interpretation), and its value if 0 is white.
PHOTOMETRIC, WHITE_IS_ZERO = 262, 0

Image.MAX_IMAGE_PIXELS = None  # Pillow would warn at half of its limit; ours can be set, and is told in one line
_most_pixels = 178_956_970


def load_image(path: Path, how: Preprocessing) -> np.ndarray:
    """Return an image as the network sees it: (H, H, 3) uint8 RGB, resized by Pillow's antialiased bilinear filter.

    See `open_image` and `to_rgb` for formats other than 8-bit RGB. A corruption comes last.

    Raises:
        DataError: where the file cannot be decoded.
    """
    image = _in_eight_bits(open_image(path), path, how.depth)  # grey is repeated at the end: a third of the work
    square = np.asarray(fitted(image, how.image_size, how.crop_from, Image.Resampling.BILINEAR).convert("RGB"))
    if not isinstance(how, Corrupting):
        return square
    from ura_study.data.corruption import corrupted  # scikit-image takes a while to import

    return corrupted(square, how.corruption, file_digest(path))


def load_original(path: Path, depth: Depth = "type") -> np.ndarray:
    """Return an image at its own size as (H, W, 3) uint8 RGB: what `load_image` resizes.

    Raises:
        DataError: where the file cannot be decoded.
    """
    return np.asarray(to_rgb(open_image(path), path, depth))


def load_mask(path: Path, image: Path) -> np.ndarray:
    """Return a mask at its own size as (H, W) bool, True where anomalous (see `marked`; for other sizes `resizing`).

    Raises:
        DataError: where the file cannot be decoded, or is not of the size of its `image`.
    """
    mask = open_image(path)
    check_mask_size(path, mask.size, image, image_size(image))
    return marked(mask)


def load_masks(paths: Sequence[Path], image: Path) -> np.ndarray | None:
    """Return the union of an image's masks as `load_mask` gives each of them; None where it has none."""
    return np.logical_or.reduce([load_mask(path, image) for path in paths]) if paths else None


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
            width, height = _allowed(image, path)
            turned = image.format in ROTATED and image.getexif().get(ExifTags.Base.Orientation) in SIDEWAYS
            return (height, width) if turned else (width, height)
    except UNREADABLE as error:
        raise DataError(_unreadable(path, error)) from error


def open_image(path: Path) -> Image.Image:
    """Return an image decoded and upright: the EXIF orientation of JPEG and TIFF files is applied.

    Raises:
        DataError: where the file cannot be decoded.
    """
    try:
        with path.open("rb") as file, Image.open(file) as image:  # given a path, Pillow 13 scrambles a rotated raw TIFF
            _allowed(image, path)
            image.load()
            if image.format in ROTATED:
                ImageOps.exif_transpose(image, in_place=True)
                return image
            upright = _positive(image)
            upright.format = image.format  # an inverted copy has no format
            return upright
    except UNREADABLE as error:
        raise DataError(_unreadable(path, error)) from error


def pages(path: Path) -> int:
    """Return how many pictures an image file holds, of which the first is read; 1 where it cannot be opened."""
    try:
        with Image.open(path) as image:
            return getattr(image, "n_frames", 1)
    except UNREADABLE:
        return 1


def allow(most: int) -> None:
    """Let this process decode images of up to so many pixels (`data.max_pixels`)."""
    global _most_pixels
    _most_pixels = most


def _allowed(image: Image.Image, path: Path) -> tuple[int, int]:
    """Return an image's (width, height), or raise a `DataError` where a damaged or hostile header asks for too much."""
    width, height = image.size
    if width * height > _most_pixels:
        raise DataError(
            f"{path}: {width}×{height} pixels, but data.max_pixels is {_most_pixels:,}; raise it if this is no mistake"
        )
    return width, height


def _positive(image: Image.Image) -> Image.Image:
    """Return an image in which larger is brighter. Pillow inverts 8-bit TIFF files where 0 is white, but not 16-bit."""
    if (
        isinstance(image, TiffImageFile)
        and image.mode.startswith("I;16")
        and image.tag_v2.get(PHOTOMETRIC) == WHITE_IS_ZERO
    ):
        return Image.fromarray(np.uint16(65535) - np.asarray(image))
    return image


def _unreadable(path: Path, error: Exception) -> str:
    reason = "not an image" if isinstance(error, UnidentifiedImageError) else str(error) or type(error).__name__
    return f"{path}: cannot be read as an image ({reason})"


def marked(mask: Image.Image) -> np.ndarray:
    """Return a mask's own pixels as (H, W) bool: True where anomalous.

    Pixels that are not black are anomalous. Black is noisy in formats whose compression may be lossy (JPEG, WebP, JPEG
    2000): there, pixels brighter than half are anomalous, unless the file has only two values. Transparent pixels are
    normal; if all pixels have one colour, transparency alone marks the defect.
    """
    if deep(mask):
        return np.asarray(mask) != 0
    pixels = np.asarray(mask.convert("RGBA"))  # (H, W, 4), palette resolved
    colours, opaque = pixels[..., :3], pixels[..., 3] > HALF
    if not opaque.all() and (colours == colours[0, 0]).all():
        return opaque
    noisy = mask.format in LOSSY and len(np.unique(colours)) > 2
    return (colours > (HALF if noisy else 0)).any(axis=2) & opaque


def to_rgb(image: Image.Image, path: Path, depth: Depth = "type") -> Image.Image:
    """Return an image in 8-bit RGB.

    Grey is repeated, a palette looked up, CMYK converted by Pillow without a colour profile, and grey of more bits
    brought to eight as `depth` says. Transparency is left out: the colours are those that are stored.
    """
    return _in_eight_bits(image, path, depth).convert("RGB")


def _in_eight_bits(image: Image.Image, path: Path, depth: Depth) -> Image.Image:
    """Return an image as 8-bit grey ("L") where it is plain grey, else in 8-bit RGB; see `to_rgb`."""
    if not deep(image):
        return image if image.mode in ("L", "RGB") else image.convert("RGB")
    try:
        return Image.fromarray(eight_bits(np.asarray(image), depth))
    except ValueError as error:
        raise DataError(f"{path}: {error}") from None


def deep(image: Image.Image) -> bool:
    """Tell whether an image has grey values of more than eight bits: 16 come as "I;16" or widened to "I"."""
    return image.mode.startswith(("I", "F"))


def seen(pixels: np.ndarray, how: Preprocessing) -> np.ndarray:
    """Return an image that is in memory, (H, W, 3) uint8 or (H, W) uint8 or uint16, as `load_image` does with a file.

    Raises:
        DataError: where the array is of another shape or type.
    """
    allowed = {2: (np.uint8, np.uint16), 3: (np.uint8,)}.get(pixels.ndim, ())
    if pixels.dtype not in allowed or pixels.shape[2:] not in ((), (3,)):
        expected = "an image (H, W, 3) of uint8, or (H, W) of uint8 or uint16"
        raise DataError(f"expected {expected}, but got {pixels.shape} of {pixels.dtype}")
    try:
        bits = pixels if pixels.dtype == np.uint8 else eight_bits(pixels, how.depth)
    except ValueError as error:
        raise DataError(str(error)) from None
    image = fitted(Image.fromarray(bits), how.image_size, how.crop_from, Image.Resampling.BILINEAR)
    return np.asarray(image.convert("RGB"))
