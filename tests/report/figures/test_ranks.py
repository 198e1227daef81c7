"""The critical-difference diagram against the published example, and what is said where there is none."""

import dataclasses

import numpy as np
import pytest
from made_up import results_of
from matplotlib.lines import Line2D
from scipy import stats

from ura_study.report.drawing.drawn import svg
from ura_study.report.figures.ranks import draw, ranks, undrawn
from ura_study.report.page.words import protocol

#: AUC of C4.5, C4.5+m, C4.5+cf and C4.5+m+cf on fourteen data sets (Demšar 2006, table 6).
DEMSAR = np.array(
    [
        [0.763, 0.768, 0.771, 0.798],
        [0.599, 0.591, 0.590, 0.569],
        [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657],
        [0.882, 0.888, 0.886, 0.898],
        [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685],
        [0.583, 0.583, 0.563, 0.625],
        [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000],
        [0.940, 0.962, 0.965, 0.962],
        [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.9751, 0.975],  # no tie in the paper, which rounds
        [0.957, 0.978, 0.946, 0.970],
    ]
)
PARTS = {"parts": {"leave_one_out": ["model.synthesis", "model.perception", "model.restoration"]}}
NAMES = ("full", "w/o synthesis", "w/o perception", "w/o restoration")
SETS = tuple(f"c{i}" for i in range(14))


def published(variant, category, seed):
    return DEMSAR[int(category[1:]), NAMES.index(variant)]


def study(values=published, categories=SETS, **more):
    return results_of(values, categories, ablations=PARTS, **more)


def test_ranks_tests_and_critical_difference_are_the_published_ones():
    info = ranks(study(), "image_auroc")
    assert (info.names, info.categories) == (NAMES, 14)
    assert info.ranks == pytest.approx([3.143, 2.000, 2.893, 1.964], abs=5e-4)
    assert info.critical == pytest.approx(1.25, abs=0.005)  # 2.569 sqrt(4 · 5 / (6 · 14))
    ties = (60 + 3 * 6) / (14 * 4 * 15)  # one of four and three of two; the published chi² is not corrected for them
    assert stats.chi2.isf(info.p, 3) * (1 - ties) == pytest.approx(9.28, abs=0.005)
    separated = info.p_values.to_numpy() < 0.05
    assert separated.tolist() == (np.abs(np.subtract.outer(info.ranks, info.ranks)) > info.critical).tolist()


def test_smaller_is_better_where_it_is():
    results = study(metrics=("ece",))
    found = {i: r.model_copy(update={"metrics": {"ece": r.metrics["image_auroc"]}}) for i, r in results.records.items()}
    turned = ranks(dataclasses.replace(results, records=found), "ece")
    assert turned.ranks == pytest.approx(5 - ranks(study(), "image_auroc").ranks)


def test_bars_join_what_is_not_separated():
    drawn = draw(ranks(study(lambda v, c, s: 0.9 - 0.1 * NAMES.index(v) + int(c[1:]) / 1000), "image_auroc"))
    bars = [list(line.get_xdata()) for line in drawn.figure.findobj(Line2D) if line.get_linewidth() == 2]
    assert bars == [[1, 2], [2, 3], [3, 4]]  # the critical difference is 1.25
    assert drawn.name == "ranks-image_auroc"
    assert drawn.caption == (
        "Image AUROC: mean ranks of 4 variants over 14 categories (means over seeds), 1 is the best. Bars join "
        "variants that Nemenyi's test does not separate: their ranks differ by less than the critical difference (CD, "
        "level 0.05). Friedman's test: p <0.001."
    )
    assert drawn.alt == (
        "Image AUROC, mean ranks over 14 categories: full 1.00; w/o synthesis 2.00; w/o perception 3.00; "
        "w/o restoration 4.00. Critical difference 1.25."
    )
    assert "CD = 1.25" in svg(drawn)


def test_equal_variants_are_one():
    def value(variant, category, seed):
        return published("w/o synthesis" if variant == "w/o restoration" else variant, category, seed)

    info = ranks(study(value), "image_auroc")
    assert (info.names, info.equal) == (NAMES[:3], ("w/o restoration",))
    assert "Equal to one of these on every category: w/o restoration." in draw(info).caption


def test_oracles_are_not_ranked():
    more = {"gate": {"sweep": {"model.perception.gate": ["oracle"]}}}
    results = results_of(lambda v, c, s: 1.0 if "oracle" in v else published(v, c, s), SETS, ablations=PARTS | more)
    info = ranks(results, "image_auroc")
    assert (info.names, info.oracles) == (NAMES, ("gate=oracle",))
    assert "Not ranked, as told the true masks: gate=oracle." in draw(info).caption


def test_categories_that_some_variant_lacks_do_not_count():
    def value(variant, category, seed):
        return None if (variant, category) == ("full", "c0") else published(variant, category, seed)

    assert ranks(study(value), "image_auroc").categories == 13


def test_the_report_says_why_there_is_none():
    few = study(categories=SETS[:3], metrics=("image_auroc", "pixel_ap"))
    sentence = (
        "No critical-difference diagram of Image AUROC, Pixel AP: 10 categories on which all variants are known are "
        "needed, and there are 3."
    )
    assert undrawn(few) == sentence
    assert protocol(few)["Statistics"].endswith(sentence)
    alike = study(lambda v, c, s: 0.5)
    assert undrawn(alike) == (
        "No critical-difference diagram of Image AUROC: 3 to 30 variants that differ are needed, and there are 1."
    )


def test_of_two_variants_none_is_expected():
    two = results_of(lambda v, c, s: 0.5, SETS, ablations={"part": {"leave_one_out": ["model.restoration"]}})
    assert undrawn(two) == ""
    assert not protocol(two)["Statistics"].endswith(" ")


def test_it_is_drawn_when_there_are_ten_categories():
    assert ranks(study(categories=SETS[:10]), "image_auroc").categories == 10
    assert undrawn(study(categories=SETS[:10])) == ""
    assert ranks(study(categories=SETS[:9]), "image_auroc") is None
