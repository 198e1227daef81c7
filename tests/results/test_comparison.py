import math

import numpy as np
import pandas as pd
import pytest
from hand_made import ABLATIONS, done, failed, job_of, make_study, plan_of
from hypothesis import given
from hypothesis import strategies as st

from ura_study.results.family import compare
from ura_study.results.frame import outcomes

METRIC = "image_auroc"
ROPE = 0.005
OTHER = "w/o restoration"


def grid_of(found, seeds=(0, 1), categories=("nut", "bolt")):
    """The grid of `full` and two variants from {(variant, category, seed): fraction, "failed" or None (undefined)}."""
    study = make_study(seeds=list(seeds), ablations=ABLATIONS)
    plan = plan_of(study, *categories)
    records = {}
    for cell, outcome in found.items():
        job = job_of(study, plan, *cell)
        records[job.run_id] = failed(job) if outcome == "failed" else done(job, outcome)
    return outcomes(plan, records, [METRIC])


def of(grid, name=OTHER, baseline="full"):
    return next(c for c in compare(grid, METRIC, baseline, ROPE) if c.variant == name)


def test_categories_are_the_units():
    base = {("full", "nut", 0): 0.5, ("full", "nut", 1): 0.6, ("full", "bolt", 0): 0.7, ("full", "bolt", 1): 0.8}
    other = {(OTHER, "nut", 0): 0.6, (OTHER, "nut", 1): 0.8, (OTHER, "bolt", 0): 0.7, (OTHER, "bolt", 1): 0.9}
    found = of(grid_of(base | other))
    assert (found.unit, found.units, found.pairs, found.excluded) == ("category", 2, 4, 0)
    assert found.difference == pytest.approx((0.15 + 0.05) / 2)
    assert (found.p, found.smallest_p, found.effect) == (0.5, 0.5, 1.0)
    assert (found.low, found.high) == pytest.approx((0.1 - 12.706 * 0.05, 0.1 + 12.706 * 0.05), abs=1e-3)
    assert found.hopeless
    assert len(set(found.run_ids)) == 8


def test_seeds_are_the_units_of_a_single_category():
    seeds = range(8)
    values = {("full", "nut", s): 0.5 for s in seeds} | {(OTHER, "nut", s): 0.6 + s / 100 for s in seeds}
    found = of(grid_of(values, seeds, ["nut"]))
    assert (found.unit, found.units) == ("seed", 8)
    assert found.difference == pytest.approx(0.135)
    assert 0.1 < found.low < 0.135 < found.high < 0.17
    assert found.p == pytest.approx(2 / 2**8)
    assert found.significant


def test_pairs_that_lack_a_number_are_left_out_and_counted():
    values = {(v, c, s): 0.5 for v in ("full", OTHER) for c in ("nut", "bolt", "nail") for s in (0, 1)}
    values |= {("full", "nut", 0): "failed", (OTHER, "nut", 0): None, (OTHER, "bolt", 1): None, (OTHER, "nail", 0): 0.7}
    del values["full", "nail", 1]
    found = of(grid_of(values, categories=("nut", "bolt", "nail")))
    assert (found.failed, found.missing, found.undefined, found.pairs, found.units) == (1, 1, 1, 3, 3)
    assert found.difference == pytest.approx(0.2 / 3)


def test_nothing_to_compare():
    found = of(grid_of({("full", "nut", 0): 0.5}))
    assert (found.pairs, found.units, found.missing) == (0, 0, 4)
    assert all(map(math.isnan, (found.difference, found.p, found.corrected)))
    assert not found.significant


def test_another_baseline_turns_the_sign():
    values = {("full", "nut", 0): 0.5, (OTHER, "nut", 0): 0.75, ("full", "bolt", 0): 0.5, (OTHER, "bolt", 0): 0.5}
    frame = grid_of(values, seeds=[0])
    assert of(frame).difference == -of(frame, "full", OTHER).difference == 0.125


def test_chance_that_is_peculiar_to_categories_is_no_evidence():
    """No true difference, but each category favours one variant in all seeds: still nominal, as pairs would not be."""
    rng = np.random.default_rng(1)
    cells = pd.MultiIndex.from_product([["full", "other"], range(12), range(5)], names=["variant", "category", "seed"])
    frame = pd.DataFrame(index=cells).reset_index().assign(status="done", run_id=[str(i) for i in range(120)])
    significant = []
    for _ in range(200):
        favour = rng.normal(0, 0.02, 12)[frame.category] * (frame.variant == "other")
        noisy = frame.assign(**{METRIC: 0.9 + favour + rng.normal(0, 0.01, 120)})
        significant.append(compare(noisy, METRIC, "full", ROPE)[0].significant)
    assert np.mean(significant) == pytest.approx(0.05, abs=0.035)


@given(st.data())
def test_every_pair_is_counted_once(data):
    outcome = st.sampled_from(["failed", "missing", None]) | st.floats(0, 1)
    cells = [(v, c, s) for v in ("full", OTHER) for c in ("nut", "bolt") for s in (0, 1, 2)]
    drawn = {cell: data.draw(outcome) for cell in cells}
    frame = grid_of({cell: o for cell, o in drawn.items() if o != "missing"}, (0, 1, 2))
    found = of(frame)
    kinds = {"failed": 0, "missing": 0, None: 0, "paired": 0}
    differences = {}
    for _, category, seed in cells[:6]:
        both = [drawn["full", category, seed], drawn[OTHER, category, seed]]
        kind = next((k for k in ("failed", "missing", None) if k in both), "paired")
        kinds[kind] += 1
        if kind == "paired":
            differences.setdefault(category, []).append(both[1] - both[0])
    assert (found.failed, found.missing, found.undefined, found.pairs) == tuple(kinds.values())
    assert found.pairs + found.excluded == 6
    assert len(set(found.run_ids)) == 2 * found.pairs
    if differences:
        expected = np.mean([np.mean(values) for values in differences.values()])
        assert found.difference == pytest.approx(expected, abs=1e-9)
