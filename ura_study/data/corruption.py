"""Corruptions of test images, five severities each, to tell how robust a detector is.

Brightness, contrast, blur, noise and JPEG are those of ImageNet-C (Hendrycks & Dietterich, ICLR 2019), with the
parameters of its published code. As there, they are applied to the square that the network sees (there 224 pixels: the
radii of blur are in pixels). Rotation and shift have parameters of our own; what comes in from beyond the border is the
image reflected, so that no edge looks like a defect, and masks are moved along.

What is drawn (noise, the sense of a rotation or shift) depends on the content of the image file alone: it is the same
for every variant, seed and run, and grows with the severity instead of being drawn anew.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage.color import hsv2rgb, rgb2hsv
from skimage.filters import gaussian
from skimage.transform import AffineTransform, warp

from ura_study.data.corruption_config import CorruptionSettings

#: Added to the value (HSV); factor of the contrast around each channel's mean; standard deviation of the noise: of 1.
BRIGHTNESS = (0.1, 0.2, 0.3, 0.4, 0.5)
CONTRAST = (0.4, 0.3, 0.2, 0.1, 0.05)
NOISE = (0.08, 0.12, 0.18, 0.26, 0.38)
#: Standard deviation of the blur; radius of the disk out of focus, and the deviation that softens its edge: pixels.
BLUR = (1, 2, 3, 4, 6)
DEFOCUS = ((3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5))
JPEG = (25, 18, 15, 10, 7)
#: Our own: degrees around the middle, and shares of the side in both directions.
ROTATION = (1, 2, 4, 7, 10)
SHIFT = (0.01, 0.02, 0.04, 0.07, 0.1)


def corrupted(image: np.ndarray, how: CorruptionSettings, content: str) -> np.ndarray:
    """Return an image (H, W, 3) uint8 corrupted; `content` is the hash of its file."""
    if how.kind in MOVES:
        changed = warp(image, _inverse(image.shape, how, content), order=1, mode="reflect", preserve_range=True) / 255
    else:
        changed = _CHANGES[how.kind](image / 255, how.severity - 1, np.random.default_rng(int(content, 16)))
    return np.rint(255 * np.clip(changed, 0, 1)).astype(np.uint8)


def moved(mask: np.ndarray, how: CorruptionSettings, content: str) -> np.ndarray:
    """Return the mask (H, W) bool of an image as its corruption moves it; `content` is the hash of the image's file.

    A region may leave the image, or come in again as a reflection.
    """
    if how.kind not in MOVES:
        return mask
    inverse = _inverse(mask.shape, how, content)
    return warp(mask.astype(float), inverse, order=0, mode="reflect") > 0.5


def _brightness(image: np.ndarray, level: int, rng: np.random.Generator) -> np.ndarray:
    hsv = rgb2hsv(image)
    hsv[..., 2] = np.clip(hsv[..., 2] + BRIGHTNESS[level], 0, 1)
    return hsv2rgb(hsv)


def _contrast(image: np.ndarray, level: int, rng: np.random.Generator) -> np.ndarray:
    means = image.mean(axis=(0, 1))
    return (image - means) * CONTRAST[level] + means


def _gaussian_blur(image: np.ndarray, level: int, rng: np.random.Generator) -> np.ndarray:
    return gaussian(image, sigma=BLUR[level], channel_axis=-1)


def _defocus_blur(image: np.ndarray, level: int, rng: np.random.Generator) -> np.ndarray:
    radius, soft = DEFOCUS[level]
    side = np.arange(-max(radius, 8), max(radius, 8) + 1)
    disk = (np.square(side)[:, None] + np.square(side) <= radius**2).astype(float)
    disk = ndimage.gaussian_filter(disk / disk.sum(), soft, mode="mirror", radius=1 if radius <= 8 else 2)
    return ndimage.convolve(image, disk[..., None], mode="mirror")


def _gaussian_noise(image: np.ndarray, level: int, rng: np.random.Generator) -> np.ndarray:
    return image + NOISE[level] * rng.standard_normal(image.shape)


def _jpeg_compression(image: np.ndarray, level: int, rng: np.random.Generator) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(np.rint(255 * image).astype(np.uint8)).save(file, "JPEG", quality=JPEG[level])
    return np.asarray(Image.open(file)) / 255


_CHANGES: dict[str, Callable[[np.ndarray, int, np.random.Generator], np.ndarray]] = {
    "brightness": _brightness,
    "contrast": _contrast,
    "gaussian_blur": _gaussian_blur,
    "defocus_blur": _defocus_blur,
    "gaussian_noise": _gaussian_noise,
    "jpeg_compression": _jpeg_compression,
}
MOVES = ("rotation", "shift")


def _inverse(shape: tuple[int, ...], how: CorruptionSettings, content: str) -> np.ndarray:
    """Return the matrix (3, 3) from pixels (x, y, 1) of the moved image to those of the image.

    The move is defined on the square from -1/2 to 1/2, to which an image of any shape is stretched.
    """
    signs = np.random.default_rng(int(content, 16)).choice((-1, 1), size=2)
    if how.kind == "rotation":
        move = AffineTransform(rotation=signs[0] * np.deg2rad(ROTATION[how.severity - 1])).params
    else:
        move = AffineTransform(translation=signs * SHIFT[how.severity - 1]).params
    size = np.array(shape[1::-1])  # (W, H)
    to_square = AffineTransform(scale=1 / size, translation=0.5 / size - 0.5).params
    return np.linalg.inv(to_square) @ np.linalg.inv(move) @ to_square
