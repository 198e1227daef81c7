"""The interval covers where variants are few; values against scipy and against all permutations."""

import itertools
import math

import numpy as np
import pytest
from made_up import results_of
from scipy.stats import spearmanr

from ura_study.results.agreement import agreements, rank_correlation
from ura_study.tables.agreement_table import agreement_table


def copula(correlation, count, samples, rng):
    """Return pairs (samples, 2, count) whose Spearman correlation in the population is `correlation`."""
    r = 2 * math.sin(correlation * math.pi / 6)
    first, noise = rng.normal(size=(2, samples, count))
    return np.exp(np.stack([first, r * first + math.sqrt(1 - r * r) * noise], axis=1))  # ranks alone count


@pytest.mark.parametrize("count", [4, 6, 10])
@pytest.mark.parametrize("correlation", [0.0, 0.8, 0.95])
def test_coverage(count, correlation):
    pairs = copula(correlation, count, 600, np.random.default_rng(count))
    ends = [rank_correlation(*pair)[1] for pair in pairs]
    assert np.mean([low <= correlation <= high for low, high in ends]) > 0.92


def test_more_variants_tell_more():
    widths = []
    for count in (5, 10, 30):
        pairs = copula(0.8, count, 10, np.random.default_rng(0))
        widths.append(np.mean([np.subtract(*rank_correlation(*pair)[1][::-1]) for pair in pairs]))
    assert widths[0] > 1 > widths[1] > 2 * widths[2]


def test_the_correlation_is_scipys_also_with_ties():
    first, second = np.array([0.7, 0.9, 0.9, 0.8, 0.6, 0.95]), np.array([0.7, 0.8, 0.9, 0.9, 0.5, 0.85])
    seen, (low, high) = rank_correlation(first, second)
    assert seen == pytest.approx(spearmanr(first, second).statistic)
    assert low < seen < high


@pytest.mark.parametrize("count", [4, 5])
def test_zero_is_held_where_no_exact_test_of_permutations_rejects_it(count):
    """All orders are equally likely where validation says nothing."""
    ranks = np.arange(count, dtype=float)
    all_seen = np.array([spearmanr(ranks, order).statistic for order in itertools.permutations(ranks)])
    for order in itertools.permutations(ranks):
        seen, (low, high) = rank_correlation(ranks, np.array(order))
        above, below = (all_seen >= seen - 1e-9).mean(), (all_seen <= seen + 1e-9).mean()
        assert (low < 0.02) == (above > 0.025)
        assert (high > -0.02) == (below > 0.025)


def test_perfect_agreement_of_few_is_no_certainty():
    seen, (low, high) = rank_correlation(np.arange(5.0), np.arange(5.0))
    assert (seen, high) == (1.0, 1.0)
    assert 0 < low < 0.4
    mirrored = rank_correlation(np.arange(5.0), -np.arange(5.0))
    assert mirrored == (-1.0, (-1.0, pytest.approx(-low, abs=0.03)))


def test_many_that_agree_closely():
    second = np.arange(200) + np.random.default_rng(0).normal(size=200) * 3
    seen, (low, high) = rank_correlation(np.arange(200.0), second)
    assert 0.99 < low < seen < high < 1


def test_too_few_or_constant():
    assert all(map(math.isnan, rank_correlation(np.arange(3.0), np.arange(3.0))[1]))
    assert math.isnan(rank_correlation(np.ones(9), np.arange(9.0))[0])


STRENGTHS = {"s": {"sweep": {"model.synthesis.strength": [0.5, 2.0, 3.0, 4.0], "model.perception.gate": ["oracle"]}}}


def study_of(**sections):
    sections = {"data": {"validation": 0.2}, "ablations": STRENGTHS} | sections
    results = results_of(lambda *_: 0.5, **sections)
    order = {v.name: i for i, v in enumerate(results.plan.variants)}
    for run_id, record in results.records.items():
        place = order[record.variant]
        metrics = record.metrics | {"image_auroc": 0.5 + place / 20, "val_image_auroc": 0.6 + (place % 4) / 10}
        results.records[run_id] = record.model_copy(update={"metrics": metrics})
    return results


def test_of_a_study_over_its_variants_but_for_an_oracle():
    (found,) = agreements(study_of())
    assert (found.metric, found.variants) == ("image_auroc", 5)
    assert found.spearman == pytest.approx(spearmanr([0, 1, 2, 3, 4], [0, 1, 2, 3, 0]).statistic)


def test_a_variant_without_a_number_is_left_out():
    results = study_of()
    results.records.pop(results.plan.ids["strength=4.0"][0])
    assert agreements(results)[0].variants == 4


def test_variants_on_corrupted_images_are_left_out():
    corruptions = {"c": {"sweep": {"data.corruption.kind": ["shift", "rotation"]}}}
    results = study_of(ablations=STRENGTHS | corruptions)
    assert agreements(results)[0].variants == 5
    assert agreement_table(results).notes[1] == "2 variants left out, on other test images than full."


def test_without_images_held_out():
    assert agreements(study_of(data={})) == ()
