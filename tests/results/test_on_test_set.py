"""Image metrics with the uncertainty of the test set: what is paired with what, and what has no scores."""

import math

import numpy as np
import pytest
from hand_made import ABLATIONS
from made_up import made_details, results_of, with_details

from ura_study.metrics.ranking import ap, rank
from ura_study.results import delong
from ura_study.results.on_test_set import on_test_set

DEFECTS = ("good",) * 8 + ("hole",) * 7 + ("cut",) * 9
ANOMALOUS = np.array([defect != "good" for defect in DEFECTS])
VARIANTS = ["full", "layers=[2, 3]", "w/o restoration"]


def scores_of(variant, category, seed):
    rng = np.random.default_rng([VARIANTS.index(variant), len(category), seed])
    return (rng.normal(size=24) + 1.5 * ANOMALOUS).astype(np.float32)


def left(variant, category, seed, **fields):
    images = tuple(f"{category}/{i}.png" for i in range(24))
    fields = {"images": images, "defects": DEFECTS, "scores": scores_of(variant, category, seed)} | fields
    return made_details(pictures=(), **fields)


def found(folder, metric="image_auroc", make=left, values=lambda v, c, s: 0.5):
    results = results_of(values, seeds=[0, 1], metrics=[metric], ablations=ABLATIONS)
    return {(one.category, one.variant): one for one in on_test_set(with_details(results, folder, make), metric)}


def test_seeds_are_averaged_and_variants_paired_with_the_baseline(tmp_path):
    both = found(tmp_path)
    assert list(both) == [(category, variant) for category in ("nut", "bolt") for variant in VARIANTS]
    base, other = (
        delong.placements(np.stack([scores_of(v, "bolt", s) for s in (0, 1)]), ANOMALOUS) for v in VARIANTS[:2]
    )
    one = both["bolt", "layers=[2, 3]"]
    assert (one.normal, one.anomalous, one.trouble) == (8, 16, "")
    assert one.value == pytest.approx(other.auroc)
    assert one.interval == pytest.approx(delong.interval(other))
    assert (one.difference, *one.difference_interval, one.p) == pytest.approx(delong.paired(base, other))
    full = both["bolt", "full"]
    assert full.value == pytest.approx(base.auroc)
    assert math.isnan(full.difference)
    assert math.isnan(full.p)


def test_average_precision_has_a_paired_bootstrap(tmp_path):
    both = found(tmp_path, "image_ap")
    values = [np.mean([ap(rank(ANOMALOUS, scores_of(v, "nut", s))) for s in (0, 1)]) for v in VARIANTS]
    one = both["nut", "w/o restoration"]
    assert (one.value, one.difference) == pytest.approx((values[2], values[2] - values[0]))
    assert one.difference_interval[0] < one.difference < one.difference_interval[1]
    assert math.isnan(one.interval[0])
    assert math.isnan(one.p)


def test_runs_without_scores_take_their_variant_along_and_no_other(tmp_path):
    both = found(tmp_path, make=lambda v, c, s: None if (v, c, s) == ("full", "nut", 1) else left(v, c, s))
    assert both["nut", "full"].trouble == "no scores"
    assert both["nut", "layers=[2, 3]"].value > 0.5
    assert math.isnan(both["nut", "layers=[2, 3]"].difference)
    assert not math.isnan(both["bolt", "layers=[2, 3]"].difference)


def test_seeds_with_other_test_images_cannot_be_averaged(tmp_path):
    def make(variant, category, seed):
        return left(variant, category, seed, images=tuple(f"{seed if variant == 'full' else 0}-{i}" for i in range(24)))

    both = found(tmp_path, make=make)
    assert both["nut", "full"].trouble == "other images per seed"
    assert both["nut", "layers=[2, 3]"].trouble == ""


def test_variants_with_other_test_images_are_not_paired(tmp_path):
    both = found(tmp_path, make=lambda v, c, s: left(v, c, s, images=tuple(f"{v}-{i}" for i in range(24))))
    assert not any(one.trouble for one in both.values())
    assert all(math.isnan(one.difference) for one in both.values())


def test_one_class_has_no_value(tmp_path):
    both = found(tmp_path, make=lambda v, c, s: left(v, c, s, defects=("good",) * 24))
    assert {one.trouble for one in both.values()} == {"undefined"}
