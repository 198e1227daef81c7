"""The plug-ins of `examples/plugin`, and small data sets and settings to try them on."""

from __future__ import annotations

import shutil
from pathlib import Path

from datasets import write_category
from documents import ROOT

from ura_study.runs.attempt import attempt
from ura_study.runs.job import Job

EXAMPLE = ROOT / "examples/plugin"
SOURCES = EXAMPLE / "ura_study_example"
#: A study of one small category in a second: the example's detector.
SMALL = {
    "features": {"map_size": 8},
    "model": {"name": "autoencoder", "width": 4},
    "training": {"steps": 6, "reports": 3},
}


def copied(name: str, folder: Path) -> str:
    """Copy a file of the example to a folder, and return its name there."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(SOURCES / f"{name}.py", folder)
    return f"{name}.py"


def write_products(root: Path, *names: str) -> Path:
    """Write products in the layout of the example: `ok` and `nok` images, no masks."""
    for seed, name in enumerate(names or ("lid",)):
        folder = write_category(root, name, train=10, good=1, bad=4, seed=seed)
        (folder / "train/good").rename(folder / "ok")
        (folder / "test/square").rename(folder / "nok")
        for other in ("train", "test", "ground_truth"):
            shutil.rmtree(folder / other)
    return root


def data(root, **keys):
    """Return the `data` section of small images in the layout of MVTec AD."""
    return {"layout": "mvtec_ad", "root": str(root), "image_size": 64} | keys


def done(study, plan):
    """Do all runs of a plan here, and return their records by id."""
    records = {}
    for run in plan.runs.values():
        *_, record = attempt(Job.of(study, run))
        assert record.done, record.failure
        records[run.run_id] = record
    return records
