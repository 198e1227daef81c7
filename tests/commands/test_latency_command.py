"""`ura-study latency`: each architecture once, alone."""

import pytest
from datasets import write_category
from jobs import SETTINGS
from measured import measurement

from ura_study.cache import replace
from ura_study.opening import open_study
from ura_study.results.folder import remember
from ura_study.results.opening import open_done
from ura_study.runs import latency, store, timing
from ura_study.runs.attempt import attempt
from ura_study.runs.job import Job
from ura_study.runs.lock import StudyLock
from ura_study.study.study_file import dump_yaml

ABLATIONS = {
    "strength": {"sweep": {"model.synthesis.strength": [0.3]}},
    "samples": {"sweep": {"model.perception.mc_samples": [2]}},
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A study of three variants, two of which are one network, all done; measuring it takes no time."""
    root = write_category(tmp_path / "data", "nut").parent
    data = {"layout": "mvtec_ad", "root": str(root), "image_size": 64}
    study = {"study": "small", "data": data, "base": SETTINGS, "ablations": ABLATIONS}
    replace(tmp_path / "small.yaml", dump_yaml(study))
    opened, plan = open_study(tmp_path / "small.yaml")
    remember(tmp_path / "results/small", opened, plan)
    for run in plan.runs.values():
        *_, record = attempt(Job.of(opened, run))
        store.append(tmp_path / "results/small", record)
    monkeypatch.setattr(timing, "WARM_UP", 0.0)
    monkeypatch.setattr(timing, "SECONDS", 0.0)
    monkeypatch.setattr(timing, "FEWEST", 2)
    return tmp_path / "results/small"


def test_equal_networks_are_measured_once_and_not_again(folder, call):
    code, out, _ = call("latency", "small")
    assert code == 0
    assert [line.split(": batch 1 ")[0] for line in out.splitlines()] == ["full, strength=0.3", "mc_samples=2"]
    first = latency.read(folder)
    assert [(one.variant, one.category, one.seed, one.image_size) for one in first] == [
        ("full", "nut", 0, 64),
        ("mc_samples=2", "nut", 0, 64),
    ]
    assert all(one.network[8].calls >= 2 and one.decoded[1].median > 0 for one in first)
    code, out, _ = call("latency", "small")
    assert (code, out.count(", measured before")) == (0, 2)
    assert latency.read(folder) == first
    assert call("latency", "small", "--again")[0] == 0
    assert len(latency.read(folder)) == 4
    found = open_done("small", folder.parent, {}).latencies
    assert found["full"] == found["strength=0.3"] == latency.read(folder)[2]


def test_a_busy_machine_is_told(folder, call, monkeypatch):
    monkeypatch.setattr(timing, "measured", lambda job, key: measurement(key, others=0.55))
    _, _, err = call("latency", "small")
    assert (
        "others used 55% of the processors meanwhile, so latencies may be too long; --again measures once more" in err
    )


def test_not_while_the_study_is_at_work(folder, call):
    with StudyLock(folder):
        code, _, err = call("latency", "small")
    assert code == 2
    assert "another `ura-study run` is at work on this study" in err
    assert not (folder / latency.FILE).exists()


def test_without_a_finished_run_it_is_told(folder, call):
    lines = [store.Record.model_validate_json(line) for line in (folder / store.FILE).read_text().splitlines()]
    old = (record.model_copy(update={"flops": None}).model_dump_json() for record in lines)
    (folder / store.FILE).write_text("\n".join(old) + "\n")
    code, _, err = call("latency", "small")
    assert code == 2
    assert "no run is recorded whose detector can be measured; `ura-study run` does runs" in err
