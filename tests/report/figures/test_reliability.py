"""The reliability diagram: first what is in it, then that it can be drawn."""

import io

import pytest
from hand_made import ABLATIONS, done, failed, job_of, make_study, plan_of
from PIL import Image

from ura_study.metrics.calibration import BINS
from ura_study.report.drawing.drawn import encoded, svg
from ura_study.report.drawing.style import ONE, STYLES
from ura_study.report.figures import gallery
from ura_study.report.figures.reliability import curves, draw
from ura_study.results.results import Results

STUDY = make_study(ablations=ABLATIONS | {"same": {"sweep": {"training.lr": [2e-3]}}}, seeds=[0, 1])
PLAN = plan_of(STUDY, "nut", "bolt")


def record(variant, category="nut", seed=0, **bins):
    """A record with tokens in the bins `b<i>=(tokens, expected, anomalous)`."""
    rows = [bins.get(f"b{i}", (0, 0.0, 0)) for i in range(BINS)]
    lists = dict(zip(("tokens", "expected", "anomalous"), map(list, zip(*rows, strict=True)), strict=True))
    return done(job_of(STUDY, PLAN, variant, category, seed)).model_copy(update={"reliability": lists})


def by_id(*records):
    return {record.run_id: record for record in records}


FULL = (
    record("full", b0=(90, 0.9, 1), b14=(10, 9.5, 7)),
    record("full", "bolt", b0=(100, 1.1, 0)),
    record("full", "nut", 1, b14=(10, 9.5, 10)),
)


def test_counts_are_added_over_categories_and_seeds():
    (curve,) = curves(PLAN, by_id(*FULL))
    assert (curve.name, curve.runs) == ("full", 3)
    assert [curve.counts.tokens[i] for i in (0, 1, 14)] == [190, 0, 20]
    assert [curve.counts.anomalous[i] for i in (0, 14)] == [1, 17]
    assert curve.ece == pytest.approx(((0.1 + 2.5) / 100 + 1.1 / 100 + 0.5 / 10) / 3)


def test_variants_come_in_the_order_of_the_plan_and_equal_ones_once():
    found = curves(PLAN, by_id(record("w/o restoration", b3=(5, 1.1, 1)), *FULL))
    assert [curve.name for curve in found] == ["full", "w/o restoration"]  # and not lr=0.002, which is full


def test_records_without_counts_have_no_curve():
    job = job_of(STUDY, PLAN, "full")
    assert curves(PLAN, by_id(done(job), failed(job_of(STUDY, PLAN, "w/o restoration")))) == []
    assert curves(PLAN, {}) == []


def test_the_figure_is_as_wide_as_a_column():
    image = Image.open(io.BytesIO(encoded(draw(curves(PLAN, by_id(*FULL))), "png")))
    assert image.width == round(ONE * 300)


def test_the_error_stands_in_the_legend():
    assert "full (ECE 2.9 %)" in svg(draw(curves(PLAN, by_id(*FULL))))


def test_more_variants_than_can_be_told_apart():
    (curve,) = curves(PLAN, by_id(*FULL))
    assert "2 more variants left out" in draw([curve] * (len(STYLES) + 2)).caption
    assert "left out" not in draw([curve] * len(STYLES)).caption


def test_it_is_among_the_figures_where_there_are_counts():
    found = {drawn.name: drawn for drawn in gallery(Results(STUDY, PLAN, by_id(*FULL))).study}
    assert svg(found["reliability"]) == svg(draw(curves(PLAN, by_id(*FULL))))
    without = gallery(Results(STUDY, PLAN, by_id(done(job_of(STUDY, PLAN, "full")))))
    assert "reliability" not in {drawn.name for drawn in without.study}


def test_an_unusual_protocol_is_told():
    assert draw(curves(PLAN, by_id(*FULL)), ("Trained on 4 images.",)).caption.endswith("Trained on 4 images.")
