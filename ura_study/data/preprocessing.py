"""From the pixels of a file to those that the network sees."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ura_study.data.corruption_config import CorruptionSettings

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

#: Range by which values of more than eight bits are scaled: a number of bits (1..16), their type's, or the image's own.
Depth = int | Literal["type", "file"]
DEEPEST = 16


@dataclass(frozen=True)
class Preprocessing:
    """How an image is made ready for the network: the pixels are brought to 8 bits, then to a square."""

    image_size: int = 256
    """Side of the square, in pixels."""
    crop_from: int | None = None
    """The shorter side is brought to so many pixels, and the square cut from the middle; None: all is stretched."""
    depth: Depth = "type"

    def identity(self) -> dict[str, Any]:
        """Return what features and weights depend on; newer keys only where they are in use."""
        cut = {} if self.crop_from is None else {"crop_from": self.crop_from}
        deep = {} if self.depth == "type" else {"depth": self.depth}
        return {"image_size": self.image_size} | cut | deep


@dataclass(frozen=True)
class Corrupting(Preprocessing):
    """How a test image is made ready and then corrupted, to tell how robust a detector is."""

    corruption: CorruptionSettings = field(default_factory=CorruptionSettings)

    def identity(self) -> dict[str, Any]:
        """Return what features of corrupted images depend on."""
        return super().identity() | {"corruption": self.corruption.model_dump()}


def eight_bits(values: np.ndarray, depth: Depth) -> np.ndarray:
    """Return grey values (H, W) of more than eight bits as uint8, rounded down.

    By `type` they are shares of 65,535, by a number of bits shares of 2^bits - 1; by `file` the least value of the
    image becomes 0 and the greatest 255, so that images are no longer of one brightness.

    Raises:
        ValueError: where values are outside of the range, NaN or infinite.
    """
    least, most = values.min(), values.max()
    if depth == "file":
        if not (math.isfinite(least) and math.isfinite(most)):
            raise ValueError("expected numbers, but got values that are infinite or none")
        span = float(most) - float(least) or 1.0
        return ((values.astype("float64") - float(least)) * 255 / span).astype("uint8")
    if values.dtype.kind == "f" or least < 0 or most > 65535:
        raise ValueError("expected an image of 8 or 16 bits per channel, but got 32 (data.depth: file, or convert it)")
    if depth == "type":
        return (values // 257).astype("uint8")
    if most >= 1 << depth:
        raise ValueError(f"expected values of {depth} bits (data.depth), but got {most}")
    return (values.astype("uint32") * 255 // ((1 << depth) - 1)).astype("uint8")


def fitted(image: Image.Image, size: int, crop_from: int | None, filter_: Image.Resampling) -> Image.Image:
    """Return an image as a square: stretched, or its middle."""
    whole, (left, top) = placed(image.size, size, crop_from)
    return image.resize(whole, filter_).crop((left, top, left + size, top + size))


def placed(own: tuple[int, int], size: int, crop_from: int | None) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the (width, height) to which an image of the size `own` is brought, and (left, top) of the square in it.

    Rounded as torchvision's Resize and CenterCrop do.
    """
    if crop_from is None:
        return (size, size), (0, 0)
    width, height = (crop_from * side // min(own) for side in own)
    return (width, height), (round((width - size) / 2), round((height - size) / 2))
