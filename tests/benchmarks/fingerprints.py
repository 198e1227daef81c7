"""How long does it take to fingerprint a data set the first time, and in a later process that finds the hashes?

    python tests/benchmarks/fingerprints.py [files] [kilobytes] [--repeats 5]

It writes a category of files of random bytes and takes its fingerprint in new processes, each pair with a cache folder
of its own. The files are in the system's own cache by then, so a first time from disk takes longer. Python's start is
not counted.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CODE = """
import sys, time
from pathlib import Path
from ura_study.data.fingerprint import fingerprint
from ura_study.data.layouts.mvtec_ad import read
category = read(Path(sys.argv[1]), "noise")
started = time.perf_counter()
found = fingerprint(category)
print(found, time.perf_counter() - started)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=int, nargs="?", default=10_000)
    parser.add_argument("kilobytes", type=int, nargs="?", default=4)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _write(root / "noise", options.files, options.kilobytes << 10)
        time.sleep(3)  # files that were altered a moment ago are not remembered
        pairs = [_pair(root, root / f"cache{index}") for index in range(options.repeats)]
    for what, times in zip(("first time", "later process"), zip(*pairs, strict=True), strict=True):
        print(f"{what:16}median {statistics.median(times):.3f} s of {', '.join(f'{t:.3f}' for t in times)}")


def _pair(root: Path, cache: Path) -> tuple[float, float]:
    (one, first), (other, later) = (_seconds(root, cache) for _ in range(2))
    assert one == other
    return first, later


def _seconds(root: Path, cache: Path) -> tuple[str, float]:
    environment = os.environ | {"URA_STUDY_CACHE": str(cache)}
    found = subprocess.check_output([sys.executable, "-c", CODE, str(root)], env=environment, text=True).split()
    return found[0], float(found[1])


def _write(folder: Path, count: int, size: int) -> None:
    for index in range(count):
        path = folder / ("train/good", "train/good", "test/good", "test/spot")[index % 4] / f"{index:06}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(size))


if __name__ == "__main__":
    main()
