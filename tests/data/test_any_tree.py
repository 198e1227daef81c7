"""Of any tree of folders: each file is one thing, passed over by a rule, or told, and the check misses no fault."""

from __future__ import annotations

import io
import tempfile
import unicodedata
from fnmatch import fnmatch
from functools import partial
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from rich.console import Console

from ura_study.commands import data as data_commands
from ura_study.data.config import FolderSettings
from ura_study.data.files import BESIDE, IMAGES
from ura_study.data.fingerprint import fingerprint
from ura_study.data.images import load_image
from ura_study.data.layouts.registry import category_names, layout_of, read_category
from ura_study.data.preprocessing import Preprocessing
from ura_study.errors import DataError
from ura_study.runs.stages.evaluation import truth_of
from ura_study.study.loading import load_study
from ura_study.study.study_file import dump_yaml
from ura_study.study.survey import survey

composed = partial(unicodedata.normalize, "NFC")
COMPOSED, DECOMPOSED = composed("Münze"), unicodedata.normalize("NFD", "Münze")
BESIDE_IMAGES = {"anomalous": "bad", "masks": "bad", "mask_suffix": "_label"}
LAYOUTS = (
    {"layout": "mvtec_ad"},
    {"layout": "folder"},
    {"layout": "folder", "folder": {"normal": False, "anomalous": "{defect}", "masks": "ground_truth/{defect}"}},
    {"layout": "folder", "folder": {"train": "good", "normal": "test/good", **BESIDE_IMAGES}},
    {"layout": "folder", "folder": {"train": "good", "normal": False, "anomalous": "bad", "masks": False}},
    {"layout": "folder", "folder": {"normal": "bad", "masks": "test/{defect}"}},
    {"layout": "folder", "folder": {"anomalous": "test/be{defect}", "masks": "ground_truth/be{defect}/{image}"}},
)
PLACES = ("train/good", "test/good", "test/bent", "ground_truth/bent", "bad", f"test/{COMPOSED}", f"test/{DECOMPOSED}")
PLACES += (f"ground_truth/{COMPOSED}", "test/bent/day 1", "ground_truth/bent/day 1", "ground_truth/bent/000", "good")
PLACES += ("ground_truth/good", "train/bad", "train/good/more", "odd", ".odd", "", "../nut/train")
PLACES += ("bad", "test/bent", "ground_truth/bent") * 3
STEMS = ("000", "000_mask", "000_label", "001_label", "001", COMPOSED, f"{DECOMPOSED}_mask", ".hidden")
ENDINGS = (*[".png"] * 6, ".bmp", ".JPG", ".webp", ".jp2", ".gif", ".txt", ".raw")
SIZES = (*[8] * 18, 9, 0)  # 0: no image at all
FILES = st.tuples(*map(st.sampled_from, (PLACES, STEMS, ENDINGS, SIZES)))


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(LAYOUTS), st.lists(FILES, max_size=9), st.sampled_from([0, 1, 2, 2, 2, 2]))
def test_any_tree(data, files, usual):
    """`usual` is the number of images in each folder that most layouts need, so that not all trees are refused."""
    needed = [f"{place}/usual {index}.png" for place in ("train/good", "good", "test/good") for index in range(usual)]
    tree = dict.fromkeys(needed, 8) | {f"{place}/{stem}{ending}": size for place, stem, ending, size in files}
    with tempfile.TemporaryDirectory() as folder:
        study = written(Path(folder) / "drawn", tree, data)
        check(load_study(study), study, study.parent / "set")
        other = {composed(path): size for path, size in tree.items()}
        if len(other) == len(tree):
            found = [outcome(load_study(file)) for file in (study, written(Path(folder) / "other", other, data))]
            assert found[0] == found[1], "names in another Unicode form are other names"


def written(folder: Path, tree: dict[str, int], data: dict) -> Path:
    """Write files by their paths in the category and their sizes, and a study of them; return the study's file."""
    root = folder / "set"
    root.mkdir(parents=True)
    for place, size in tree.items():
        path = root / "coin" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
        if size:  # an image that is no other's
            pixels = np.random.default_rng([*composed(place).encode()]).integers(
                0, 256, (size, size, 3), dtype=np.uint8
            )
            Image.fromarray(pixels).save(path, Image.registered_extensions().get(path.suffix.lower(), "PNG"))
    study = folder / "study.yaml"
    study.write_text(dump_yaml({"study": "any", "data": data | {"root": str(root), "image_size": 32}}))
    return study


def outcome(study) -> dict[str, str] | str:
    """Return the fingerprint of each category, or that the data are refused."""
    try:
        return {name: fingerprint(read_category(study.data, name)) for name in category_names(study.data)}
    except DataError:
        return "refused"


def check(study, path: Path, root: Path) -> None:
    fault, categories = stumbled(study)
    text = io.StringIO()
    try:
        code = data_commands.check(str(path), None, Console(file=text, width=300))
    except DataError:
        code = 2
    if code == 2:
        assert fault is not None, "the check refuses what runs"
        return
    assert code == 1 or fault is None, f"the check missed: {fault}"
    if len(categories) == len(category_names(study.data)):
        accounted(study, categories, root, text.getvalue())


def stumbled(study):
    """Do what a run does with images and masks; return the error, if there is one, and the categories that are read."""
    categories = []
    try:
        for name in category_names(study.data):
            categories.append(read_category(study.data, name))
        survey(study)
        for category in categories:
            truth_of(category.test, study.data)
            for sample in (*category.train, *category.test):
                load_image(sample.path, Preprocessing(32))
    except DataError as error:
        return error, categories
    return None, categories


def accounted(study, categories, root: Path, text: str) -> None:
    """Hold that every file is one thing, and that what is left out is told or of a kind that is passed over."""
    samples = [sample for category in categories for sample in (*category.train, *category.test)]
    masks = [mask for sample in samples for mask in sample.masks]
    told = [left.path for category in categories for left in category.left]
    told += layout_of(study.data).outside(root)
    seen = [*(sample.path for sample in samples), *masks, *told]
    assert len(set(seen)) == len(seen), "a file is two things"
    for path in (path for path in root.rglob("*") if path.is_file() and path not in seen):
        names = path.relative_to(root).parts
        hidden = any(name.startswith(".") for name in names)
        beside = path.suffix.lower() in BESIDE
        other = path.suffix.lower() not in IMAGES and path.parent not in {sample.path.parent for sample in samples}
        assert hidden or beside or other, f"nobody tells of {path}"
    assert all(path.suffix.lower() in IMAGES for path in (*(s.path for s in samples), *masks))
    for category in categories:
        assert all(not sample.masks or sample.anomalous for sample in (*category.train, *category.test))
    options = study.data.folder or FolderSettings()
    suffix, among = composed(options.mask_suffix), (options.masks or "-").replace("{defect}", "*")
    for sample in samples:
        stem = composed(sample.path.stem)
        place = sample.path.relative_to(root / "coin").parent.as_posix()
        assert not (fnmatch(place, among) and stem.endswith(suffix)), "a mask among images is taken for one of them"
        assert all({composed(m.stem), composed(m.parent.name)} & {stem, stem + suffix} for m in sample.masks)
    assert not told or "note: " in text, f"left out in silence: {told}"
