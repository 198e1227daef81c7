import pytest
from hand_made import ABLATIONS, make_study, plan_of

from ura_study.report.page.words import oracle, protocol, question
from ura_study.results.results import Results

SPACE = {"training.lr": {"float": [1e-4, 1e-2], "log": True}}
SEARCH = {"space": SPACE, "trials": 5, "objective": "val_image_auroc"}


def results_of(*categories, **sections):
    study = make_study(**sections)
    return Results(study, plan_of(study, *categories), {})


def test_the_question_is_the_plan_in_words():
    grid = {"grid": {"features.layers": [[2], [2, 3]], "training.lr": [0.1, 0.2]}}
    results = results_of("nut", "bolt", ablations=ABLATIONS | {"g": grid}, seeds=[3, 5])
    first, layers, components, combined = question(results)
    assert first == (
        "The study example runs 7 variants on 2 categories (nut, bolt) with 2 seeds (3, 5), and compares the others "
        "with full."
    )
    assert layers == "Ablation layers: all else as in the baseline, values of features.layers ([2, 3])."
    assert components == "Ablation components: leaves out, one at a time, model.restoration."
    assert "every combination of values of features.layers ([2], [2, 3]) and training.lr (0.1, 0.2)." in combined


def test_a_search_says_what_it_seeks():
    told = question(results_of(data={"validation": 0.2}, search=SEARCH))
    assert told[0].endswith("with 1 seed (0), and measures the baseline.")
    assert told[1] == (
        "Search: Optuna's tpe sampler proposes up to 5 variants by training.lr, for the greatest val_image_auroc."
    )
    several = SEARCH | {"objective": ["val_pixel_aupro", "score_ms_per_image"]}
    assert (
        "for the greatest val_pixel_aupro and least score_ms_per_image."
        in question(results_of(data={"validation": 0.2}, search=several))[1]
    )


@pytest.mark.parametrize(
    ("data", "key", "sentence"),
    [
        ({}, "Data", "Layout textures: 1 category (nut)."),
        ({}, "Images", "Stretched to 256 × 256 pixels; maps are judged at 256 × 256 pixels."),
        ({"eval_size": "original"}, "Images", "judged at the size of the test image."),
        ({"resize": "crop", "shorter_side": 292}, "Images", "Shorter side brought to 292 pixels, of which the middle"),
        ({}, "Training", "Each category has a detector of its own, trained on its normal training images"),
        ({}, "Training", "The last weights are scored, always: no checkpoint is chosen."),
        ({"shots": 4}, "Training", "4-shot: each seed trains on 4 of a category's images"),
        ({"unified": True}, "Training", "Unified: one model for all categories."),
        ({"validation": 0.25}, "Training", "25 % of each category's training images (at least 8) are held out"),
        ({"corruption": {"kind": "shift"}}, "Training", "Test images are corrupted (shift, severity 3), other images"),
        (
            {"validation": 0.2, "contamination": 0.1},
            "Training",
            "those of one seed and share of contamination are the same for every variant.",
        ),
        (
            {"test": {"categories": ["grass"]}},
            "Data",
            "Trained on layout textures, tested on layout textures: 1 category (nut).",
        ),
        ({}, "Choice", "nothing was chosen on test images"),
        ({}, "Metrics", "AUPRO is the area up to a false positive rate of 0.3"),
    ],
)
def test_the_protocol_follows_the_settings(data, key, sentence):
    categories = ["nut", "bolt"] if "unified" in data else ["nut"]
    assert sentence in protocol(results_of(*categories, data=data))[key]


def test_a_protocol_that_differs_between_variants_is_not_told_of_all():
    ablations = {
        "shots": {"sweep": {"data.shots": [4]}},
        "size": {"sweep": {"data.image_size": [128]}},
        "rough": {"sweep": {"data.corruption.kind": ["shift"]}},
    }
    told = protocol(results_of(ablations=ablations))
    assert told["Images"] == (
        "By variant: Stretched to 256 × 256 pixels; maps are judged at 256 × 256 pixels. "
        "Or: Stretched to 128 × 128 pixels; maps are judged at 128 × 128 pixels."
    )
    assert told["Training"].startswith("Shots differ between variants (all, 4): each seed trains on so many ")
    assert " Test images are corrupted in some variants, other images in none; maps are judged at" in told["Training"]


def test_statistics_are_those_in_use():
    alone = protocol(results_of())["Statistics"]
    assert "Wilcoxon" not in alone
    assert "deviations" not in alone
    full = protocol(results_of(ablations=ABLATIONS, seeds=[0, 1]))["Statistics"]
    assert "exact Wilcoxon signed-rank tests, two-sided, Holm-corrected over the distinct tests of a metric" in full
    assert "95% t intervals of the mean difference." in full
    assert "up to 0.5 points count as practically equivalent" in full


def test_what_was_chosen_on_what():
    fair = results_of(data={"validation": 0.2}, search=SEARCH)
    assert "No test image took part in the choice." in protocol(fair)["Choice"]
    assert oracle(fair.study) == oracle(results_of().study) == ""
    unfair = results_of(search=SEARCH | {"split": "test", "objective": "image_auroc"})
    assert protocol(unfair)["Choice"] == oracle(unfair.study)
    assert oracle(unfair.study).startswith("Oracle: variants were chosen by the search on the test images.")
