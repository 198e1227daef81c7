"""`ura-study export` and `ura-study compare` on records made by hand, through the command line."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pandas as pd
import pytest
from hand_made import ABLATIONS, done, failed, job_of, make_study, plan_of
from latex import faults

from ura_study.metrics.names import IMAGE_METRICS, PIXEL_METRICS
from ura_study.results.folder import remember
from ura_study.runs import store


def leave(folder, shift=0.0):
    """Write the folder of a study whose images are nowhere."""
    study = make_study(
        study=folder.name,
        data={"layout": "mvtec_ad", "root": "/nowhere", "categories": ["nut", "bolt"]},
        ablations=ABLATIONS,
        report={"metrics": ["image_auroc", "pixel_ap"]},
    )
    plan = plan_of(study, "nut", "bolt")
    remember(folder, study, plan)
    for cell in plan.cells:
        job = job_of(study, plan, *cell)
        store.append(folder, failed(job) if cell == ("w/o restoration", "bolt", 0) else done(job, 0.5 + shift))


@pytest.fixture
def call(call, monkeypatch, tmp_path):
    """Call `ura-study` where two studies have left their results."""
    monkeypatch.setenv("COLUMNS", "150")
    leave(tmp_path / "results/one")
    leave(tmp_path / "results/two", 0.1)
    return call


def test_markdown_on_the_screen_is_the_default(call):
    code, out, err = call("export", "results/one", "--metric", "pixel_ap")
    assert (code, err) == (0, "")
    assert out.startswith("### Pixel AP (%)\n\n| variant | nut | bolt | mean |\n")
    assert "| w/o restoration | 50.0 | 1 failed | 1 failed |" in out
    assert "Image AUROC" not in out


@pytest.mark.parametrize(
    ("file", "begin"),
    [("t.tex", "% Needs \\usepackage{booktabs,"), ("t.md", "### "), ("t.html", "<table"), ("deep/t.csv", "metric,")],
)
def test_the_ending_names_the_format(call, tmp_path, file, begin):
    assert call("export", "results/one", "-o", file) == (0, "", "")
    assert (tmp_path / file).read_text().startswith(begin)


def test_parquet(call, tmp_path):
    assert call("export", "results/one", "--table", "runs", "-o", "runs.parquet") == (0, "", "")
    assert len(pd.read_parquet(tmp_path / "runs.parquet")) == 6


def test_options_of_the_report(call):
    options = ("--table", "summary", "--unit", "fraction", "--digits", "2", "--caption", "50% & more", "--label", "t:x")
    code, out, _ = call("export", "results/one", "--format", "latex", "--standalone", *options)
    assert code == 0
    assert "full & 0.50 & 0.50 \\\\" in out
    assert "\\caption{50\\% \\& more. One seed.}" in out
    assert "\\label{t:x}" in out
    assert out.startswith("\\documentclass{article}")


def test_transposed(call):
    _, out, _ = call("export", "results/one", "--metric", "pixel_ap", "--transpose")
    assert "|  | full | layers=[2, 3] | w/o restoration |\n" in out
    assert "| bolt | 50.0 | 50.0 | 1 failed |\n" in out


def test_explain_lists_runs_and_still_writes(call, tmp_path):
    code, out, _ = call("export", "results/one", "--table", "summary", "--explain", "-o", "t.md")
    assert code == 0
    assert out.startswith("Means over categories (%)\n  full · Image AUROC: 50.0 from ")
    assert (tmp_path / "t.md").read_text().startswith("### Means over categories")
    assert call("export", "results/one", "--table", "summary", "--explain")[1] == out


def test_a_study_file_stands_for_its_results(call, tmp_path):
    (tmp_path / "mine.yaml").write_text((tmp_path / "results/one/study.yaml").read_text())
    assert call("export", "mine.yaml")[1] == call("export", "results/one")[1] == call("export", "one")[1]


@pytest.mark.parametrize("command", [["export", "three"], ["compare", "one", "three"], ["export", "results/three"]])
def test_nothing_is_recorded_yet(call, tmp_path, command):
    leave(tmp_path / "results/three")
    (tmp_path / "results/three/runs.jsonl").unlink()
    line = "ura-study: results/three: nothing is recorded of this study yet; `ura-study run` does its runs\n"
    assert call(*command) == (2, "", line)


def test_latex_says_what_does_not_go_into_a_paper_as_it_is(call, tmp_path):
    options = ("export", "one", "--table", "comparison", "--metric", "pixel_ap", "--format", "latex")
    assert call(*options)[2] == ""
    _, out, err = call(*options, "--transpose", "--caption", "测 of Ж")
    assert "\\caption{测 of Ж." in out
    assert (
        err == "ura-study: pdflatex does not know 测 Ж without further packages; lualatex does, with a font for them\n"
    )
    metrics = [part for name in (*IMAGE_METRICS, *PIXEL_METRICS[:4]) for part in ("--metric", name)]
    code, out, err = call("export", "one", "--table", "runs", "--format", "latex", "--digits", "6", *metrics)
    assert code == 0
    assert re.fullmatch(r"ura-study: Runs: 1\.\d times as wide as a page, .*\n", err)
    assert call("export", "one", "--table", "runs", "--digits", "6", *metrics)[2] == ""  # Markdown


def test_across_both_columns(call):
    for command in (["export", "one"], ["compare", "one", "two"]):
        _, out, _ = call(*command, "--metric", "pixel_ap", "--format", "latex", "--wide")
        assert "\\begin{table*}" in out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["results/one", "--table", "sumary"], "--table: expected one of summary, per_category, defects, "),
        (["results/one", "--format", "latx"], "but got 'latx'; did you mean 'latex'?"),
        (["results/one", "-o", "t.txt"], "t.txt: ending: expected one of .tex, .md, .html, .csv, .parquet, .xlsx, but"),
        (["results/one", "--format", "parquet"], "--format parquet: needs a file to write to (-o FILE.parquet)"),
        (["results/one", "--metric", "image_aurok"], "unknown metric 'image_aurok'; did you mean 'image_auroc'?"),
        (["results/one", "--baseline", "fulll"], "report.baseline: no variant 'fulll'; did you mean 'full'?"),
        (["results/one", "--reported", "lit.yaml"], "lit.yaml: no such file"),
        (["results/one", "-o", "results/one/runs.jsonl/t.md"], "runs.jsonl/t.md: expected a folder, but it is a file"),
        (["results"], "results: holds no results of a study"),
        (["onne"], "results: holds no study 'onne'; did you mean 'one'?"),
        (["one", "--table", "search"], "study 'one': a table of a search needs one that has begun"),
    ],
)
def test_a_wrong_call_is_one_line(call, arguments, line):
    code, out, err = call("export", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("ura-study: ")
    assert line in err
    assert err.count("\n") == 1


def test_all_tables_and_figures_with_a_document(call, tmp_path):
    code, out, err = call("export", "one", "--all", "-o", "paper", "--metric", "pixel_ap", "--wide")
    assert (code, out) == (0, "paper/main.tex\n")
    left_out, lists = err.splitlines()
    names = ["effects", "robustness", "test_set", "validation", "search", "images"]
    assert re.findall(r"(?:left out: |\); )(\w+) \(", left_out) == names
    assert "search (a table of a search needs one that has begun); images (no run has kept the scores" in left_out
    assert lists == "ura-study: as CSV only, with a line for each run or image: runs"
    assert faults(tmp_path / "paper") == []
    assert sorted(path.name for path in (tmp_path / "paper").iterdir()) == ["figures", "main.tex", "tables"]
    assert "\\begin{table*}" in (tmp_path / "paper/tables/per_category-pixel_ap.tex").read_text()


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ([], "--all: needs a folder to write to (-o FOLDER)"),
        (["--table", "runs", "-o", "p"], "--all: expected no --table, since it writes every table as LaTeX and CSV"),
        (["--format", "csv", "-o", "p"], "--all: expected no --format, since it writes every table as LaTeX and CSV"),
        (["--standalone", "-o", "p"], "--all: expected no --standalone, since it writes every table as LaTeX and CSV"),
        (["--explain", "-o", "p"], "--all: expected no --explain, since it writes every table as LaTeX and CSV"),
        (["-o", "results/one/runs.jsonl"], "results/one/runs.jsonl/tables/summary.csv: cannot be created below a file"),
    ],
)
def test_all_is_for_a_folder(call, tmp_path, options, line):
    assert call("export", "one", "--all", *options) == (2, "", f"ura-study: {line}\n")
    assert not (tmp_path / "p").exists()


def test_compare_shows_what_moved(call):
    code, out, err = call("compare", "results/one", "results/two", "--metric", "pixel_ap")
    assert (code, err) == (0, "")
    assert "Pixel AP, two minus one" in out
    assert "+10.0" in out
    assert "1 pair left out" in out


def test_compare_writes_files(call, tmp_path):
    assert call("compare", "results/one", "results/two", "results/one", "-o", "moved.csv") == (0, "", "")
    frame = pd.read_csv(tmp_path / "moved.csv")
    assert frame.difference.dropna().tolist() == pytest.approx([0.1] * 6)  # the third is the first
    assert frame.metric.tolist() == ["image_auroc"] * 3 + ["pixel_ap"] * 3
    assert set(frame.study + " " + frame.against) == {"results/two results/one"}  # one is there twice


def test_labels_of_several_tables_differ(call, tmp_path):
    leave(tmp_path / "results/three", 0.2)
    _, out, _ = call("compare", "one", "results/two", "three", "--format", "latex")
    labels = re.findall(r"\\label\{(.*?)\}", out)
    assert len(labels) == len(set(labels)) == 4


def test_compare_has_a_page(call, tmp_path):
    code, out, err = call("compare", "results/one", "results/two", "--page", "moved.html")
    assert (code, err) == (0, "ura-study: the page is moved.html\n")
    assert "Pixel AP, two minus one" in out
    text = (tmp_path / "moved.html").read_text().replace("\u00a0", " ")
    assert "<h1>two against one</h1>" in text
    assert "full: two, against one, gains 10.0 points of image AUROC, p = 1.000" in text
    assert 'aria-label="Image AUROC, two (points), difference from the same in one' in text
    assert "Study file, one" not in text
    twice = "ura-study: compare: --page: expected different studies, but got results/one, results/one\n"
    assert call("compare", "results/one", "results/one", "--page", "moved.html") == (2, "", twice)


def test_compare_needs_two(call):
    assert call("compare", "results/one") == (2, "", "ura-study: compare: expected two studies or more, but got 1\n")


@pytest.mark.parametrize("command", ["plan", "run"])
def test_a_folder_is_no_study_file(call, tmp_path, command):
    leave(tmp_path / "results/three")
    line = (
        "ura-study: results/three: expected a study file, but it is a folder; did you mean results/three/study.yaml?\n"
    )
    assert call(command, "results/three") == (2, "", line)
    assert call(command, "results") == (2, "", "ura-study: results: expected a study file, but it is a folder\n")


@pytest.mark.parametrize("table", ["summary", "per_category", "comparison", "runs", "cost"])
def test_records_that_stand_twice_count_once(call, tmp_path, table):
    path = tmp_path / "results/one/runs.jsonl"
    once = call("export", "one", "--table", table, "--format", "csv")
    path.write_text(2 * path.read_text())
    assert call("export", "one", "--table", table, "--format", "csv") == once
    assert once[0] == 0


def test_a_record_with_a_number_that_is_none_counts_as_not_done(call, tmp_path):
    path = tmp_path / "results/one/runs.jsonl"
    lines = path.read_text().splitlines(True)
    lines[0] = lines[0].replace('"image_auroc":0.5', '"image_auroc":NaN')
    assert "NaN" in lines[0]
    path.write_text("".join(lines))
    code, out, err = call("export", "one")
    assert code == 0
    assert "missing" in out
    assert "runs.jsonl, line 1: not a record" in err
    assert err.count("\n") == 1


def test_what_is_exported_is_the_content_of_a_file_whatever_the_terminal(call, tmp_path):
    command = [sys.executable, "-m", "ura_study", "export", "one", "--caption", "Schlüssel", "--format", "latex"]
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=True)
    assert "Schlüssel" in ended.stdout.decode()
