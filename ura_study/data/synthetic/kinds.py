"""Five kinds of defect, each a function from a site and a generator to the altered window, float (h, w, 3).

Lengths are shares of the object's size (`Site.unit`), so that a defect looks the same on an image of any size. Opacity
and contrast vary widely on purpose: some of the defects are hard to see, else every variant would score alike.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from ura_study.data.synthetic.outlines import edge, lattice_noise, polygon, scattered
from ura_study.data.synthetic.site import Site

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
    2022). Lattice noise stands for Perlin's, and a polygon bounds it.
    """
    depth = polygon(site.here.shape, site.centre, _between(0.08, 0.18, rng) * site.unit, rng)
    depth = depth + 0.05 * site.unit * (lattice_noise(depth.shape, 0.08 * site.unit, rng) - 0.3)
    source = augmented(site.other[:, ::-1], site.grey, rng)
    return _mix(site.here, source, edge(depth, 0.008 * site.unit) * rng.uniform(0.45, 1))


def specks(site: Site, rng: np.random.Generator) -> np.ndarray:
    """A cluster of small dark or bright dots, as of dust or pitting.

    (Our own choice: fine detail where there was other detail or none.)
    """
    depth = polygon(site.here.shape, site.centre, _between(0.08, 0.16, rng) * site.unit, rng)
    away = scattered(depth, int(rng.integers(12, 40)), rng)
    size = _between(0.012, 0.022, rng) * site.unit
    return _mix(site.here, _plain(site, depth, rng), edge(size - away, 0.008 * site.unit) * _between(0.5, 0.95, rng))


def spot(site: Site, rng: np.random.Generator) -> np.ndarray:
    """A dark or bright patch with soft, uneven edges, as dirt leaves it; slightly coloured on coloured images.

    (Our own choice: the plainest of defects, visible on any surface.)
    """
    depth = polygon(site.here.shape, site.centre, _between(0.05, 0.12, rng) * site.unit, rng)
    depth = depth + 0.006 * site.unit * lattice_noise(depth.shape, 0.04 * site.unit, rng)
    matte = edge(depth, rng.uniform(0.01, 0.03) * site.unit) * _between(0.35, 0.85, rng)
    return _mix(site.here, _plain(site, depth, rng), matte)


KINDS: dict[str, Kind] = {"patch": patch, "scar": scar, "blend": blend, "specks": specks, "spot": spot}


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


def _plain(site: Site, depth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a window (h, w, 3) of one dark or bright colour, away from the end of the range that is near."""
    level = site.here[depth > 0].mean() if (depth > 0).any() else site.here.mean()
    bright = rng.random() < np.clip(1.25 - 1.5 * level, 0, 1)
    tint = rng.uniform(0, 0.5, 3) * (0 if site.grey else 1)
    return np.broadcast_to((1 - 0.5 * tint) if bright else 0.5 * tint, site.here.shape)


def _rectangle(site: Site, length: float, width: float, angle: float) -> np.ndarray:
    """Return the matte (h, w) of a rectangle around the centre, its length turned by `angle`."""
    y, x = np.indices(site.here.shape[:2], dtype=np.float64)
    y, x = y - site.centre[0], x - site.centre[1]
    along, across = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    return edge(np.minimum(length / 2 - np.abs(along), width / 2 - np.abs(across)), 1.0)


def _mix(under: np.ndarray, over: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """Lay `over` on `under` (both (h, w, 3)) with the opacity `matte` (h, w)."""
    return under + matte[..., None] * (over - under)
