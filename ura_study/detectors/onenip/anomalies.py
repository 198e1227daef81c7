"""Synthetic defects in images, and where they are.

From the authors' code: half of the images get a piece of themselves, repainted and pasted elsewhere (CutPaste, Li et
al., CVPR 2021), which is a patch or a narrow scar, turned by up to 45 degrees, with equal odds. The other half get
another texture where Perlin noise is above 0.5, mixed with 0 to 80 % of the image (DRAEM, Zavrtanik et al., ICCV 2021).

Our own choice: the authors take textures from a data set (DTD). Here a texture is the image itself, moved round by any
distance and distorted as theirs are (see `colours`), so that no further data is needed. Sizes that the authors give in
pixels are for images of side 224, and follow the side. The noise is not turned by up to 5 degrees.

Defects of the held-out images (`data.validation`) come from another renderer.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ura_study.detectors.onenip.colours import distorted, repainted, uniform
from ura_study.detectors.onenip.perlin import perlin_noise

#: Share of the image that a patch covers, and its width as a share of its height: one of two ranges.
AREA, ASPECT = (0.02, 0.15), ((0.3, 1.0), (1.0, 3.3))
#: Width and height of a scar, in pixels of an image of side `SIDE`, and the degrees by which it is turned.
WIDTH, HEIGHT, SIDE, TURN = (2, 16), (10, 25), 224, 45
#: Cells of the noise along each side: two to a power in this range. The mask is where the noise is above `LEVEL`.
POWERS, LEVEL = (1, 5), 0.5
#: Most of the image that shows through a texture.
THROUGH = 0.8


def with_defects(images: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return images (B, H, H, 3) uint8 with a defect each, and where it is, (B, H, H) bool. All on the CPU.

    Noise may be nowhere above the level: such an image is as it was, and its mask empty.
    """
    found = [_with_defect(image.numpy(), generator) for image in images]
    changed, masks = zip(*found, strict=True)
    return torch.from_numpy(np.stack(changed)), torch.from_numpy(np.stack(masks))


def _with_defect(image: np.ndarray, generator: torch.Generator) -> tuple[np.ndarray, np.ndarray]:
    kind = uniform(0, 1, generator)
    if kind < 0.5:
        return textured(image, generator)
    width, height, turn = patch(len(image), generator) if kind < 0.75 else scar(len(image), generator)
    return pasted(image, width, height, turn, generator)


def patch(side: int, generator: torch.Generator) -> tuple[int, int, float]:
    """Return width, height and turn of a patch of an image of a given side."""
    area = uniform(*AREA, generator) * side**2
    aspect = uniform(*ASPECT[int(uniform(0, 2, generator))], generator)
    return max(1, int(math.sqrt(area * aspect))), max(1, int(math.sqrt(area / aspect))), 0.0


def scar(side: int, generator: torch.Generator) -> tuple[int, int, float]:
    """Return width, height and turn of a scar of an image of a given side."""
    width, height = (max(1, round(uniform(*most, generator) * side / SIDE)) for most in (WIDTH, HEIGHT))
    return width, height, uniform(-TURN, TURN, generator)


def pasted(
    image: np.ndarray, width: int, height: int, turn: float, generator: torch.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return an image (H, H, 3) of which a piece was pasted elsewhere, turned by so many degrees, and where, (H, H)."""
    side = len(image)
    (x, y), (left, top) = ([int(uniform(0, side - size + 1, generator)) for size in (width, height)] for _ in range(2))
    whole = Image.fromarray(image)
    piece = repainted(whole.crop((x, y, x + width, y + height)), generator)
    shape = Image.new("L", piece.size, 255).rotate(turn, expand=True)
    mask = Image.new("L", whole.size, 0)
    mask.paste(shape, (left, top))
    whole.paste(piece.rotate(turn, expand=True), (left, top), shape)
    return np.array(whole), np.array(mask) > 0


def textured(image: np.ndarray, generator: torch.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return an image (H, H, 3) with a texture where noise is high, and where that is, (H, H)."""
    side = len(image)
    offset = [int(uniform(0, side, generator)) for _ in range(2)]
    texture = distorted(Image.fromarray(np.roll(image, offset, axis=(0, 1))), generator)
    rows, columns = (2 ** int(uniform(POWERS[0], POWERS[1] + 1, generator)) for _ in range(2))
    mask = (perlin_noise(side, rows, columns, generator) > LEVEL).numpy()
    through = uniform(0, THROUGH, generator)
    mixed = np.round(through * image + (1 - through) * np.asarray(texture)).astype(np.uint8)
    return np.where(mask[..., None], mixed, image), mask
