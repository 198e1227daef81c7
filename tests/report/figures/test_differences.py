"""Differences: what is drawn, by hand."""

import math

import pytest
from made_up import results_of

from ura_study.report.figures.choice import MOST
from ura_study.report.figures.differences import differences, draw

SIX = ("a", "b", "c", "d", "e", "f")
COMPONENTS = {"components": {"leave_one_out": ["model.restoration", "model.synthesis"]}}
LEVEL = {"full": 0.8, "w/o restoration": 0.7, "w/o synthesis": 0.8}


def test_differences_and_their_significance():
    info = differences(results_of(lambda v, c, s: LEVEL[v], SIX, ablations=COMPONENTS), "image_auroc")
    assert [c.variant for c in info.lines] == ["w/o restoration", "w/o synthesis"]
    assert [c.difference for c in info.lines] == [pytest.approx(-0.1), 0]
    assert [math.isnan(c.low) for c in info.lines] == [True, True]  # all differ alike
    assert [(c.corrected, c.significant) for c in info.lines] == [(2 / 64, True), (1.0, False)]  # one test
    drawn = draw(info)
    assert drawn.name == "differences-image_auroc"
    assert "over 6 categories (means over seeds); larger is better." in drawn.caption
    assert "w/o restoration −10.0 (significant); w/o synthesis 0.0." in drawn.alt


def test_a_significant_one_is_said_to_be_so():
    names = [f"c{i}" for i in range(8)]
    drawn = draw(differences(results_of(lambda v, c, s: LEVEL[v], names, ablations=COMPONENTS), "image_auroc"))
    assert "w/o restoration −10.0 (significant)" in drawn.alt


def test_pairs_that_do_not_count_are_counted():
    def value(variant, category, seed):
        return "failed" if (variant, category) == ("w/o synthesis", "a") else LEVEL[variant]

    info = differences(results_of(value, SIX, ablations=COMPONENTS), "image_auroc")
    assert "1 pair left out: 1 with a failed run." in draw(info).caption


def test_variants_that_differ_most_are_shown_in_their_order():
    values = [round(0.01 * i, 2) for i in range(1, MOST + 6)]
    far = {f"strength={value:g}": value for value in values} | {"full": 0}
    study = results_of(
        lambda v, c, s: 0.5 + far[v], ablations={"strength": {"sweep": {"model.synthesis.strength": values}}}
    )
    info = differences(study, "image_auroc")
    assert [c.variant for c in info.lines] == [f"strength={value:g}" for value in values[5:]]
    assert info.left_out == 5
    assert "those that differ most from the baseline; 5 more variants left out." in draw(info).caption


def test_without_pairs_there_is_nothing_to_draw():
    assert differences(results_of(lambda v, c, s: "missing", SIX, ablations=COMPONENTS), "image_auroc") is None
    assert differences(results_of(lambda v, c, s: 0.5, SIX), "image_auroc") is None
