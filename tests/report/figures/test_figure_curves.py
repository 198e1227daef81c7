"""Curves, trainings and errors by uncertainty: first what is in them, then that they can be drawn."""

import numpy as np
import pytest
from made_up import made_details, results_of, with_details

from ura_study.metrics.curves import POINTS
from ura_study.metrics.error_by_uncertainty import ErrorByUncertainty
from ura_study.report.drawing.style import TWO
from ura_study.report.figures import curves, error_by_uncertainty, svg, training
from ura_study.report.figures.choice import contrasted

ABLATIONS = {
    "components": {"leave_one_out": ["model.restoration", "model.perception"]},
    "rates": {"sweep": {"training.lr": [1e-4, 1e-3]}},
}


def study(tmp_path, make=lambda *cell: made_details(), value=lambda *cell: 0.5):
    return with_details(results_of(value, ablations=ABLATIONS, seeds=[0, 1]), tmp_path, make)


def level(height, **more):
    return made_details(curves={"image_roc": np.full(POINTS, height)} | more)


def test_a_curve_is_the_mean_over_seeds_and_then_over_categories(tmp_path):
    heights = {("nut", 0): 0.2, ("nut", 1): 0.4, ("bolt", 0): 0.9, ("bolt", 1): 0.9}
    found = curves.curves(study(tmp_path, lambda v, c, s: level(heights[c, s]) if v == "full" else None))
    assert list(found.panels) == ["image_roc"]
    np.testing.assert_allclose(found.panels["image_roc"].lines["full"], 0.6)


def test_a_category_of_which_a_seed_failed_counts_no_less(tmp_path):
    heights = {("nut", 0): 0.2, ("nut", 1): 0.4, ("bolt", 0): 0.9}
    results = study(
        tmp_path,
        lambda v, c, s: level(heights[c, s]),
        lambda v, c, s: 0.5 if v == "full" and (c, s) in heights else "failed",
    )
    np.testing.assert_allclose(curves.curves(results).panels["image_roc"].lines["full"], 0.6)


def test_variants_without_a_part_are_contrasted_and_sweeps_are_not(tmp_path):
    found = curves.curves(study(tmp_path))
    assert set(found.panels) == set(curves.PANELS)
    assert list(found.panels["pixel_pro"].lines) == ["full", "w/o restoration", "w/o perception"]


def test_the_baseline_is_among_those_contrasted_wherever_it_stands():
    results = results_of(lambda *cell: 0.5, ablations=ABLATIONS, report={"baseline": "lr=0.001"})
    assert contrasted(results, 3) == ("full", "w/o restoration", "lr=0.001")
    assert contrasted(results, 9) == ("full", "w/o restoration", "w/o perception", "lr=0.001")
    swept = results_of(lambda *cell: 0.5, ablations={"rates": ABLATIONS["rates"]})
    assert contrasted(swept, 9) == ("full", "lr=0.0001", "lr=0.001")


def test_only_categories_that_all_variants_have_are_averaged(tmp_path):
    def left(variant, category, seed):
        if (variant, category) == ("w/o perception", "bolt"):
            return None
        return level(0.2 if category == "nut" else 1.0)

    found = curves.curves(study(tmp_path, left))
    panel = found.panels["image_roc"]
    assert panel.categories == ("nut",)
    assert all((line == pytest.approx(0.2)) for values in panel.lines.values() for line in values)
    assert "over 1 of 2 categories." in curves.draw(found).caption


def test_without_details_there_is_nothing_to_draw(tmp_path):
    bare = results_of(lambda *cell: 0.5)
    for results in (bare, study(tmp_path, lambda *cell: None)):
        assert (
            curves.curves(results)
            is training.trainings(results)
            is error_by_uncertainty.errors_by_uncertainty(results)
            is None
        )


def test_damaged_details_are_named_once_and_hide_no_others(tmp_path, capsys):
    results = study(tmp_path)
    path = tmp_path / "details" / f"{results.plan.cells['full', 'nut', 0]}.npz"
    path.write_bytes(b"PK\x03\x04 nonsense")
    assert curves.curves(results).partial
    assert results.pictured("full", "nut", 0) is None
    assert results.details("full", "bolt", 0) is not None
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"ura-study: {path}: not the details of a run (")
    assert line.endswith("; it may be removed; figures and tables are made without it")


def test_details_of_a_run_that_failed_since_are_not_read(tmp_path):
    results = study(tmp_path)
    run_id = results.plan.cells["full", "nut", 0]
    failing = results.records[run_id].model_copy(update={"status": "failed"})
    results.records[run_id] = failing
    assert results.details("full", "nut", 0) is None
    assert results.details("full", "nut", 1) is not None


