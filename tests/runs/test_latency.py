"""What latency is measured of, and how measurements are kept."""

import pytest
from hand_made import done, failed, job_of, make_study, plan_of
from measured import machine, measurement

from ura_study.errors import DataError
from ura_study.runs.latency import FILE, append, architecture, latest, measurable, read

STUDY = make_study(
    ablations={
        "fit": {"sweep": {"training.lr": [0.01], "model.synthesis.strength": [0.3]}},
        "network": {
            "sweep": {"model.perception.mc_samples": [2], "scoring.smoothing": [0.0], "features.map_size": [16]}
        },
        "oracle": {"sweep": {"model.perception.gate": ["oracle"]}},
    },
    seeds=[0, 1],
)
PLAN = plan_of(STUDY, "nut", "bolt")
VARIANTS = {variant.name: variant for variant in PLAN.variants}


def record(variant, category="nut", seed=0, **fields):
    return done(job_of(STUDY, PLAN, variant, category, seed)).model_copy(update={"flops": 1000} | fields)


def key(variant, data=STUDY.data, **fields):
    return architecture(VARIANTS[variant].settings, data, record(variant, **fields))


def test_equal_networks_are_one_architecture():
    assert key("full") == key("lr=0.01") == key("strength=0.3") == key("full", category="bolt", seed=1)
    others = {key(name) for name in ("mc_samples=2", "smoothing=0.0", "map_size=16")}
    sizes = {key("full", **size) for size in ({"flops": 2}, {"parameters": 2}, {"detector_bytes": 2})}
    smaller = STUDY.data.model_copy(update={"image_size": 128})
    assert len({key("full"), key("full", data=smaller), *others, *sizes}) == 8


def test_what_can_be_measured():
    records = [
        failed(job_of(STUDY, PLAN, "full")),
        record("full", seed=1),
        record("full", "bolt"),
        record("lr=0.01", flops=None),  # from before operations were counted
        record("gate=oracle"),
    ]
    found = measurable(PLAN, {one.run_id: one for one in records}, STUDY.data)
    assert found == {"full": (key("full"), PLAN.cells["full", "bolt", 0])}  # the first that is done


def test_measurements_are_kept_and_the_last_machine_counts(tmp_path):
    assert read(tmp_path) == []
    there = machine(device="H100")
    for one in (measurement("a", 1.0, there), measurement("a", 2.0), measurement("b", 3.0), measurement("a", 4.0)):
        append(tmp_path, one)
    assert {name: one.network[1].median for name, one in latest(read(tmp_path)).items()} == {"a": 4.0, "b": 3.0}
    append(tmp_path, measurement("a", 5.0, there))
    assert {name: one.network[1].median for name, one in latest(read(tmp_path)).items()} == {"a": 5.0}
    assert latest([]) == {}


def test_a_line_that_is_none_is_told(tmp_path):
    (tmp_path / FILE).write_text(measurement("a").model_dump_json() + '\n{"architecture": "b"}\n')
    with pytest.raises(DataError) as caught:
        read(tmp_path)
    assert str(caught.value) == f"{tmp_path}/{FILE}, line 2: not a measurement (Field required); it may be removed"


def test_a_machine_in_words_and_when_it_is_busy():
    assert machine().said == "Z80, 2 threads, PyTorch 2.9"
    assert machine(device="H100", threads=1).said == "H100, Z80, 1 thread, PyTorch 2.9"
    assert [measurement("a", others=share).busy for share in (None, 0.1, 0.11)] == [False, False, True]
