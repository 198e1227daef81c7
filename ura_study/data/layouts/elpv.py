"""ELPV, solar cells in electroluminescence (Buerhop-Lutz et al., EU PVSEC 2018): real images that pip can install.

`pip install ura-study[elpv]` brings the package `elpv-dataset` with all 2,624 images (CC BY-NC-SA 4.0); without a root
they are read from there. A root is the folder with

<root>/labels.csv            lines "images/cell0001.png  1.0  mono": file, probability of a defect, kind of module
<root>/images/*.png          300 × 300 px, grey

Categories are `mono` and `poly`. A cell is normal where its probability is 0 and defective where it is 1; the
uncertain ones (1/3 and 2/3) are left out unless `uncertain` asks for them. There are no masks, and no split for anomaly
detection: ours sets a fifth of the normal cells apart for testing. Which module a cell was cut from is not published,
so cells of one module may stand on both sides.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

from ura_study.data.layouts.base import Layout, require_images
from ura_study.data.layouts.config import ElpvSettings, register_layout
from ura_study.data.partition import set_apart
from ura_study.data.table import GOOD, Category, Sample
from ura_study.errors import DataError

PACKAGE, TABLE = "elpv_dataset", "labels.csv"
#: Share of the normal cells that is tested on.
TEST_SHARE = 0.2
#: Kind of defect by probability as it stands in the table (cut to two digits).
KINDS = {"0.00": GOOD, "0.33": "possible", "0.67": "likely", "1.00": "defective"}
UNCERTAIN = ("possible", "likely")


def installed() -> Path:
    """Return the folder of the installed package's images.

    Raises:
        DataError: where the package is not installed.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise DataError("layout 'elpv' needs the package elpv-dataset: pip install 'ura-study[elpv]', or give a root")
    return Path(found.submodule_search_locations[0]) / "data"


@register_layout("elpv", settings=ElpvSettings, home=installed)
def layout(options: ElpvSettings | None = None) -> Layout:
    """Return the layout with the cells that the settings ask for."""
    settings = options or ElpvSettings()

    def load(root: Path, name: str) -> Category:
        return _load(root, name, settings)

    return Layout(f"{TABLE} and images/", _names, load)


def _names(root: Path) -> tuple[str, ...]:
    return tuple(sorted({module for _, module in _cells(root)})) if (root / TABLE).is_file() else ()


def _load(root: Path, name: str, settings: ElpvSettings) -> Category:
    cells = [sample for sample, module in _cells(root) if module == name]
    train, normal = set_apart([sample for sample in cells if not sample.anomalous], TEST_SHARE)
    require_images(train, "training", root / TABLE, name)
    defects = (s for s in cells if s.anomalous and (settings.uncertain or s.defect not in UNCERTAIN))
    return Category(name, train, (*normal, *defects))


def _cells(root: Path) -> Iterator[tuple[Sample, str]]:
    """Yield each cell and its kind of module, in the order of the table."""
    path = root / TABLE
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error})") from error
    for number, line in enumerate(lines, start=1):
        try:
            file, probability, module = line.split()
            yield Sample(root / file, KINDS[f"{float(probability):.2f}"]), module
        except (ValueError, KeyError):
            expected = "a file, a probability of 0, 1/3, 2/3 or 1, and a kind of module"
            raise DataError(f"{path}, line {number}: expected {expected}, but got '{line}'") from None
