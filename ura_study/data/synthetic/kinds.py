"""Five kinds of defect, each a function from a site and a generator to the altered window, float (h, w, 3).

Lengths are shares of the object's size (`Site.unit`), so that a defect looks the same on an image of any size. Opacity
and contrast vary widely on purpose: some of the defects are hard to see, else every variant would score alike.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from ura_study.data.synthetic.site import Site
from ura_study.data.textures.defects import wipe
from ura_study.data.textures.shapes import blob, smooth_noise, soft_step

Kind = Callable[[Site, np.random.Generator], np.ndarray]


def patch(site: Site, rng: np.random.Generator) -> np.ndarray:
    """A rectangle cut elsewhere from the same image, its colours jittered.

    CutPaste (Li et al., CVPR 2021, section 2.2), with smaller patches; they are not rotated.
    """
    area, aspect = _between(0.015, 0.08, rng) * site.unit**2, _between(0.4, 2.5, rng)
    matte = _rectangle(site, np.sqrt(area * aspect), np.sqrt(area / aspect), 0.0)
    return _mix(site.here, jittered(site.piece, (0.15, 0.35), site.grey, rng), matte)


def scar(site: Site, rng: np.random.Generator) -> np.ndarray:
    """A long thin rectangle of a turned piece of the same image, its colours jittered, at any angle.

    CutPaste-Scar (Li et al., CVPR 2021, section 2.2).
    """
    length, width = rng.uniform(0.25, 0.6) * site.unit, rng.uniform(0.022, 0.05) * site.unit
    matte = _rectangle(site, length, width, rng.uniform(0, np.pi))
    return _mix(site.here, jittered(np.flip(site.piece, (0, 1)), (0.2, 0.5), site.grey, rng), matte)


def blend(site: Site, rng: np.random.Generator) -> np.ndarray:
    """A piece of another training image, augmented, blended in through a mask of smooth noise.

    Mask, opacity, augmentation: in the manner of DRAEM (Zavrtanik et al., ICCV 2021, section 3.1), whose anomalies
    come from an unrelated texture set; taking them from other normal images is in that of NSA (Schlueter et al., ECCV
    2022). Noise filtered by a Gaussian stands for Perlin's, and a blob bounds it.
    """
    depth = blob(site.here.shape[:2], site.centre, _between(0.08, 0.18, rng) * site.unit, rng, wobble=0.3)
    depth = depth + 0.05 * site.unit * (smooth_noise(depth.shape, 0.035 * site.unit, rng) - 0.3)
    source = augmented(site.other[:, ::-1], site.grey, rng)
    return _mix(site.here, source, soft_step(depth, 0.012 * site.unit) * rng.uniform(0.45, 1))


def smear(site: Site, rng: np.random.Generator) -> np.ndarray:
    """The surface is wiped in one direction, or blurred, and loses its detail.

    (A local blur is among the corruptions of Hendrycks & Dietterich, ICLR 2019; as a defect it is our own choice.)
    """
    depth = blob(site.here.shape[:2], site.centre, _between(0.09, 0.18, rng) * site.unit, rng, stretch=2)
    if rng.random() < 0.5:
        worn = ndimage.gaussian_filter(site.here, (0.025 * site.unit, 0.025 * site.unit, 0))
    else:
        angle, reach = rng.uniform(0, np.pi), rng.uniform(0.04, 0.08) * site.unit
        worn = np.stack([wipe(site.here[..., c], angle, reach, 0.006 * site.unit) for c in range(3)], axis=-1)
    return _mix(site.here, worn, soft_step(depth, 0.02 * site.unit))


def spot(site: Site, rng: np.random.Generator) -> np.ndarray:
    """A dark or bright blob with soft, uneven edges, as dirt leaves it; slightly coloured on coloured images.

    (Our own choice: the plainest of defects, visible on any surface.)
    """
    depth = blob(site.here.shape[:2], site.centre, _between(0.05, 0.12, rng) * site.unit, rng, wobble=0.3)
    depth = depth + 0.006 * site.unit * smooth_noise(depth.shape, 0.02 * site.unit, rng)
    level = site.here[depth > 0].mean() if (depth > 0).any() else site.here.mean()
    bright = rng.random() < np.clip(1.25 - 1.5 * level, 0, 1)  # away from the end of the range that is near
    tint = rng.uniform(0, 0.5, 3) * (0 if site.grey else 1)
    colour = (1 - 0.5 * tint) if bright else 0.5 * tint
    matte = soft_step(depth, rng.uniform(0.01, 0.04) * site.unit) * _between(0.35, 0.85, rng)
    return _mix(site.here, np.broadcast_to(colour, site.here.shape), matte)


KINDS: dict[str, Kind] = {"patch": patch, "scar": scar, "blend": blend, "smear": smear, "spot": spot}


def jittered(piece: np.ndarray, amount: tuple[float, float], grey: bool, rng: np.random.Generator) -> np.ndarray:
    """Return a piece made darker or brighter by a share within `amount`, with other contrast and, unless grey, colour.

    Without a least change of brightness nobody could find a piece of grass that was laid on grass.
    """
    mean = piece.mean(axis=(0, 1))
    brightness = 1 + rng.uniform(*amount) * rng.choice([-1, 1])
    contrast = 1 + rng.uniform(-amount[0], amount[0])
    colour = 1 + rng.uniform(-amount[0], amount[0], 3) * (0 if grey else 0.5)
    return ((piece - mean) * contrast + mean) * brightness * colour


def augmented(piece: np.ndarray, grey: bool, rng: np.random.Generator) -> np.ndarray:
    """Return a piece enlarged, solarised (bright turned dark) or with other light: one of DRAEM's kind of changes."""
    change = rng.integers(3)
    if change == 0:
        factor = rng.uniform(2, 3)
        piece = ndimage.zoom(piece, (factor, factor, 1), order=1)[: piece.shape[0], : piece.shape[1]]
    elif change == 1:
        piece = np.where(piece > np.median(piece), 2 * np.median(piece) - piece, piece)
    return jittered(piece, (0.25, 0.5) if change == 2 else (0.05, 0.25), grey, rng)


def _between(low: float, high: float, rng: np.random.Generator) -> float:
    """Draw log-uniformly."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _rectangle(site: Site, length: float, width: float, angle: float) -> np.ndarray:
    """Return the matte (h, w) of a rectangle around the centre, its length turned by `angle`, edges 1.5 px soft."""
    y, x = np.indices(site.here.shape[:2], dtype=np.float64)
    y, x = y - site.centre[0], x - site.centre[1]
    along, across = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    return soft_step(np.minimum(length / 2 - np.abs(along), width / 2 - np.abs(across)), 1.5)


def _mix(under: np.ndarray, over: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """Lay `over` on `under` (both (h, w, 3)) with the opacity `matte` (h, w)."""
    return under + matte[..., None] * (over - under)