def test_terms_of_the_loss_by_step(tmp_path):
    def left(variant, category, seed):
        terms = {"step": np.array([10, 20]), "lr": np.array([1.0, 1.0]), "total": np.array([seed, 2.0 * seed])}
        return made_details(training={} if variant == "w/o perception" else terms)

    found = training.trainings(study(tmp_path, left))
    assert list(found.terms) == ["total"]
    assert list(found.terms["total"]) == ["full", "w/o restoration"]
    line = found.terms["total"]["full"]
    assert line.mean.tolist() == [0.5, 1.0]
    assert line.low.tolist() == [0.0, 0.0]
    assert line.high.tolist() == [1.0, 2.0]
    assert (line.steps.tolist(), line.runs) == ([10, 20], 4)


def test_trainings_of_different_lengths_are_compared_at_equal_shares(tmp_path):
    def left(variant, category, seed):
        short, long = ([2, 4], [1.0, 3.0]), ([10, 20, 30, 40], [0.0, 0.0, 0.0, 0.0])
        steps, losses = short if category == "nut" else long
        return made_details(training={"step": np.array(steps), "lr": np.ones(len(steps)), "total": np.array(losses)})

    line = training.trainings(study(tmp_path, left)).terms["total"]["full"]
    assert line.steps.tolist() == [10, 20, 30, 40]
    assert line.mean.tolist() == [0.5, 0.5, 1.0, 1.5]


def test_errors_by_uncertainty_are_added_over_runs(tmp_path):
    counts = ErrorByUncertainty(np.ones((3, 10)), np.ones((3, 12)))
    found = error_by_uncertainty.errors_by_uncertainty(
        study(tmp_path, lambda v, *_: made_details(errors=counts if v == "full" else None))
    )
    (line,) = found.lines
    assert (line.name, line.runs) == ("full", 4)
    assert (line.counts.total == 4).all()


def test_small_bins_are_left_out(tmp_path):
    few = np.tile([[error_by_uncertainty.FEWEST - 1.0], [1.0], [1.0]], 10)
    few[:, 3] = (40, 10, 4)
    results = results_of(lambda *cell: 0.5, categories=("nut",))
    results = with_details(
        results, tmp_path, lambda *cell: made_details(errors=ErrorByUncertainty(few, np.ones((3, 12))))
    )
    drawn = error_by_uncertainty.draw(error_by_uncertainty.errors_by_uncertainty(results))
    shares, promised = (line.get_ydata().tolist() for line in drawn.figure.axes[0].lines[:2])
    assert (shares, promised) == ([0.25], [0.1])
    assert "from 25.0 % wrong" in drawn.alt


@pytest.mark.parametrize("some", [{}, {"curves": {"image_roc": np.ones(POINTS), "image_pr": np.ones(POINTS)}}])
def test_they_can_be_drawn(tmp_path, some):
    results = study(tmp_path, lambda *cell: made_details(**some))
    drawn = [
        curves.draw(curves.curves(results)),
        training.draw(training.trainings(results)),
        error_by_uncertainty.draw(error_by_uncertainty.errors_by_uncertainty(results)),
    ]
    assert [figure.name for figure in drawn] == ["curves", "training", "uncertainty-error"]
    for figure in drawn:
        assert figure.figure.get_size_inches()[0] == TWO
        assert "w/o perception" in svg(figure)


def test_captions_say_what_is_drawn(tmp_path):
    def left(variant, category, seed):
        return level(0.5, image_pr=np.ones(POINTS)) if (variant, category, seed) != ("full", "nut", 1) else None

    text = curves.draw(curves.curves(study(tmp_path, left))).caption
    assert text.startswith("ROC and precision-recall on test images")
    assert "over up to 2 seeds and then over 2 categories." in text
    assert text.endswith("2 other variants not shown.")  # those of the sweep
    whole = study(tmp_path)
    for part in (curves, training, error_by_uncertainty):
        find = {
            curves: curves.curves,
            training: training.trainings,
            error_by_uncertainty: error_by_uncertainty.errors_by_uncertainty,
        }[part]
        assert "2 other variants not shown." in part.draw(find(whole)).caption
    assert "per-region overlap (up to a false positive rate of 0.3)" in curves.draw(curves.curves(whole)).caption
    assert "up to 4 runs" in training.draw(training.trainings(whole)).caption


def test_of_one_run_there_is_neither_a_mean_nor_a_band(tmp_path):
    results = with_details(results_of(lambda *cell: 0.5, ("nut",)), tmp_path)
    text = training.draw(training.trainings(results)).caption
    assert "one run of a variant" in text
    assert "mean of up to" not in text
    assert "bands" not in text
    assert (
        "One run of a variant;"
        in error_by_uncertainty.draw(error_by_uncertainty.errors_by_uncertainty(results)).caption
    )


def test_the_baseline_is_among_those_whose_errors_are_shown(tmp_path):
    swept = {"rates": {"sweep": {"training.lr": [1e-4, 1e-3, 1e-2, 1e-1]}}}
    results = results_of(lambda *cell: 0.5, ("nut",), ablations=swept, report={"baseline": "lr=0.1"})
    found = error_by_uncertainty.errors_by_uncertainty(with_details(results, tmp_path))
    assert [line.name for line in found.lines] == ["full", "lr=0.0001", "lr=0.1"]
    assert "2 other variants not shown." in error_by_uncertainty.draw(found).caption
