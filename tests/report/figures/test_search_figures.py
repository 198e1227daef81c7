"""Figures of a search: what is drawn, by hand."""

import math

import pytest
from hand_made import make_study
from made_up import SAMPLES, SEARCH, STRENGTH, tried

from ura_study.report.search_figures import history, importances, slices

STUDY = make_study(data={"validation": 0.2}, search=SEARCH)
FOUND = [
    tried(0, 0.7),
    tried(1, 0.95, "pruned"),
    tried(2, 0.99, feasible=False),
    tried(3, None, "failed"),
    tried(4, 0.9, best=True),
    tried(5, 0.8),
    tried(6, None, "running"),
]


def test_the_best_so_far_is_a_complete_trial_within_all_limits():
    info = history.history(STUDY.search, FOUND)
    (course,) = info.courses
    assert course.numbers == (0, 1, 2, 4, 5)
    assert course.values == (0.7, 0.95, 0.99, 0.9, 0.8)
    assert course.best == (0.7, 0.7, 0.7, 0.9, 0.9)
    assert course.looks == ("complete", "pruned", "beyond a limit", "best", "complete")
    assert info.failed == (3,)
    assert "7 trials (4 complete, 1 failed, 1 pruned, 1 running)" in history.draw(info).caption


def test_the_best_of_what_is_minimized_is_the_smallest():
    study = make_study(search=SEARCH | {"objective": "fit_seconds"}, data={"validation": 0.2})
    assert history.history(study.search, FOUND).courses[0].best[-1] == 0.7


def test_before_the_first_complete_trial_there_is_no_best():
    (course,) = history.history(STUDY.search, [tried(0, 0.9, "pruned"), tried(1, 0.5)]).courses
    assert math.isnan(course.best[0])
    assert course.best[1] == 0.5


def test_variants_chosen_on_test_images_are_called_so():
    study = make_study(search=SEARCH | {"objective": "image_auroc", "split": "test"})
    drawn = [history.draw(history.history(study.search, FOUND)), slices.draw(slices.slices(study.search, FOUND, None))]
    assert all("Oracle" in figure.caption for figure in drawn)


@pytest.mark.parametrize("split", ["validation", "test"])
def test_with_a_scale_the_best_need_not_have_the_best_value(split):
    metric = "image_auroc" if split == "test" else "val_image_auroc"
    study = make_study(
        search=SEARCH | {"objective": {"metric": metric, "scale": "rank"}, "split": split}, data={"validation": 0.2}
    )
    caption = history.draw(history.history(study.search, FOUND)).caption
    oracle = "Oracle: the values are of test images. " if split == "test" else ""
    star = "Values are plain; the star is the best by mean rank, which need not have the best value."
    assert caption.endswith(f"failed trials. {oracle}{star}")


def test_importance_is_that_by_plain_values():
    plain, ranked = (importances.importances({STRENGTH: 0.75, SAMPLES: 0.25}, scale) for scale in ("", "mean rank"))
    line = " The best tenth is that by plain values, not by mean rank."
    assert importances.draw(ranked).caption == importances.draw(plain).caption + line


@pytest.mark.parametrize("found", [[], FOUND[:1], FOUND[3:4] * 3])
def test_too_few_trials_are_not_drawn(found):
    assert history.history(STUDY.search, found) is None
    assert slices.slices(STUDY.search, found, None) is None


def test_slices_begin_with_what_matters_most():
    info = slices.slices(STUDY.search, FOUND, {SAMPLES: 0.9, STRENGTH: 0.1})
    assert [name for name, _ in info.panels] == ["mc_samples", "strength"]
    assert info.values == (0.7, 0.95, 0.99, 0.9, 0.8)
    assert info.panels[0][1].positions == pytest.approx([math.log10(v) for v in (1, 5, 20, 5, 20)])


def test_a_parameter_that_never_varied_is_not_shown():
    found = [tried(n, 0.5, params={STRENGTH: 1.0, SAMPLES: n}) for n in range(3)]
    assert [name for name, _ in slices.slices(STUDY.search, found, None).panels] == ["mc_samples"]


def test_importances_are_ranked():
    info = importances.importances({STRENGTH: 0.25, SAMPLES: 0.75})
    assert info.bars == (("mc_samples", 0.75), ("strength", 0.25))
    assert importances.draw(info).alt == "Importance: mc_samples 0.75; strength 0.25."
    assert importances.importances(None) is None
    assert importances.importances({STRENGTH: 1.0}) is None
