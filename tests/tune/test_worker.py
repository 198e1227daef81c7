"""One run after another in one process, reported as it goes."""

from types import SimpleNamespace

import pytest
from jobs import small_job

from ura_study.runs.details import unpacked
from ura_study.runs.record import Record
from ura_study.tune import worker as worker_module
from ura_study.tune.worker import EVERY, GPU, JOB, NOTHING, Worker


@pytest.fixture(autouse=True)
def node(monkeypatch):
    """A node without Ray, which would start, or join what is left of some cluster, when it is asked for a node's id."""
    here = SimpleNamespace(get_node_id=lambda: "node")
    monkeypatch.setattr(worker_module, "get_runtime_context", lambda: here)


def test_a_worker_sends_details_apart_from_the_record(mvtec_root):
    worker = Worker({JOB: small_job(mvtec_root).model_dump_json()})
    results = []
    while not (results and results[-1]["done"]):
        results.append(worker.train())
    *_, before, last = results
    assert unpacked(before["details"]).images[0] == "nut/test/good/000.png"
    assert "details" not in last
    assert Record.model_validate_json(last["record"]).done


def test_a_worker_reports_as_often_as_it_is_asked_to(mvtec_root):
    worker = Worker({JOB: small_job(mvtec_root).model_dump_json(), EVERY: 0.0})
    assert [len(worker.train()["intervals"]) for _ in range(5)] == [1, 1, 1, 0, 0]  # then details, and the record


def test_nothing_to_do_lets_go_of_the_run_before(mvtec_root):
    worker = Worker.__new__(Worker)
    worker.setup({JOB: small_job(mvtec_root).model_dump_json()})
    let_go = []
    worker._events = iter_closing(let_go)
    assert worker.reset_config({JOB: NOTHING, GPU: 0})
    assert let_go == [True]
    assert worker.step() == {"intervals": [], "done": True}


def iter_closing(closed):
    def events():
        try:
            yield
        finally:
            closed.append(True)

    generator = events()
    next(generator)
    return generator
