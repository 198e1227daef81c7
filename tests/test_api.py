"""Studies from Python, on records made by hand; `test_end_to_end` and the notebook run real ones."""

import subprocess
import sys

import pandas as pd
import pytest
from hand_made import ABLATIONS, done, failed, job_of, make_study, plan_of

import ura_study
from ura_study import ConfigError
from ura_study.results.folder import remember
from ura_study.runs import store

STUDY = make_study(
    study="example", ablations=ABLATIONS, seeds=[0, 1], report={"metrics": ["image_auroc", "pixel_ap"], "pictures": 0}
)
PLAN = plan_of(STUDY, "nut", "bolt")


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    remember(tmp_path / "results/example", STUDY, PLAN)
    for cell in PLAN.cells:
        job = job_of(STUDY, PLAN, *cell)
        value = 0.9 if cell[0] == "full" else 0.8
        lost = cell == ("full", "nut", 1)
        store.append(tmp_path / "results/example", failed(job) if lost else done(job, value + 0.01 * cell[2]))
    return ura_study.open_results("example")


def test_opened_by_name_folder_or_file(results, tmp_path):
    for which in ("results/example", tmp_path / "results/example", "results/example/study.yaml"):
        assert ura_study.open_results(which).records == results.records


def test_the_frame_has_a_row_for_each_run_and_failures_say_why(results):
    frame = results.frame()
    assert len(frame) == len(PLAN.cells)
    assert frame.query("variant == 'full' and category == 'bolt'").image_auroc.tolist() == [0.9, 0.91]
    (lost,) = results.failures
    assert (lost.category, lost.seed) == ("nut", 1)
    assert lost.failure.message


def test_tables_as_frames_and_texts(results):
    table = results.table("per_category", metric="pixel_ap")
    frame = table.to_frame()
    assert isinstance(frame, pd.DataFrame)
    assert set(frame.metric) == {"pixel_ap"}
    assert "\\toprule" in table.to_latex()
    assert table.to_latex(standalone=True).startswith("\\documentclass")
    assert str(table) == table.to_markdown()
    assert table._repr_html_() == table.to_html()
    assert "Pixel AP" in table.to_markdown()
    assert "Image AUROC" in results.table("per_category").to_markdown()
    assert set(results.table("runs").to_frame().run_id) == set(PLAN.runs)


def test_a_table_is_the_one_that_export_writes(results, tmp_path):
    for name in ("table.tex", "table.md", "table.html", "table.csv", "table.parquet", "table.xlsx"):
        results.table("summary").save(tmp_path / name)
        command = [sys.executable, "-m", "ura_study", "export", "example", "--table", "summary", "-o", f"again-{name}"]
        subprocess.run(command, cwd=tmp_path, check=True)
        if not name.endswith("xlsx"):  # which has the time in it
            assert (tmp_path / name).read_bytes() == (tmp_path / f"again-{name}").read_bytes()


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda r: r.table("sumary"), "did you mean 'summary'"),
        (lambda r: r.table("summary", metric="pixel_ap"), "table summary: none of metric 'pixel_ap'"),
        (lambda r: r.table("per_category", metric="ece"), "there are image_auroc, pixel_ap"),
        (lambda r: r.table("summary").save("x.docx"), "expected one of .tex, .md"),
        (
            lambda r: r.figure("differences-image"),
            "no figure 'differences-image'; did you mean 'differences-image_auroc'",
        ),
        (lambda r: r.figure("differences-image_auroc").save("x.jpg"), "expected one of .svg, .pdf, .png"),
        (lambda r: ura_study.open_results("exampel"), "did you mean 'example'"),
    ],
)
def test_what_is_not_there_is_told(results, ask, told):
    with pytest.raises(ConfigError, match=told.replace("[", "\\[")):
        ask(results)


def test_figures_are_those_of_the_files(results, tmp_path):
    figure = results.figure("differences-image_auroc")
    assert figure.caption
    assert figure.figure.axes
    assert figure._repr_png_().startswith(b"\x89PNG")
    for ending in ("svg", "pdf", "png"):
        figure.save(tmp_path / f"a.{ending}")
        results.figure("differences-image_auroc").save(tmp_path / f"b.{ending}")
        assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()
    assert "categories-pixel_ap" in [one.name for one in results.figures()]


def test_a_mapping_is_checked_as_a_file_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"^study: seds: unknown key; did you mean 'seeds'\?$"):
        ura_study.run({"study": "x", "seds": [0]})
    assert not list(tmp_path.iterdir())


def test_importing_costs_no_time_and_brings_nothing_heavy():
    heavy = ["torch", "ray", "pandas", "numpy", "pydantic", "optuna", "matplotlib"]
    code = f"import sys, ura_study; print([m for m in {heavy!r} if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_all_names_of_the_public_face_are_there():
    assert all(getattr(ura_study, name) is not None for name in ura_study.__all__)
    assert set(dir(ura_study)) >= set(ura_study.__all__)
    with pytest.raises(AttributeError, match="no attribute 'AnomalyModle'"):
        ura_study.AnomalyModle  # noqa: B018
