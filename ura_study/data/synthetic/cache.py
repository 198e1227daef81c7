"""The altered images on disk: an entry of the cache, written once for all variants and seeds.

<cache>/synthetic/<digest>/0000-patch.png           the image at its own size, 8-bit RGB
<cache>/synthetic/<digest>/0000-patch_mask.png      255 where it was altered, else 0
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from ura_study.cache import cache_root, entry
from ura_study.canonical import digest
from ura_study.data.fingerprint import contents
from ura_study.data.preprocessing import Depth
from ura_study.data.table import Sample

#: The modules that decide what the images look like.
RECIPE = (
    *("synthetic/cache.py", "synthetic/conspicuity.py", "synthetic/draw.py", "synthetic/foreground.py"),
    *("synthetic/kinds.py", "synthetic/mask.py", "synthetic/outlines.py", "synthetic/site.py"),
)
SEED = 0
#: One of so many defects is faint: a third. (The kinds, five, take turns at another pace, so that all become faint.)
FAINT_EVERY = 3


def altered_samples(samples: Sequence[Sample], depth: Depth = "type") -> tuple[Sample, ...]:
    """Return `samples` with a defect each, in order; the images are made when they are first asked for.

    They depend on the contents of `samples`, their order and how they are read (`depth`) alone. The kinds take turns,
    every `FAINT_EVERY`th defect is faint, and each image lends the one before it what is to be blended in.

    Raises:
        DataError: where an image cannot be read.
        ResourceError: where the disk is full or the cache folder cannot be written.
    """
    hashes = contents(samples)
    about: dict[str, object] = {"what": "synthetic defects", "seed": SEED, "recipe": recipe(), "images": hashes}
    about |= {} if depth == "type" else {"depth": depth}
    folder = cache_root() / "synthetic" / digest(about)
    entry(folder, about, lambda place: _build(place, samples, hashes, depth))
    images = sorted(path for path in folder.glob("*.png") if not path.stem.endswith("_mask"))
    return tuple(Sample(p, p.stem.split("-")[1], (p.with_name(f"{p.stem}_mask.png"),)) for p in images)


def _build(folder: Path, samples: Sequence[Sample], hashes: Sequence[str], depth: Depth) -> None:
    import numpy as np
    from PIL import Image

    from ura_study.data.images import load_original
    from ura_study.data.synthetic.draw import alter
    from ura_study.data.synthetic.kinds import KINDS

    kinds = tuple(KINDS)
    for index, (sample, content) in enumerate(zip(samples, hashes, strict=True)):
        other = samples[(index + 1) % len(samples)]
        rng = np.random.default_rng([SEED, int(content, 16)])
        image, lender = (load_original(s.path, depth) for s in (sample, other))
        altered = alter(kinds[index % len(kinds)], image, lender, rng, faint=index % FAINT_EVERY == FAINT_EVERY - 1)
        stem = f"{index:04}-{altered.kind}"
        Image.fromarray(altered.image).save(folder / f"{stem}.png")
        Image.fromarray(altered.mask).convert("L").save(folder / f"{stem}_mask.png")


def recipe() -> str:
    """Return a version: eight hexadecimal digits that stand for the source of the recipe."""
    source = b"".join((Path(__file__).parent.parent / name).read_bytes() for name in RECIPE)
    return hashlib.blake2b(source, digest_size=4).hexdigest()
