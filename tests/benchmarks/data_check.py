"""How long does it take to list, fingerprint and check a data set of many images?

    python tests/benchmarks/data_check.py [images] [side]

It writes a category of small noise images (three quarters for training), then times what `ura-study plan` does with it
(sample table, headers, content hashes) and what `ura-study data check` does besides (decoding, perceptual hashes,
copies).
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from ura_study.data.checks.findings import findings
from ura_study.data.checks.headers import check_headers
from ura_study.data.checks.look import look_at
from ura_study.data.fingerprint import fingerprint
from ura_study.data.layouts.mvtec_ad import categories, read


def main() -> None:
    count, side = (int(value) for value in (sys.argv[1:] + ["10000", "64"][len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _write(root / "noise", count, side)
        started = time.perf_counter()
        category = _timed("list", lambda: (categories(root), read(root, "noise"))[1])
        _timed("headers", lambda: check_headers(category))
        _timed("fingerprint", lambda: fingerprint(category))
        samples = (*category.train, *category.test)
        looks = _timed(
            "look at files", lambda: look_at([s.path for s in samples], [m for s in samples for m in s.masks])
        )
        _timed("find copies and faults", lambda: findings(category, looks, None, 0))
        print(f"{'all':24}{time.perf_counter() - started:8.2f} s for {count} images of {side} px")


def _timed(what, do):
    started = time.perf_counter()
    result = do()
    print(f"{what:24}{time.perf_counter() - started:8.2f} s")
    return result


def _write(folder: Path, count: int, side: int) -> None:
    random = np.random.default_rng(0)
    for index in range(count):
        place = ("train/good", "train/good", "train/good", "test/good" if index % 8 < 4 else "test/spot")[index % 4]
        path = folder / place / f"{index:06}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 256, (side, side), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
        if place == "test/spot":
            truth = folder / "ground_truth/spot" / f"{index:06}_mask.png"
            truth.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray((pixels > 250).astype(np.uint8) * 255).save(truth)


if __name__ == "__main__":
    main()
