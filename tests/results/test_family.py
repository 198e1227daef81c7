"""Families of tests: what is compared, and over how many tests p-values are corrected."""

import math

import numpy as np
from hand_made import ABLATIONS, make_study, plan_of
from made_up import results_of

from ura_study.results.family import compare, told
from ura_study.results.frame import outcomes

METRIC, ROPE = "image_auroc", 0.005
NINE = tuple(f"c{i}" for i in range(9))
LAYERS, RESTORATION = "layers=[2, 3]", "w/o restoration"


def compared(values, categories=NINE, **sections):
    """The comparisons by variant of a study whose runs measure `values(variant, category, seed)`."""
    results = results_of(values, categories, ablations=ABLATIONS, **sections)
    return {c.variant: c for c in results.comparisons[METRIC]}


def test_equal_configurations_under_two_names_are_not_compared():
    study = make_study(base={"training": {"lr": 1e-3}}, ablations={"a": {"sweep": {"training.lr": [1e-3, 1e-2]}}})
    assert [c.variant for c in compare(outcomes(plan_of(study), {}, [METRIC]), METRIC, "full", ROPE)] == ["lr=0.01"]


def test_correction_is_over_the_variants():
    rng = np.random.default_rng(0)
    gains = rng.random(9) / 9
    values = {"full": lambda i: 0.5, RESTORATION: lambda i: 0.6 + gains[i], LAYERS: lambda i: 0.5 + (i - 4) / 90}
    found = compared(lambda v, c, s: values[v](int(c[1:])))
    assert found[RESTORATION].corrected == 2 * found[RESTORATION].p == 2 * 2 / 2**9
    assert found[LAYERS].corrected == found[LAYERS].p == 1
    assert found[RESTORATION].smallest_corrected == 2 * found[RESTORATION].smallest_p
    assert [c.tests for c in found.values()] == [2, 2]


def test_variants_that_share_their_maps_are_one_test():
    found = compared(lambda v, c, s: 0.5 if v == "full" else 0.6 + int(c[1:]) / 100)
    assert [c.corrected for c in found.values()] == [2 / 2**9] * 2
    assert [c.smallest_corrected for c in found.values()] == [2 / 2**9] * 2
    assert told(list(found.values())) == [
        "Holm's correction is over 1 distinct test of this metric.",
        f"Equal in every pair, hence one test: {LAYERS}, {RESTORATION}.",
    ]


def test_nearly_equal_is_two_tests():
    found = compared(lambda v, c, s: 0.5 if v == "full" else 0.6 + (v == LAYERS and c == "c3") / 1e6)
    assert [c.tests for c in found.values()] == [2, 2]


def test_a_pair_that_one_of_them_lacks_makes_two_tests():
    found = compared(lambda v, c, s: "failed" if (v, c) == (LAYERS, "c3") else 0.5 if v == "full" else 0.6)
    assert [c.tests for c in found.values()] == [2, 2]


def test_a_variant_with_the_maps_of_the_baseline_is_no_test():
    found = compared(lambda v, c, s: 0.6 + int(c[1:]) / 100 if v == RESTORATION else 0.5)
    assert (found[RESTORATION].corrected, found[LAYERS].corrected, found[LAYERS].tests) == (2 / 2**9, 1.0, 1)
    assert told(list(found.values()))[1:] == [f"Without a difference on any unit, hence no test: {LAYERS}."]


def test_what_has_no_pairs_is_in_no_family():
    found = compared(lambda v, c, s: "missing" if v == LAYERS else 0.6 + (v != "full") * int(c[1:]) / 100)
    assert math.isnan(found[LAYERS].corrected)
    assert found[RESTORATION].tests == 1
    assert told([]) == []


def test_corrupted_test_images_are_a_family_of_their_own():
    corruptions = {"sweep": {"data.corruption.kind": ["shift", "rotation", "contrast"]}}
    drops = {"full": 0, LAYERS: 1, RESTORATION: 2, "kind=shift": 3, "kind=rotation": 4, "kind=contrast": 5}
    results = results_of(
        lambda v, c, s: 0.9 - drops[v] * (1 + int(c[1:])) / 1000, NINE, ablations=ABLATIONS | {"corrupted": corruptions}
    )
    found = {c.variant: c for c in results.comparisons[METRIC]}
    assert list(found) == [name for name in drops if name != "full"]
    assert {name: (c.tests, c.corrected) for name, c in found.items()} == {
        name: (3, 3 * 2 / 2**9) if name.startswith("kind") else (2, 2 * 2 / 2**9) for name in found
    }
    assert told(list(found.values())) == [
        "Holm's correction is over 2 distinct tests of this metric.",
        "3 variants on other test images than the baseline: a family of its own, corrected over 3 distinct tests.",
    ]


def test_where_the_baseline_is_corrupted_the_clean_ones_are_apart():
    corruptions = {"sweep": {"data.corruption.kind": ["shift", "rotation"]}}
    results = results_of(
        lambda v, c, s: 0.9, NINE, ablations=ABLATIONS | {"c": corruptions}, report={"baseline": "kind=shift"}
    )
    assert set(results.elsewhere) == {"full", RESTORATION, LAYERS, "kind=rotation"}
