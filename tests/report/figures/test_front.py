"""Quality against latency: what is drawn, by hand."""

import dataclasses
import itertools
import math

from made_up import results_of
from matplotlib.figure import Figure
from measured import measurement

from ura_study.report.drawing.drawn import svg
from ura_study.report.drawing.numbering import number_points
from ura_study.report.figures.front import NAMED, draw, front, non_dominated
from ura_study.runs.latency import append, measurable

ABLATIONS = {
    "parts": {"leave_one_out": ["model.restoration", "model.synthesis", "model.perception"]},
    "same": {"sweep": {"training.lr": [2e-3]}},
}
LATENCY = {"full": 40, "w/o restoration": 20, "w/o synthesis": 30, "w/o perception": 10}
QUALITY = {"full": 0.9, "w/o restoration": 0.8, "w/o synthesis": 0.7, "w/o perception": "failed"}


def test_the_front():
    info = front(
        results_of(lambda v, c, s: QUALITY.get(v, 0.9), ablations=ABLATIONS, latency=lambda v: LATENCY.get(v, 40)),
        "image_auroc",
    )
    assert [(p.variant, p.latency, p.best) for p in info.points] == [
        ("w/o restoration", 20, True),
        ("w/o synthesis", 30, False),
        ("full", 40, True),  # and not lr=0.002, which is full
    ]
    assert info.left_out == ("w/o perception",)
    drawn = draw(info)
    assert "taken while other runs shared the machine; see ura-study latency." in drawn.caption
    assert "Without a complete mean: 1 variant." in drawn.caption
    assert "the front: w/o restoration 20 ms, 80.0; full 40 ms, 90.0." in drawn.alt


def test_latency_that_was_measured_alone_counts_where_it_is_known(tmp_path):
    """Variants of one network stand at one latency, whatever their runs took; others are left out."""
    made = results_of(lambda v, c, s: 0.9 if v == "full" else 0.8, ablations=ABLATIONS, latency=lambda v: 40)
    flops = {"w/o restoration": 3, "w/o perception": None}
    records = {i: one.model_copy(update={"flops": flops.get(one.variant, 5)}) for i, one in made.records.items()}
    found = dataclasses.replace(made, records=records, folder=tmp_path)
    keys = measurable(found.plan, records, found.study.data)
    for name, ms in {"full": 50.0, "w/o restoration": 30.0}.items():
        append(tmp_path, measurement(keys[name][0], ms))
    info = front(found, "image_auroc")
    assert {p.variant: p.latency for p in info.points} == {"full": 50.0, "w/o synthesis": 50.0, "w/o restoration": 30.0}
    assert info.left_out == ("w/o perception",)
    said = "Latency: median from a decoded image to its score, backbone included, alone on Z80, 2 threads, PyTorch 2.9."
    assert said in draw(info).caption


def test_equal_points_are_all_on_the_front():
    assert non_dominated([(1, 2), (1, 2), (1, 3), (0, 5), (2, 1)]) == [True, True, False, True, True]


def test_of_many_variants_the_front_and_the_baseline_are_named():
    values = [round(0.01 * i, 2) for i in range(1, NAMED + 6)]
    known = {f"strength={value:g}": value for value in values} | {"full": 0.005}
    many = {"strength": {"sweep": {"model.synthesis.strength": values}}}
    info = front(results_of(lambda v, c, s: known[v], ablations=many, latency=lambda v: 20), "image_auroc")
    assert [p.variant for p in info.points if p.best] == [f"strength={values[-1]:g}"]
    drawn = draw(info)
    assert f"{len(info.points) - 2} more names left out." in drawn.caption
    assert "full" in svg(drawn)
    assert f"strength={values[0]:g}" not in svg(drawn)


def test_one_point_is_no_front():
    assert front(results_of(lambda v, c, s: 0.5), "image_auroc") is None


def numbered(points):
    """Return axes with numbered points, laid out."""
    figure = Figure((3.5, 2.6), dpi=150)
    axes = figure.subplots()
    axes.scatter([x for x, *_ in points], [y for _, y, _ in points], s=8)
    figure.draw_without_rendering()
    number_points(axes, points)
    return axes


def test_numbers_cover_neither_points_nor_each_other():
    points = [(50 + 3 * i, 50 + 3 * (i % 3), str(i)) for i in range(8)]
    axes = numbered(points)
    boxes = [text.get_window_extent() for text in axes.texts]
    assert [text.get_text() for text in axes.texts] == [text for *_, text in points]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    middles = axes.transData.transform([(x, y) for x, y, _ in points])
    assert not any(box.contains(*middle) for box in boxes for middle in middles)


def test_numbers_stand_where_they_stood_before():
    points = [(math.sin(i), math.cos(3 * i), str(i)) for i in range(12)]
    first, again = ([text.get_position() for text in numbered(points).texts] for _ in range(2))
    assert first == again


def test_points_without_a_number_are_left_alone():
    assert not numbered([(0, 0, ""), (1, 1, "")]).texts
