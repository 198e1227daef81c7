"""Small copies of published data sets for tests: their folders, file names and types, and tiny images of noise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from ura_study.data.config import DataSettings

SIZE = 32


def picture(path: Path, seed: int, size: int = SIZE) -> Path:
    """Write an image of noise, another one for each path and seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng([seed, *path.as_posix().encode()])
    Image.fromarray(random.integers(0, 256, (size, size), dtype=np.uint8)).save(path)
    return path


def mask(path: Path, size: int = SIZE, value: int = 255) -> Path:
    """Write a mask with a square defect of `value`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.zeros((size, size), np.uint8)
    pixels[8:20, 10:22] = value
    Image.fromarray(pixels).save(path)
    return path


def pictures(folder: Path, count: int, ending: str = ".png", seed: int = 0) -> list[Path]:
    return [picture(folder / f"{index:03}{ending}", seed) for index in range(count)]


def defects(folder: Path, kind: str, masks: Callable[[str], Path], count: int, ending: str = ".png") -> None:
    for image in pictures(folder / kind, count, ending):
        mask(masks(image.stem))


def write_mvtec_ad_2(root: Path, name: str = "can", train: int = 8, good: int = 3, bad: int = 3) -> None:
    pictures(root / name / "train/good", train)
    pictures(root / name / "validation/good", 2)
    pictures(root / name / "test_public/good", good)
    pictures(root / name / "test_private", 4)
    truth = root / name / "test_public/ground_truth/bad"
    defects(root / name / "test_public", "bad", lambda stem: truth / f"{stem}_mask.png", bad)


def write_mvtec_3d(root: Path, name: str = "bagel", train: int = 8, good: int = 3, bad: int = 3) -> None:
    pictures(root / name / "train/good/rgb", train)
    (root / name / "train/good/xyz").mkdir()
    for kind, count in (("good", good), ("hole", bad)):
        for image in pictures(root / name / "test" / kind / "rgb", count):
            mask(root / name / "test" / kind / "gt" / image.name, value=0 if kind == "good" else 255)


def write_btad(root: Path, train: int = 8, ok: int = 3, ko: int = 3) -> None:
    for name, ending, truth in (("01", ".bmp", ".png"), ("02", ".png", ".png"), ("03", ".bmp", ".bmp")):
        pictures(root / name / "train/ok", train, ending)
        pictures(root / name / "test/ok", ok, ending)
        place = root / name / "ground_truth/ko"
        defects(root / name / "test", "ko", lambda stem, p=place, t=truth: p / f"{stem}{t}", ko, ending)


def write_oct2017(root: Path, patients: int = 6, scans: int = 4, test: int = 3) -> None:
    for patient in range(patients):
        for scan in range(scans):
            picture(root / f"train/NORMAL/NORMAL-{1000 + patient}-{scan}.jpeg", 0)
    for kind in ("NORMAL", "CNV", "DME", "DRUSEN"):
        for scan in range(test):
            picture(root / f"test/{kind}/{kind}-{5000 + scan}-1.jpeg", 0)
    pictures(root / "train/CNV", 3, ".jpeg")
    pictures(root / "val/NORMAL", 2, ".jpeg")


def write_visa(root: Path, objects: tuple[str, ...] = ("candle", "pcb1"), train: int = 8, test: int = 3) -> None:
    rows = ["object,split,label,image,mask"]
    for name in objects:
        for index in range(train + test):
            image = picture(root / name / f"Data/Images/Normal/{index:04}.JPG", 0)
            rows.append(f"{name},{'train' if index < train else 'test'},normal,{image.relative_to(root)},")
        for index in range(test):
            image = picture(root / name / f"Data/Images/Anomaly/{index:03}.JPG", 0)
            truth = mask(root / name / f"Data/Masks/Anomaly/{index:03}.png", value=1)
            rows.append(f"{name},test,anomaly,{image.relative_to(root)},{truth.relative_to(root)}")
    (root / "split_csv").mkdir()
    (root / "split_csv/1cls.csv").write_text("\n".join(rows) + "\n")


def write_mvtec_like(root: Path, name: str, train: int = 8, good: int = 3, bad: int = 3) -> None:
    pictures(root / name / "train/good", train)
    pictures(root / name / "test/good", good)
    truth = root / name / "ground_truth/scratch"
    defects(root / name / "test", "scratch", lambda stem: truth / f"{stem}_mask.png", bad)


def write_mvtec_loco(root: Path, name: str = "pushpins", train: int = 8, good: int = 3, bad: int = 2) -> None:
    pictures(root / name / "train/good", train)
    pictures(root / name / "validation/good", 2)
    pictures(root / name / "test/good", good)
    for kind in ("logical_anomalies", "structural_anomalies"):
        truth = root / name / "ground_truth" / kind
        defects(root / name / "test", kind, lambda stem, t=truth: t / stem / "000.png", bad)
    second = np.zeros((SIZE, SIZE), np.uint8)
    second[0:4, 0:4] = 200
    Image.fromarray(second).save(root / name / "ground_truth/logical_anomalies/000/001.png")
    (root / name / "defects_config.json").write_text("[]")


def write_magnetic_tile(root: Path, tiles: int = 10, defective: int = 2) -> None:
    """Tiles of six exposures each; `defective` of them have a crack in the first and are normal in the others."""
    for tile in range(tiles):
        for exposure in range(1, 7):
            kind = "MT_Crack" if tile < defective and exposure == 1 else "MT_Free"
            stem = f"exp{exposure}_num_{1000 * (tile + 1) + 17 * exposure}"
            picture(root / kind / f"Imgs/{stem}.jpg", 0)
            mask(root / kind / f"Imgs/{stem}.png", value=255 if kind == "MT_Crack" else 0)
    for kind in ("MT_Blowhole", "MT_Break", "MT_Fray", "MT_Uneven"):
        stem = f"exp1_num_{100000 + len(kind) * 1000}"
        picture(root / kind / f"Imgs/{stem}.jpg", 0)
        mask(root / kind / f"Imgs/{stem}.png")


def write_elpv(root: Path, normal: int = 15, defective: int = 3) -> None:
    lines = []
    for module in ("mono", "poly"):
        for index in range(normal + defective + 2):
            probability = (0.0 if index < normal else 1.0) if index < normal + defective else (index % 2 + 1) / 3
            image = picture(root / f"images/{module}{index:04}.png", 0)
            lines.append(f"{image.relative_to(root)}  {probability}  {module}")
    (root / "labels.csv").write_text("\n".join(lines) + "\n")


#: Layout → what writes a small copy of it.
WRITERS: dict[str, Callable[[Path], None]] = {
    "btad": write_btad,
    "oct2017": write_oct2017,
    "visa": write_visa,
    "mpdd": lambda root: write_mvtec_like(root, "tubes"),
    "mvtec_ad": lambda root: write_mvtec_like(root, "bottle"),
    "mvtec_loco": write_mvtec_loco,
    "magnetic_tile": write_magnetic_tile,
    "elpv": write_elpv,
    "folder": lambda root: write_mvtec_like(root, "bottle"),
}


def settings(layout, root, **options):
    """Return the `data` section of a study on small images."""
    return DataSettings(layout=layout, root=str(root), image_size=32, **options)


def counts(category):
    """Return how many training, normal and anomalous test images a category has."""
    bad = sum(sample.anomalous for sample in category.test)
    return len(category.train), len(category.test) - bad, bad
