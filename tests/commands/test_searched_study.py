"""A study whose search is done, through the command line: nothing is left to train, so no worker is started."""

from __future__ import annotations

import json

import pandas as pd
import pytest
import simulated
from datasets import write_category
from hand_made import make_study

from ura_study.commands.run import _session, _take_up
from ura_study.opening import open_study
from ura_study.results.folder import remember
from ura_study.runs import store
from ura_study.runs.job import Job
from ura_study.runs.ledger import Ledger
from ura_study.search.trials import trials
from ura_study.study.survey import survey
from ura_study.tensorboard.writer import TensorBoardWriter
from ura_study.tune.progress import Progress

GOOD = {"model.synthesis.strength": 2.0, "model.perception.mc_samples": 20}
SEARCH = {
    "space": simulated.SPACE,
    "trials": 3,
    "objective": "val_image_auroc",
    "pruner": "none",
    "enqueue": [{}, GOOD],
}


def outcome(job):
    value = 0.9 - 0.05 * abs(job.settings.model.synthesis.strength - 2.0)
    return simulated.measured(job, value + 0.01 * job.seed)


def leave(folder, root, monkeypatch, outcome=outcome, **search):
    """Write what `ura-study run` leaves of a searched study, and return the trials."""
    data = {"layout": "mvtec_ad", "root": str(root), "image_size": 64, "validation": 0.2}
    study = make_study(study=folder.name, data=data, seeds=[0, 1], search=SEARCH | search)
    plan = survey(study)
    remember(folder, study, plan)
    monkeypatch.setattr(simulated, "CATEGORIES", dict(plan.fingerprints))
    lab = simulated.Laboratory(study, folder, outcome)
    lab.work()
    own = {i: outcome(Job.of(study, run)) for i, run in plan.runs.items()}
    for record in own.values():
        store.append(folder, record)
    return trials(lab.tried)


@pytest.fixture
def mvtec_root(tmp_path):
    """Two categories with enough training images to hold some out."""
    for seed, name in enumerate(("nut", "bolt")):
        write_category(tmp_path / "data", name, seed=seed, train=20)
    return tmp_path / "data"


@pytest.fixture
def tried(tmp_path, mvtec_root, monkeypatch):
    return leave(tmp_path / "results/sought", mvtec_root, monkeypatch)


def best_of(tried):
    (best,) = [trial for trial in tried if trial.best]
    return best


def test_the_search_is_a_table_in_all_formats(call, tried, tmp_path):
    for ending in ("tex", "md", "html", "csv"):
        assert call("export", "sought", "--table", "search", "-o", f"s.{ending}")[0] == 0
        assert best_of(tried).variant in (tmp_path / f"s.{ending}").read_text()
    frame = pd.read_csv(tmp_path / "s.csv")
    assert frame.variant.tolist()[0] == best_of(tried).variant
    assert frame["model.synthesis.strength"].tolist()[0] == best_of(tried).params["model.synthesis.strength"]
    saved = call("run", "results/sought/study.yaml")[0], pd.read_csv(tmp_path / "results/sought/search.csv")
    assert saved[0] == 0
    pd.testing.assert_frame_equal(saved[1], frame)


def test_explain_names_the_runs_of_trials(call, tried, tmp_path):
    code, out, _ = call("export", "sought", "--table", "search", "--explain")
    lines = [line for line in out.splitlines() if line.startswith(f"  {best_of(tried).variant} · best · ")]
    assert code == 0
    runs = [json.loads(line) for line in (tmp_path / "results/sought/runs.jsonl").read_text().splitlines()]
    mine = {run["run_id"] for run in runs if run["variant"] == best_of(tried).variant}
    assert set(lines[0].split(" from ")[1].split(", ")) == mine
    assert len(mine) == 4


@pytest.mark.parametrize("table", ["summary", "per_category", "comparison"])
def test_the_best_variant_is_in_the_tables_of_results(call, tried, table):
    code, out, _ = call("export", "results/sought", "--table", table)
    others = {trial.variant for trial in tried} - {best_of(tried).variant}
    assert code == 0
    assert f"| {best_of(tried).variant} |" in out
    assert not any(name in out for name in others)


def test_an_oracle_is_called_one(call, tmp_path, mvtec_root, monkeypatch):
    leave(tmp_path / "results/cheat", mvtec_root, monkeypatch, split="test", objective="image_auroc")
    assert "ORACLE: chosen on test images" in call("export", "cheat", "--table", "search")[1]
    assert "Oracle: search-" in call("export", "cheat", "--table", "summary")[1]


def test_deleted_records_are_missing(call, tried, tmp_path):
    (tmp_path / "results/sought/runs.jsonl").write_text("")
    assert call("report", "sought")[0] == 0
    assert "Unfinished: 0 of " in (tmp_path / "results/sought/report.html").read_text()
    code, _, err = call("export", "sought", "--table", "search")
    assert code == 2
    assert err.startswith("ura-study: results/sought: nothing is recorded of this study yet")


def test_a_torn_file_of_records_leaves_trials_missing(call, tried, tmp_path):
    path = tmp_path / "results/sought/runs.jsonl"
    name = best_of(tried).variant
    kept = [line for line in path.read_text().splitlines(True) if json.loads(line)["variant"] != name]
    path.write_text("".join(kept))
    _, out, _ = call("export", "sought", "--table", "search")
    (line,) = [line for line in out.splitlines() if name in line]
    assert "4 missing" in line
    assert call("report", "sought")[0] == 0


def test_a_search_that_goes_on_counts_what_was_done_before(tried, tmp_path):
    folder = tmp_path / "results/sought"
    study, plan = open_study(folder / "study.yaml")
    study = study.model_copy(update={"search": study.search.model_copy(update={"trials": 5})})
    own = store.read(folder)
    ledger = Ledger(folder)
    session = _session(study, plan, ledger)
    progress = Progress(plan, "image_auroc", {i: own[i] for i in plan.runs}, search=session)
    _take_up(session, progress, TensorBoardWriter(folder, study, plan, ledger.own), ledger)
    assert progress.records.keys() == own.keys()
    assert progress.total == len(own) + 2 * 4  # trials to come, of four runs each


def test_a_run_says_where_the_report_is(call, tried, tmp_path):
    code, out, _ = call("run", "results/sought/study.yaml")
    assert code == 0
    assert f"the report is {tmp_path}/results/sought/report.html\n" in out


def test_failed_runs_of_a_search_are_told_and_change_the_exit_code(call, tmp_path, mvtec_root, monkeypatch):
    def some(job):
        first = job.variant == "search-0001" and job.category == "nut" and job.seed == 1
        return simulated.lost(job) if first else outcome(job)

    tried = leave(tmp_path / "results/lame", mvtec_root, monkeypatch, some)
    assert [trial.state for trial in tried].count("failed") == 1
    code, out, _ = call("run", "results/lame/study.yaml")
    assert code == 1
    assert "failed: search-0001 · nut · seed 1: NonFiniteLoss: The loss must be finite" in out


def test_pruned_variants_are_no_failure(call, tmp_path, mvtec_root, monkeypatch):
    def worse(job):
        return simulated.measured(job, 0.9 if job.variant in ("full", "search-0000") else 0.1 + 0.01 * job.seed)

    pruner = {"name": "wilcoxon", "p_threshold": 0.5, "n_startup_steps": 1}
    tried = leave(tmp_path / "results/pruned", mvtec_root, monkeypatch, worse, pruner=pruner)
    assert "pruned" in {trial.state for trial in tried}
    assert call("run", "results/pruned/study.yaml")[0] == 0
