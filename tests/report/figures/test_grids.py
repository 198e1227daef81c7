"""Grids: what is drawn, by hand."""

import pytest
from made_up import SAMPLES, STRENGTH, results_of

from ura_study.report.drawing.cells import blank
from ura_study.report.figures.grids import grids
from ura_study.report.figures.grids_drawing import draw

GRID = {STRENGTH: [3.0, 0.5, 1.0], SAMPLES: [5, 20]}
BASE = {"model": {"synthesis": {"strength": 1.0}, "perception": {"mc_samples": 5}}}


def value(variant, category, seed):
    settings = dict(part.split("=") for part in variant.split(", ")) if "=" in variant else {}
    strength, samples = float(settings.get("strength", 1)), int(settings.get("mc_samples", 5))
    return 0.5 + 0.1 * strength + 0.001 * samples + 0.02 * seed + (0.05 if category == "bolt" else 0)


def grid_of(values=value, grid=GRID, **sections):
    sections = {"ablations": {"both": {"grid": grid}}, "seeds": [0, 1], "base": BASE} | sections
    return list(grids(results_of(values, **sections), "image_auroc"))


def test_rows_columns_and_the_baseline():
    (info,) = grid_of()
    assert info.keys == ("strength", "mc_samples")
    assert info.levels == (("0.5", "1.0", "3.0"), ("5", "20"))
    assert [[cell.mean for cell in line] for line in info.cells[0]] == [
        pytest.approx([0.525 + 0.1 * s + 0.01 + 0.001 * n for n in (5, 20)]) for s in (0.5, 1.0, 3.0)
    ]
    assert info.baseline == (0, 1, 0)
    drawn = draw(info)
    assert drawn.name == "grid-both-image_auroc"
    assert "mean over 2 categories and 2 seeds; brighter is better." in drawn.caption
    assert "Frame: the baseline (full)." in drawn.caption


def test_the_shares_of_keys_that_only_add_up():
    (info,) = grid_of()
    # deviations of strengths −1, −0.5, 1.5 times 0.1, of samples ±0.0075, of seeds ±0.01
    strength, samples, seeds = 0.1**2 * (1 + 0.25 + 2.25) / 3, 0.0075**2, 0.01**2
    total = strength + samples + seeds
    assert [share.axes for share in info.shares] == [(0,), (1,), (0, 1), ()]
    assert [s.share for s in info.shares] == pytest.approx(
        [strength / total, samples / total, 0, seeds / total], abs=1e-9
    )
    assert "strength × mc_samples 0 %" in draw(info).alt
    assert "With one seed" not in draw(info).caption


def test_a_single_seed_says_where_the_noise_is():
    (info,) = grid_of(seeds=[0])
    assert "With one seed the interaction of all keys contains the noise." in draw(info).caption


def test_a_cell_without_a_number_is_seen_and_nothing_is_decomposed():
    def some(variant, category, seed):
        if "strength=0.5" in variant:
            return "failed" if (category, seed) == ("nut", 1) else 0.5
        return "missing" if variant == "strength=3.0, mc_samples=20" else 0.9

    (info,) = grid_of(some)
    assert [[blank(cell) for cell in line] for line in info.cells[0]] == [
        ["failed", "failed"],
        [None, None],
        [None, "missing"],
    ]
    assert info.shares == ()
    drawn = draw(info)
    assert "Hatched cells have no number" in drawn.caption
    assert "Bars" not in drawn.caption
    assert [text.get_text() for text in drawn.figure.legends[0].get_texts()] == ["failed", "missing"]


def test_a_combination_that_cannot_be_is_white():
    grid = {"model.perception": [True, False], "model.restoration": [False, {"depth": 2}]}
    (info,) = grid_of(lambda variant, *_: 0.6 if "true" in variant else 0.5, grid, base={})
    assert [[blank(cell) for cell in line] for line in info.cells[0]] == [[None, None], ["not possible", None]]
    assert info.shares == ()
    drawn = draw(info)
    assert "White: combinations that cannot be." in drawn.caption
    assert "Hatched" not in drawn.caption
    assert [text.get_text() for text in drawn.figure.legends[0].get_texts()] == ["not possible"]


def test_a_third_key_has_panels():
    (info,) = grid_of(grid={"training.lr": [0.01, 0.001], SAMPLES: [1, 5, 20], STRENGTH: [0.5, 2.0]}, base={})
    assert info.keys == ("mc_samples", "lr", "strength")
    assert info.levels[2] == ("0.5", "2.0")
    assert (len(info.cells), len(info.cells[0]), len(info.cells[0][0])) == (2, 3, 2)
    assert info.cells[1][0][0].mean - info.cells[0][0][0].mean == pytest.approx(0.15)
    assert [share.axes for share in info.shares][-2:] == [(0, 1, 2), ()]
    assert info.shares[2].share > 0.9
    titles = [axes.get_title() for axes in draw(info).figure.axes if axes.get_title()]
    assert titles == ["strength=0.5", "strength=2.0"]


@pytest.mark.parametrize(
    "grid",
    [
        {STRENGTH: [0.5, 1.0]},
        {STRENGTH: [0.5, 1.0], SAMPLES: [1, 5], "training.lr": [0.1, 0.01], "training.steps": [5, 6]},
        {"training.steps": [*range(1, 42)], SAMPLES: [1, 5]},
        {"training.steps": [*range(1, 20)], SAMPLES: [*range(1, 20)]},
    ],
)
def test_grids_without_a_figure(grid):
    assert grid_of(grid=grid, seeds=[0]) == []


def test_a_grid_without_results_is_not_drawn():
    assert grid_of(lambda v, c, s: "missing") == []
