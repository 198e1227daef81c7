"""The four text formats, letter by letter, as files beside this one.

Where a change is meant: `python tests/report/test_golden.py` writes them anew; read the difference before committing.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from golden_tables import METRIC, SETTINGS, STUDY, TABLES

from ura_study.tables.export import as_data, as_text, sheets
from ura_study.tables.formats.flat import flat

FOLDER = Path(__file__).parent / "golden"
TEXTS = {
    "tables.tex": lambda: as_text(sheets(TABLES, SETTINGS, STUDY), "latex", STUDY, True),
    "transposed.tex": lambda: as_text([sheets([METRIC], SETTINGS, STUDY)[0].transposed()], "latex", STUDY),
    "tables.md": lambda: as_text(sheets(TABLES, SETTINGS, STUDY), "markdown", STUDY),
    "tables.html": lambda: as_text(sheets(TABLES, SETTINGS, STUDY), "html", STUDY, True),
    "metric.csv": lambda: as_data(flat([METRIC]), "csv"),
    "comparison.csv": lambda: as_data(flat(TABLES[2:]), "csv"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_text_is_as_it_was(name):
    assert TEXTS[name]().decode() == (FOLDER / name).read_text(encoding="utf-8")


def test_no_file_is_left_over():
    assert {path.name for path in FOLDER.iterdir()} == set(TEXTS)


if __name__ == "__main__":
    for name, text in TEXTS.items():
        (FOLDER / name).write_bytes(text())
