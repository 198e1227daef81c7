"""Sweeps: what is drawn, by hand."""

import pytest
from made_up import results_of

from ura_study.metrics.names import METRICS, THRESHOLD_METRICS
from ura_study.report.figures.choice import PANELS
from ura_study.report.figures.sweeps import draw, sweeps

KEY = "model.synthesis.strength"


def value(variant, category, seed):
    if variant == "strength=3.0" and seed == 1:
        return "failed"
    return {"full": 0.7}.get(variant, 0.9) + 0.1 * seed


def sweep_of(values, **sections):
    sections = {"ablations": {"some": {"sweep": {KEY: values}}}, "seeds": [0, 1]} | sections
    return list(sweeps(results_of(value, **sections)))


def test_the_baseline_stands_among_the_values():
    (info,) = sweep_of([0.1, 0.3, 3.0], base={"model": {"synthesis": {"strength": 1.0}}})
    assert info.variants == ("strength=0.1", "strength=0.3", "full", "strength=3.0")
    assert info.places.kind == "log"
    assert info.places.labels == ("0.1", "0.3", "1", "3")
    assert info.at == 2
    (panel,) = info.panels
    assert [cell.complete for cell in panel.cells] == [True, True, True, False]
    assert panel.cells[0].mean == pytest.approx(0.95)
    assert panel.cells[0].std == pytest.approx(0.1 / 2**0.5)
    assert panel.baseline.mean == pytest.approx(0.75)
    drawn = draw(info)
    assert "2 categories and 2 seeds; band: ± one standard deviation over seeds." in drawn.caption
    assert "1 point missing" in drawn.caption
    assert "strength=0.1 95.0" in drawn.alt
    assert "strength=3.0 no value" in drawn.alt


def test_values_that_are_no_numbers_are_not_joined():
    layers = {"layers": {"sweep": {"features.layers": [[2], [2, 3]]}}}
    (info,) = sweep_of([], ablations=layers)
    assert info.places.kind == "names"
    assert info.variants[0] == "full"
    assert info.at == 0
    assert "bars: ± one standard deviation" in draw(info).caption


KNOWN = [name for name in METRICS if name not in THRESHOLD_METRICS]  # these need held-out images


def test_metrics_beyond_the_panels_are_named():
    (info,) = sweep_of([0.1, 0.3], metrics=KNOWN)
    assert len(info.panels) == PANELS
    assert f"{len(KNOWN) - PANELS} more metrics left out" in draw(info).caption


def test_one_figure_for_each_key_and_none_for_other_forms():
    ablations = {
        "both": {"sweep": {KEY: [0.1, 0.2], "training.lr": [0.1, 0.01]}},
        "parts": {"leave_one_out": ["model.restoration"]},
        "grid": {"grid": {KEY: [0.1, 0.2]}},
    }
    assert [info.key for info in sweep_of([], ablations=ablations)] == ["strength", "lr"]


def test_a_sweep_without_results_is_not_drawn():
    results = results_of(lambda v, c, s: "missing", ablations={"some": {"sweep": {KEY: [0.1, 0.3]}}})
    assert list(sweeps(results)) == []
