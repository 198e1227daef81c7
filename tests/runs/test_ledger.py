"""The records of a study, and those it takes over from others."""

import pytest
from hand_made import done, failed, job_of, make_study, plan_of

from ura_study.runs import details, store
from ura_study.runs.ledger import Ledger

STUDY = make_study(study="mine", seeds=[0, 1])
PLAN = plan_of(STUDY, "nut")
FIRST, SECOND = PLAN.runs.values()


def job(seed):
    return job_of(STUDY, PLAN, "full", "nut", seed)


@pytest.fixture
def results(tmp_path):
    """Another study that has done the first run, and kept its details."""
    (tmp_path / "other").mkdir()
    store.append(tmp_path / "other", done(job(0), 0.75))
    details.keep(tmp_path / "other", FIRST.run_id, b"packed")
    (tmp_path / "mine").mkdir()
    return tmp_path


def test_finding_writes_nothing_and_adopting_copies_once(results):
    ledger = Ledger(results / "mine")
    found = ledger.find(FIRST)
    assert (found.study, found.reused_from, found.metrics["image_auroc"]) == ("mine", "other", 0.75)
    assert not (results / "mine" / store.FILE).exists()
    assert ledger.adopt(FIRST) == found == ledger.own(FIRST.run_id)
    ledger.adopt(FIRST)
    assert len((results / "mine" / store.FILE).read_text().splitlines()) == 1
    assert (results / "mine/details" / f"{FIRST.run_id}.npz").read_bytes() == b"packed"


def test_what_nobody_has_done_is_not_found(results):
    ledger = Ledger(results / "mine")
    assert ledger.find(SECOND) is ledger.adopt(SECOND) is None


def test_a_failure_is_kept_but_does_not_count_as_done(results):
    ledger = Ledger(results / "mine")
    ledger.append(failed(job(1)))
    assert ledger.own(SECOND.run_id) is None
    assert not ledger.records[SECOND.run_id].done
    ledger.append(done(job(1)))
    assert ledger.own(SECOND.run_id).done
    assert Ledger(results / "mine").records == ledger.records


def test_other_studies_are_not_read_before_one_is_wanted(results, monkeypatch):
    ledger = Ledger(results / "mine")
    ledger.append(done(job(0)))
    monkeypatch.setattr(store, "library", lambda *arguments: pytest.fail("read"))
    assert ledger.find(FIRST).reused_from is None
