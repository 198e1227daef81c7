import pandas as pd
from hand_made import ABLATIONS, done, failed, job_of, make_study, plan_of

from ura_study.report.write import tables, write_results

STUDY = make_study(ablations=ABLATIONS, report={"metrics": ["pixel_ap", "image_auroc"]})
PLAN = plan_of(STUDY, "nut", "bolt")


def records():
    jobs = {cell: job_of(STUDY, PLAN, *cell) for cell in PLAN.cells}
    lost = ("w/o restoration", "bolt", 0)
    return {job.run_id: failed(job) if cell == lost else done(job, 0.75) for cell, job in jobs.items()}


def test_a_table_for_each_metric_in_the_order_of_the_study():
    assert [table.metric for table in tables(STUDY, PLAN, records())] == ["pixel_ap", "image_auroc"]


def test_files(tmp_path):
    folder = tmp_path / "deep" / "example"
    write_results(folder, STUDY, PLAN, records())
    assert sorted(path.name for path in folder.iterdir()) == ["per_category.csv", "per_category.md", "results.csv"]
    assert len(pd.read_csv(folder / "results.csv")) == 6
    summary = pd.read_csv(folder / "per_category.csv")
    assert summary.metric.tolist() == ["pixel_ap"] * 3 + ["image_auroc"] * 3
    assert summary["(failed)"].tolist() == [0, 0, 1, 0, 0, 1]
    text = (folder / "per_category.md").read_text()
    assert text.startswith("## example\n\n### Pixel AP (%)\n\n| variant | nut | bolt | mean |\n")
    assert "| w/o restoration | **75.0** | 1 failed | 1 failed |" in text


def test_files_are_replaced(tmp_path):
    write_results(tmp_path, STUDY, PLAN, records())
    write_results(tmp_path, STUDY, PLAN, {})
    assert pd.read_csv(tmp_path / "results.csv").empty
    assert "2 missing" in (tmp_path / "per_category.md").read_text()
