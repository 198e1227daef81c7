"""One image with one defect and its exact mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ura_study.data.synthetic.conspicuity import conspicuity
from ura_study.data.synthetic.kinds import KINDS
from ura_study.data.synthetic.site import Scene, draw_site, like, make_scene
from ura_study.data.textures.mask import GAP, SPECK, close_gaps, without_specks

#: A pixel has visibly changed where a channel differs by this many grey levels of 255 (as in the texture set).
VISIBLE = 6
#: A defect covers at least and at most this share of the object's area ...
AREA = (0.004, 0.15)
#: ... stands out by this much (see `conspicuity`) ...
STANDS_OUT = 1.5
#: ... and lies on the object with at least this share of its area; with less where that fails too often.
ON_OBJECT, PARTLY = 0.8, 0.2
ATTEMPTS = 40
#: Drawn where no other kind can be seen.
PLAINEST = "spot"


@dataclass(frozen=True)
class Altered:
    """An image with a defect: outside the mask it is the clean one, to the last bit."""

    kind: str
    image: np.ndarray
    """(H, W, 3) uint8."""
    mask: np.ndarray
    """(H, W) bool."""


def alter(kind: str, image: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> Altered:
    """Give an image a defect, of another kind if need be: a blur, say, leaves no trace on a plain surface.

    Args:
        image, other: (H, W, 3) uint8; `other` may be of any size and lends the defect its content.

    Raises:
        RuntimeError: where nothing that was tried can be seen.
    """
    scene, lender = make_scene(image), make_scene(like(other, image.shape[:2]))
    for name in dict.fromkeys((kind, PLAINEST)):
        for attempt in range(ATTEMPTS):
            altered = _draw(name, scene, lender, rng)
            if _fits(altered, scene, ON_OBJECT if attempt < ATTEMPTS // 2 else PARTLY):
                return altered
    if not altered.mask.any():
        raise RuntimeError(f"{kind}: no visible defect in {ATTEMPTS} attempts")
    return altered


def settle(clean: np.ndarray, altered: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the altered image, put back to the clean one outside its mask, and the mask (`textures.mask` defines it).

    Both images are (H, W, 3) uint8. Gaps that are closed and specks that are left out grow with the image.
    """
    scale = min(clean.shape[:2]) / 256
    differs = np.abs(altered.astype(np.int16) - clean).max(axis=-1) >= VISIBLE
    mask = without_specks(close_gaps(differs, max(1, round(scale * GAP))), round(scale**2 * SPECK / 2))
    return np.where(mask[..., None], altered, clean), mask


def _draw(kind: str, scene: Scene, lender: Scene, rng: np.random.Generator) -> Altered:
    site = draw_site(scene, lender, rng)
    window = np.rint(255 * np.clip(KINDS[kind](site, rng), 0, 1)).astype(np.uint8)
    altered = scene.image.copy()
    altered[site.window] = window
    return Altered(kind, *settle(scene.image, altered))


def _fits(altered: Altered, scene: Scene, on_object: float) -> bool:
    mask = altered.mask
    if not AREA[0] <= mask.sum() / scene.unit**2 <= AREA[1]:
        return False
    if scene.inside[mask].mean() < on_object:
        return False
    return conspicuity(scene.image, altered.image, mask, scene.inside) >= STANDS_OUT
