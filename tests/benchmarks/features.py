"""Images a second from files to cached feature maps, beside those of the bare backbone on tensors that are ready.

    python tests/benchmarks/features.py [--device cuda] [--threads 4] [--images 96] [--repeats 5] [FOLDER …]

Images are made up, or all those in each FOLDER. "timm" is the network as timm builds it, eight images at a time, and
"bare" the one that is used, with as many images at a time as it is used with. "files" is everything: hashes of files,
decoding, resizing, backbone, writing and checksums. They take turns; shares are those of medians of seconds, and of
processor time, which says more on a busy machine. Then the cached maps are read in batches, as a later variant does,
beside a plain copy in memory; and features are pooled, for the first time and later.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ura_study.data.files import images_anywhere
from ura_study.data.images import load_image
from ura_study.data.preprocessing import Preprocessing
from ura_study.data.table import GOOD, Sample
from ura_study.features.backbone import Backbone, untrained
from ura_study.features.cached import feature_maps
from ura_study.features.config import FeatureSettings
from ura_study.features.extract import BATCH, images_at_once
from ura_study.features.maps import FeatureMaps

SETTINGS, HOW = FeatureSettings(), Preprocessing(256)
KINDS = (("jpg", "RGB", 512), ("png", "L", 1024), ("png", "RGB", 512), ("png", "RGB", 1024))
Seconds = tuple[float, float]


def made_up(folder: Path, count: int) -> Iterator[tuple[str, list[Path]]]:
    """Write images of grainy blotches, which PNG makes a third to a half smaller; yield each kind with its files."""
    draws = np.random.default_rng(0)
    for ending, mode, side in KINDS:
        place = folder / f"{mode}-{side}-{ending}"
        place.mkdir()
        for number in range(count):
            coarse = Image.fromarray(draws.integers(60, 200, (side // 16, side // 16, 3), dtype=np.uint8))
            smooth = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC))
            grainy = smooth + draws.integers(0, 8, smooth.shape, dtype=np.uint8)
            Image.fromarray(grainy).convert(mode).save(place / f"{number:04}.{ending}")
        yield f"{ending} {mode} {side}", sorted(place.iterdir())


def timed(call: Callable[[], object], device: torch.device) -> Seconds:
    """Return the seconds that passed and those of processors."""
    start, worked = time.perf_counter(), time.process_time()
    call()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start, time.process_time() - worked


def extraction(paths: list[Path], device: torch.device, repeats: int) -> dict[str, Seconds]:
    """Return the medians for the two networks on tensors that are ready, for loading, and for all from files."""
    samples = [Sample(path, GOOD) for path in paths]
    backbone = Backbone(SETTINGS, SETTINGS.layers, device)
    whole = untrained(SETTINGS.backbone, SETTINGS.layers).eval().to(device)
    ready = backbone._input(np.stack([load_image(path, HOW) for path in paths]))

    def run(network: torch.nn.Module, size: int) -> None:
        with torch.no_grad():
            for batch in ready.split(size):
                network(batch)

    def files() -> None:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["URA_STUDY_CACHE"] = folder
            feature_maps(samples, SETTINGS, HOW, device)

    calls: dict[str, Callable[[], object]] = {
        "timm": lambda: run(whole, BATCH),
        "bare": lambda: run(backbone.network, images_at_once(device)),
        "loading": lambda: [load_image(path, HOW) for path in paths],
        "files": files,
    }
    taken: dict[str, list[Seconds]] = {name: [] for name in calls}
    for turn in range(repeats + 1):
        for name, call in calls.items():
            taken[name] += [timed(call, device)] if turn else []
            if not turn:
                call()
    return {name: _medians(seconds) for name, seconds in taken.items()}


def _medians(seconds: list[Seconds]) -> Seconds:
    passed, worked = zip(*seconds, strict=True)
    return statistics.median(passed), statistics.median(worked)


def reading(paths: list[Path], device: torch.device, repeats: int) -> None:
    """Print how fast the maps come out of the cache, and how fast a copy in memory is."""
    samples = [Sample(path, GOOD) for path in paths]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["URA_STUDY_CACHE"] = folder
        feature_maps(samples, SETTINGS, HOW, device)
        opened = _median(lambda: feature_maps(samples, SETTINGS, HOW, device), device, repeats)
        maps = feature_maps(samples, SETTINGS, HOW, device)
        size = sum(layer.nbytes for layer in maps.layers)
        order = np.random.default_rng(0).permutation(len(paths))
        batches = [order[i : i + BATCH].tolist() for i in range(0, len(paths), BATCH)]
        read = _median(lambda: [maps.batch(index, device).layers for index in batches], device, repeats)
        copied = _median(lambda: [np.array(layer) for layer in maps.layers], device, repeats)
        print(
            f"cached maps: opened in {1e3 * opened:.1f} ms, read in batches and widened to float32 "
            f"{size / read / 1e9:.2f} GB/s (a copy in memory {size / copied / 1e9:.2f})"
        )
        once = maps.pooled_once()
        each = _median(lambda: _pooled(maps, batches, device), device, repeats)
        _pooled(once, batches, device)
        later = _median(lambda: _pooled(once, batches, device), device, repeats)
        print(f"features: {1e3 * each / len(paths):.3f} ms/image pooled, {1e3 * later / len(paths):.3f} once they are")


def _pooled(maps: FeatureMaps, batches: list[list[int]], device: torch.device) -> None:
    for index in batches:
        maps.batch(index, device).features  # noqa: B018


def _median(call: Callable[[], object], device: torch.device, repeats: int) -> float:
    return statistics.median(timed(call, device)[1 if device.type == "cpu" else 0] for _ in range(repeats))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="*")
    parser.add_argument("--device", type=torch.device, default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--images", type=int, default=96)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = options.device
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "processors"
    print(f"{name}, {options.threads} threads, torch {torch.__version__}")
    print("                  images/s: timm   bare  files   files : bare  files : timm   (processor time)   loading ms")
    with tempfile.TemporaryDirectory() as folder:
        given = [(path.name, images_anywhere(path)[: options.images]) for path in options.folders]
        paths: list[Path] = []
        for kind, paths in given or made_up(Path(folder), options.images):
            found = extraction(paths, device, options.repeats)
            rates = "".join(f"{len(paths) / found[name][0]:7.1f}" for name in ("timm", "bare", "files"))
            shares = [found[name][clock] / found["files"][clock] for clock in (0, 1) for name in ("bare", "timm")]
            told = "{:13.0%}{:14.0%}{:12.0%}{:6.0%}".format(*shares)
            print(f"{kind:21}{rates}{told}{1e3 * found['loading'][1] / len(paths):13.2f}", flush=True)
        reading(paths, device, options.repeats)


if __name__ == "__main__":
    main()
