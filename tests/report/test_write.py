import pandas as pd
from hand_made import ABLATIONS, done, failed, job_of, make_study, plan_of

from ura_study.report.write import write_results

STUDY = make_study(ablations=ABLATIONS, report={"metrics": ["pixel_ap", "image_auroc"]})
PLAN = plan_of(STUDY, "nut", "bolt")


def records():
    jobs = {cell: job_of(STUDY, PLAN, *cell) for cell in PLAN.cells}
    lost = ("w/o restoration", "bolt", 0)
    return {job.run_id: failed(job) if cell == lost else done(job, 0.75) for cell, job in jobs.items()}


def test_files(tmp_path):
    folder = tmp_path / "deep" / "example"
    write_results(folder, STUDY, PLAN, records())
    names = [f"{name}.{ending}" for name in ("comparison", "per_category") for ending in ("csv", "md")]
    assert sorted(path.name for path in folder.iterdir()) == sorted([*names, "figures", "results.csv"])
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
    assert "| w/o restoration | 0.0 | 1.000 | 1.000 | 0.00 | 1 | 1 | 1 |" in text
    assert "1 pair left out: failed, missing or undefined runs" in text


def test_files_are_replaced(tmp_path):
    write_results(tmp_path, STUDY, PLAN, records())
    write_results(tmp_path, STUDY, PLAN, {})
    assert pd.read_csv(tmp_path / "results.csv").empty
    assert "2 missing" in (tmp_path / "per_category.md").read_text()
