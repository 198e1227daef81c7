"""One sentence per question: what it says is what the tables say."""

import pytest
from made_up import results_of

from ura_study.report.page.answers import allowance, answers

PARTS = {"parts": {"leave_one_out": ["model.perception", "model.restoration"]}}
STRENGTH = {"strength": {"sweep": {"model.synthesis.strength": [0.25, 4.0]}}}
SEVEN = tuple("abcdefg")


def told(results):
    return [sentence.replace("\u00a0", " ") for sentence in answers(results)]


def by_variant(**values):
    """Values of variants on a category, a little different on each, and so are those of `values` from the others."""
    return lambda variant, category, seed: (
        values.get(variant, 0.9) + (0.002 if variant in values else 0.001) * (ord(category[0]) % 5)
    )


def test_the_level_comes_first():
    results = results_of(lambda *cell: 0.9, SEVEN, ("image_auroc", "pixel_ap", "pixel_aupro"), seeds=[0, 1])
    assert told(results) == [
        "full reaches 90.0 % image AUROC and 90.0 % AUPRO@0.3, on average over 7 categories and 2 seeds."
    ]
    assert allowance(results) == []


def test_what_a_part_costs_or_gains():
    values = by_variant(**{"w/o perception": 0.91, "w/o restoration": 0.872})
    _, perception, restoration = told(results_of(values, SEVEN, ablations=PARTS))
    assert perception.startswith("Leaving out perception gains 1.2 points of image AUROC [1.1, 1.3], p = 0.031 (7 c")
    assert restoration.startswith("Leaving out restoration costs 2.6 points of image AUROC [2.5, 2.7], p = 0.031 (7 c")


def test_a_cost_of_a_metric_of_which_less_is_better_is_a_rise():
    values = by_variant(**{"w/o perception": 0.91})
    results = results_of(values, SEVEN, ("val_ece",), ablations=PARTS, data={"validation": 0.2})
    for record in results.records.values():
        record.metrics["val_ece"] = record.metrics["image_auroc"]
    assert told(results)[1].startswith("Leaving out perception costs 1.2 points of validation ECE [1.1, 1.3], p = ")


def test_an_interval_of_a_cost_may_reach_to_a_gain():
    def value(variant, category, seed):
        return 0.9 if variant == "full" else 0.9 - 0.01 * (SEVEN.index(category) - 1)

    sentence = told(results_of(value, SEVEN, ablations=PARTS))[1]
    assert sentence.startswith("Leaving out perception costs 2.0 points of image AUROC [")
    low, high = sentence.partition("[")[2].partition("]")[0].split(", ")
    assert float(low.replace("−", "-")) < 2.0 < float(high)


def test_a_sweep_is_told_by_its_ends_and_no_value_is_chosen():
    values = by_variant(**{"strength=0.25": 0.8, "strength=4.0": 0.85})
    results = results_of(values, SEVEN, ablations=STRENGTH)
    assert told(results)[1].startswith("Over 3 variants of strength, image AUROC lies between 80.4 % (0.25) and ")
    assert "significantly different from full: strength=0.25 (−9.8 image AUROC [−9.9, −9.7])" in told(results)[1]
    same = told(results_of(lambda *cell: 0.9, SEVEN, ablations=STRENGTH))[1]
    assert same.endswith("none differs significantly from full.")


def test_what_has_no_practical_difference_is_said():
    def value(variant, category, seed):
        return 0.9 if variant == "full" else 0.9 - 0.0001 * (1 + SEVEN.index(category))

    assert "no practical difference" in told(results_of(value, SEVEN, ablations=PARTS))[1]


def test_against_another_baseline_nothing_is_called_left_out():
    report = {"baseline": "w/o restoration"}
    lines = told(results_of(by_variant(), SEVEN, ablations=PARTS, report=report))
    assert lines[0].startswith("w/o restoration reaches")
    assert lines[1].startswith("w/o perception, against w/o restoration, costs 0.0 points")


@pytest.mark.parametrize(
    ("categories", "seeds", "sentence"),
    [
        (
            SEVEN[:3],
            [0],
            "The comparisons rest on 3 categories; too few for significance: even with the same sign in all of them, p "
            "is 0.500 after Holm's correction. How large an effect may be, the intervals say.",
        ),
        (
            SEVEN,
            [0],
            "The comparisons rest on 7 categories; with the same sign in all of them, p is 0.031 after Holm's "
            "correction.",
        ),
        (
            ("a",),
            [0, 1],
            "The comparisons rest on 2 seeds, all on a: what holds there alone; too few for significance: even with "
            "the same sign in all of them, p is 1.000 after Holm's correction. How large an effect may be, the "
            "intervals say.",
        ),
    ],
)
def test_what_the_sample_allows(categories, seeds, sentence):
    values = by_variant(**{"w/o perception": 0.91, "w/o restoration": 0.872})
    assert allowance(results_of(values, categories, ablations=PARTS, seeds=seeds)) == [sentence]


def test_equal_variants_have_nothing_to_conclude():
    results = results_of(lambda *cell: 0.9, SEVEN, ablations=PARTS)
    assert allowance(results) == ["The variants do not differ in image AUROC on any of 7 categories."]


def test_nothing_to_compare_allows_nothing():
    """Also where the study itself has comparisons: those of another study with it may be none."""
    values = by_variant(**{"w/o perception": 0.91})
    assert allowance(results_of(values, SEVEN, ablations=PARTS), ()) == []


def test_what_is_not_done_yet_has_no_number():
    results = results_of(lambda *cell: "missing", SEVEN, ablations=PARTS | STRENGTH)
    assert told(results) == [
        "full has no complete numbers yet.",
        "Leaving out perception: no pair of runs is complete yet.",
        "Leaving out restoration: no pair of runs is complete yet.",
        "Over the values of strength nothing is complete yet.",
    ]


THREE = ["model.synthesis", "model.perception", "model.restoration"]


def test_parts_that_are_added_one_by_one_are_told_by_the_lowest_and_the_highest():
    values = by_variant(**{"w/o synthesis, perception, restoration": 0.6})
    sentence = told(results_of(values, SEVEN, ablations={"all": {"add_one_in": THREE}}))[1]
    assert sentence.startswith(
        "Over 3 variants of synthesis, perception and restoration, image AUROC lies between "
        "60.4 % (w/o synthesis, perception, restoration) and 90.2 % ("
    )


def factorial(together):
    """Perception buys 3 points, but for 0 to 0.6 by category; restoration buys 5; both together `together` more."""

    def value(variant, category, seed):
        perception, restoration = "perception" not in variant, "restoration" not in variant
        spread = SEVEN.index(category) / 1000
        return 0.5 + (0.03 - spread) * perception + 0.05 * restoration + (together + spread) * perception * restoration

    sections = {"base": {"model": {"synthesis": False}}, "ablations": {"all": {"factorial": THREE[1:]}}}
    return told(results_of(value, SEVEN, **sections))[1]


def test_a_factorial_is_told_by_effects_and_interactions():
    assert factorial(0.01) == (
        "On average over the combinations of the other parts, each part changes image AUROC by +3.4 [3.3, 3.4] "
        "(perception) and +5.7 [5.6, 5.7] (restoration); interactions beyond 0: +1.3 [1.1, 1.5] "
        "(perception × restoration)."
    )
    assert factorial(-0.003).endswith("; no interaction's interval excludes 0.")


def test_a_factorial_without_numbers():
    study = results_of(lambda *cell: "missing", SEVEN, ablations={"all": {"factorial": THREE}})
    assert told(study)[1] == "Image AUROC: no effect of a part is known yet."
