"""The notebook of the documentation is executed as it stands, and holds no outputs."""

import json
import time

import documents
import matplotlib
import pytest

CELLS = json.loads((documents.DOCS / "notebook.ipynb").read_text())["cells"]
CODE = ["".join(cell["source"]) for cell in CELLS if cell["cell_type"] == "code"]


def test_it_holds_no_outputs():
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in CELLS if "outputs" in cell)


@pytest.mark.slow
def test_it_runs(tmp_path, monkeypatch, capsys):
    """Its cells in their order, in one namespace, on the real Ray."""
    monkeypatch.chdir(tmp_path)
    matplotlib.use("agg")
    names, started = {}, time.monotonic()
    for code in CODE:
        exec(code, names)
    assert time.monotonic() - started < 180
    shown = capsys.readouterr().out
    assert "8 runs are recorded, 0 failed" in shown
    assert "\\toprule" in shown
    scores = names["found"].scores
    assert scores[1] > scores[0]
    heat = names["found"].maps[1]
    assert heat[20:32, 36:48].mean() > 2 * abs(heat[:, :20]).mean()
