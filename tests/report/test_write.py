import pandas as pd
import pytest
from hand_made import ABLATIONS, done, failed, job_of, make_study, plan_of
from made_up import SEARCH, searched, with_details

from ura_study.report.figures import Gallery, gallery
from ura_study.report.write import write_figures, write_results, write_search
from ura_study.results.results import Results, Search
from ura_study.runs.job import Job
from ura_study.study.plan import Variant, changed, make_plan

STUDY = make_study(ablations=ABLATIONS, report={"metrics": ["pixel_ap", "image_auroc"]})
PLAN = plan_of(STUDY, "nut", "bolt")


def records():
    jobs = {cell: job_of(STUDY, PLAN, *cell) for cell in PLAN.cells}
    lost = ("w/o restoration", "bolt", 0)
    return {job.run_id: failed(job) if cell == lost else done(job, 0.75) for cell, job in jobs.items()}


def test_files(tmp_path):
    folder = tmp_path / "deep" / "example"
    write_results(folder, Results(STUDY, PLAN, records()))
    names = [f"{name}.{ending}" for name in ("comparison", "per_category", "test_set") for ending in ("csv", "md")]
    assert sorted(path.name for path in folder.iterdir()) == sorted([*names, "results.csv"])
    assert len(pd.read_csv(folder / "results.csv")) == 6
    summary = pd.read_csv(folder / "per_category.csv")
    assert summary.metric.tolist() == ["pixel_ap"] * 3 + ["image_auroc"] * 3
    assert summary["(failed)"].tolist() == [0, 0, 1, 0, 0, 1]
    text = (folder / "per_category.md").read_text()
    assert text.startswith("## example\n\n### Pixel AP (%)\n\n| variant | nut | bolt | mean |\n")
    assert "| w/o restoration | 75.0 | 1 failed | 1 failed |" in text
    compared = pd.read_csv(folder / "comparison.csv")
    assert compared.variant.tolist() == ["layers=[2, 3]", "w/o restoration"] * 2
    assert compared["(failed)"].tolist() == [0, 1] * 2
    text = (folder / "comparison.md").read_text()
    assert "| w/o restoration | 0.0 | 1.000 | 1.000 | 0.00 | – | – | – | 1 | 1 | 1 |" in text
    assert "1 pair left out: 1 with a failed run" in text


def test_figures_have_their_captions_beside_them(tmp_path):
    write_figures(tmp_path, gallery(Results(STUDY, PLAN, records())), ("svg", "pdf"))
    names = [f"{kind}-{metric}" for kind in ("differences", "categories") for metric in STUDY.report.metrics]
    names += ["sweep-layers-layers", "pareto-pixel_ap", "pareto-image_auroc"]
    files = {path.name for path in (tmp_path / "figures").iterdir()}
    assert files == {f"{name}.{kind}" for name in names for kind in ("svg", "pdf")} | {"study.md"}
    captions = (tmp_path / "figures" / "study.md").read_text()
    assert [line[3:] for line in captions.splitlines() if line.startswith("## ")] == names
    assert "Pixel AP: mean difference of each variant from full over 2 categories" in captions


def test_figures_that_are_none_any_more_are_removed_and_files_of_others_stay(tmp_path):
    drawn = gallery(Results(STUDY, PLAN, records()))
    write_figures(tmp_path, drawn, ("svg", "pdf"))
    (tmp_path / "figures" / "mine.pdf").write_text("")
    fewer = Gallery(drawn.study[:1], (), ())
    write_figures(tmp_path, fewer, ("pdf",))
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {
        *(f"{drawn.study[0].name}.pdf", "mine.pdf", "study.md"),
    }
    write_figures(tmp_path, Gallery((), (), ()), ("pdf",))
    assert [path.name for path in (tmp_path / "figures").iterdir()] == ["mine.pdf"]


def test_what_details_show_is_among_the_figures(tmp_path):
    write_figures(tmp_path, gallery(with_details(Results(STUDY, PLAN, records()), tmp_path)), ("pdf",))
    names = {path.stem for path in (tmp_path / "figures").glob("*.pdf")}
    assert names > {"curves", "training", "uncertainty-error", "side-by-side", "pictures-nut", "pictures-bolt"}
    assert "## pictures-bolt" in (tmp_path / "figures/pictures.md").read_text()


def test_the_figures_of_a_search_have_captions_of_their_own(tmp_path):
    study = make_study(search=SEARCH, data={"validation": 0.2})
    plan = plan_of(study)
    search = Search(searched(8), plan, dict.fromkeys(SEARCH["space"], 0.5))
    write_figures(tmp_path, gallery(Results(study, plan, {}, search=search)), study.report.figures)
    names = ["search-history", "search-importance", "search-slices"]
    assert sorted(path.stem for path in (tmp_path / "figures").glob("*.svg")) == names
    assert "## search-history\n\nval_image_auroc by trial, 8 trials" in (tmp_path / "figures/search.md").read_text()


def test_the_tables_of_a_search(tmp_path):
    study = make_study(search=SEARCH, data={"validation": 0.2})
    found = searched(8)
    variants = [
        Variant(t.variant, changed(study.baseline, dict(t.params), ""), dict(t.params), "search") for t in found
    ]
    plan = make_plan(study, {"nut": "n"}, variants)
    numbers = {run_id: done(Job.of(study, run), val_image_auroc=0.5) for run_id, run in plan.runs.items()}
    results = Results(study, plan, numbers, search=Search(found, plan))
    write_search(tmp_path, results)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["search.csv", "search.md", "search_runs.csv"]
    assert pd.read_csv(tmp_path / "search.csv").variant.tolist() == results.leaderboard.rows.variant.tolist()


@pytest.mark.parametrize(("formats", "files"), [(["png"], ["png"]), ([], [])])
def test_figures_are_written_in_the_formats_of_the_study(tmp_path, formats, files):
    study = STUDY.model_copy(update={"report": STUDY.report.model_copy(update={"figures": tuple(formats)})})
    write_figures(tmp_path, gallery(Results(study, PLAN, records())), study.report.figures)
    found = {path.suffix[1:] for path in (tmp_path / "figures").glob("*")}
    assert found == ({*files, "md"} if files else set())


def test_files_are_replaced(tmp_path):
    write_results(tmp_path, Results(STUDY, PLAN, records()))
    write_results(tmp_path, Results(STUDY, PLAN, {}))
    assert pd.read_csv(tmp_path / "results.csv").empty
    assert "2 missing" in (tmp_path / "per_category.md").read_text()
