"""One image with one defect and its exact mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ura_study.data.synthetic.conspicuity import conspicuity
from ura_study.data.synthetic.kinds import KINDS
from ura_study.data.synthetic.mask import settle
from ura_study.data.synthetic.site import Scene, draw_site, like, make_scene

#: A defect covers at least and at most this share of the object's area ...
AREA = (0.004, 0.15)
#: ... stands out by at least this much (see `conspicuity`), or by less, within these bounds, if it is faint ...
STANDS_OUT, FAINT = 1.5, (0.75, 1.5)
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


def alter(kind: str, image: np.ndarray, other: np.ndarray, rng: np.random.Generator, *, faint: bool = False) -> Altered:
    """Give an image a defect, of another kind if need be: a piece of a plain surface, say, leaves no trace on it.

    Args:
        kind: one of `KINDS`.
        image, other: (H, W, 3) uint8; `other` may be of any size and lends the defect its content.
        rng: for all draws.
        faint: whether it is to be hard to see. Where no faint defect can be drawn, as on an even surface, on which
            whatever is visible stands out, it is as plain as others.

    Raises:
        RuntimeError: where nothing that was tried can be seen.
    """
    scene, lender = make_scene(image), make_scene(like(other, image.shape[:2]))
    for hard in (True, False) if faint else (False,):
        for name in dict.fromkeys((kind, PLAINEST)):
            for attempt in range(ATTEMPTS):
                altered = _draw(name, scene, lender, rng)
                altered = _faded(altered, scene, rng) if hard else altered
                bounds = FAINT if hard else (STANDS_OUT, np.inf)
                if _fits(altered, scene, ON_OBJECT if attempt < ATTEMPTS // 2 else PARTLY, bounds):
                    return altered
    if not altered.mask.any():
        raise RuntimeError(f"{kind}: no visible defect in {ATTEMPTS} attempts")
    return altered


def _draw(kind: str, scene: Scene, lender: Scene, rng: np.random.Generator) -> Altered:
    site = draw_site(scene, lender, rng)
    window = np.rint(255 * np.clip(KINDS[kind](site, rng), 0, 1)).astype(np.uint8)
    altered = scene.image.copy()
    altered[site.window] = window
    return Altered(kind, *settle(scene.image, altered))


def _faded(altered: Altered, scene: Scene, rng: np.random.Generator) -> Altered:
    """Return a defect mixed with the clean image so that it stands out about as much as is drawn within `FAINT`."""
    stands_out = conspicuity(scene.image, altered.image, altered.mask, scene.inside) if altered.mask.any() else 0.0
    share = min(1.0, rng.uniform(*FAINT) / max(stands_out, 1e-9))
    mixed = scene.image + share * (altered.image.astype(np.float64) - scene.image)
    return Altered(altered.kind, *settle(scene.image, np.rint(mixed).astype(np.uint8)))


def _fits(altered: Altered, scene: Scene, on_object: float, bounds: tuple[float, float]) -> bool:
    mask = altered.mask
    if not AREA[0] <= mask.sum() / scene.unit**2 <= AREA[1]:
        return False
    if scene.inside[mask].mean() < on_object:
        return False
    return bounds[0] <= conspicuity(scene.image, altered.image, mask, scene.inside) < bounds[1]
