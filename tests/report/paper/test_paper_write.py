from __future__ import annotations

import re

import pandas as pd
import pytest
from hand_made import ABLATIONS
from latex import faults
from made_up import noisy, with_details
from tex import TEX, check, compiled

from ura_study.errors import ConfigError
from ura_study.report.figures import Gallery
from ura_study.report.paper.write import write_paper
from ura_study.tables import export
from ura_study.tables.metric_tables import summary

DEPTH = {"sweep": {"model.restoration.depth": [2]}}


def study(report=None):
    """Return a study with everything that a paper shows, without a search."""
    ablations = ABLATIONS | {"a.b": DEPTH, "a-b": DEPTH}
    return noisy("nut", ablations=ablations, seeds=[0, 1], report=report or {})


@pytest.fixture(scope="module")
def paper(tmp_path_factory):
    """The folder of a study's paper, its text, and what was said."""
    folder = tmp_path_factory.mktemp("paper")
    lines = write_paper(folder, with_details(study(), folder / "results"))
    return folder, (folder / "main.tex").read_text(encoding="utf-8"), lines


@pytest.fixture
def plain(monkeypatch):
    """No figures, which take long to draw."""
    monkeypatch.setattr("ura_study.report.paper.write.gallery", lambda results: Gallery((), (), ()))


def text_of(file):
    return file.read_text(encoding="utf-8")


def names(folder, part, ending):
    return sorted(path.stem for path in (folder / part).glob(f"*{ending}"))


def test_the_document_shows_all_that_is_written(paper):
    folder, text, _ = paper
    assert faults(folder) == []
    tables, figures = names(folder, "tables", ".tex"), names(folder, "figures", ".pdf")
    assert {"per_category-image_auroc", "components-components", "sweep-layers", "summary", "cost"} <= set(tables)
    assert {"differences-image_auroc", "pareto-image_auroc", "pictures-nut"} <= set(figures)
    assert all(text.count(f"\\input{{tables/{name}.tex}}") == 1 for name in tables)
    assert all(text.count(f"{{figures/{name}.pdf}}") == 1 for name in figures)
    assert names(folder, "tables", ".csv") == sorted([*tables, "runs", "images"])
    assert names(folder, "figures", ".md") == ["pictures", "study"]


def test_what_is_not_in_the_document_is_said(paper):
    assert paper[2][:2] == [
        "left out: effects (a table of effects needs a factorial ablation); robustness (a table of robustness needs "
        "variants that differ in data.corruption.kind); validation (a table of validation against test needs "
        "data.validation > 0); search (a table of a search needs one that has begun)",
        "as CSV only, with a line for each run or image: runs, images",
    ]


def test_each_number_can_be_traced(paper):
    text = paper[1]
    assert "\\title{Study example}" in text
    assert "The study example runs 4 variants on 1 category (nut) with 2 seeds (0, 1), and" in text
    assert "Finished: 8 of 8 runs are done." in text
    for heading in ("Data", "Training", "Statistics", "Runs ended", "Records"):
        assert f"\\paragraph{{{heading}.}}\n" in text


def test_sections_follow_the_kinds_of_tables(paper):
    text = paper[1]
    titles = re.findall(r"\\section\{(.*?)\}", text)
    kinds = ["Summary", "Per category", "Defects", "Components", "Sweep", "Cost", "Comparison", "Test set"]
    assert titles == ["Protocol", *kinds, "Figures", "Pictures of test images"]
    some = "Tables~\\ref{tab:example-sweep-layers}, \\ref{tab:example-sweep-a.b} and~\\ref{tab:example-sweep-a-b}."
    assert some in text


def test_data_beside_a_table_are_its_numbers_and_raw(paper):
    results = study()
    data = pd.read_csv(paper[0] / "tables/per_category-image_auroc.csv")
    assert data.variant.tolist() == [variant.name for variant in results.plan.variants]
    assert data["(mean)"][0] == pytest.approx(results.aggregates["image_auroc"].mean("full").mean)
    assert set(pd.read_csv(paper[0] / "tables/sweep-a-b-2.csv").ablation) == {"a-b"}
    assert len(pd.read_csv(paper[0] / "tables/runs.csv")) == 8


def test_one_label_for_all_tables_is_made_unique(tmp_path, plain):
    write_paper(tmp_path, study({"label": "t", "caption": "Mine"}))
    assert faults(tmp_path) == []
    assert "\\label{t-summary}" in text_of(tmp_path / "tables/summary.tex")


def test_a_table_that_is_registered_later_comes_along(tmp_path, plain, monkeypatch):
    monkeypatch.setitem(export.MAKERS, "per_defect", lambda results: [summary(results)])
    write_paper(tmp_path, study())
    assert faults(tmp_path) == []
    assert "\n\\section{Per defect}\n\nTable~\\ref{tab:example-summary-2}." in text_of(tmp_path / "main.tex")
    assert (tmp_path / "tables/per_defect.csv").is_file()


def test_across_both_columns_and_transposed(tmp_path, plain):
    write_paper(tmp_path, study(), wide=True, transpose=True)
    text = text_of(tmp_path / "tables/per_category-image_auroc.tex")
    assert text.count("\\begin{table*}") == 1
    assert "    nut & " in text
    assert faults(tmp_path) == []


def test_a_study_of_one_variant_has_fewer_tables(tmp_path, plain):
    lines = write_paper(tmp_path, noisy("nut"))
    assert faults(tmp_path) == []
    names = ("components", "effects", "sweep", "robustness", "comparison", "test_set", "validation", "search", "images")
    assert re.findall(r"(?:left out: |\); )(\w+) \(", lines[0]) == list(names)
    assert "comparison (it would have no row)" in lines[0]
    assert lines[1:] == ["as CSV only, with a line for each run or image: runs"]


def test_rows_from_the_literature_are_cited(tmp_path, plain):
    rows = "rows: [{method: PatchCore, cite: roth2022, image_auroc: 99.1}]"
    (tmp_path / "literature.yaml").write_text(rows)
    write_paper(tmp_path, noisy("nut", report={"reported": str(tmp_path / "literature.yaml")}))
    text = (tmp_path / "main.tex").read_text(encoding="utf-8")
    assert text.startswith("% The tables cite roth2022: add a \\bibliography that has them.\n")


def test_a_mistake_in_the_literature_is_no_absent_table(tmp_path):
    with pytest.raises(ConfigError, match=r"literature\.yaml: no such file"):
        write_paper(tmp_path, noisy("nut", report={"reported": str(tmp_path / "literature.yaml")}))
    assert not (tmp_path / "main.tex").exists()


@pytest.mark.skipif(TEX is None, reason="no pdflatex, lualatex or tectonic here")
def test_it_compiles(paper):
    folder, text, _ = paper
    compiled(folder, text)
    log = compiled(folder, text)  # references are known by now
    check(log)
    assert "undefined" not in log
