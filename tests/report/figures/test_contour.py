"""Two parameters of a search together: what is drawn, by hand and against scipy's interpolation."""

import dataclasses
import random

import numpy as np
import pytest
from hand_made import make_study
from made_up import SAMPLES, SEARCH, STRENGTH, tried

from ura_study.report.search_figures.contour import contour
from ura_study.report.search_figures.contour_drawing import draw

STUDY = make_study(data={"validation": 0.2}, search=SEARCH)
RATE = "training.lr"
SHARES = {STRENGTH: 0.7, RATE: 0.3}


def drawn_at_random(count=20, **more):
    draws, found = random.Random(0), []
    for n in range(count):
        params = {STRENGTH: 4 ** draws.uniform(-1, 1), RATE: 10 ** draws.uniform(-4, -2)}
        value = 0.8 + 0.01 * np.log10(params[RATE]) - 0.02 * np.log10(params[STRENGTH])
        found.append(tried(n, float(value), params=params, logs={STRENGTH: False, RATE: True}, **more))
    return [*found[:-1], dataclasses.replace(found[-1], best=True)]


def test_a_surface_on_the_scales_of_the_search():
    found = drawn_at_random()
    info = contour(STUDY, found, {STRENGTH: 0.2, RATE: 0.8})
    assert (info.kind, info.names) == ("surface", ("lr", "strength"))
    assert [there.kind for there in info.axes] == ["log", "linear"]
    assert info.axes[0].positions == pytest.approx([np.log10(t.params[RATE]) for t in found])
    assert info.corners[3] == pytest.approx(
        (np.log10(found[3].params[RATE]), found[3].params[STRENGTH], found[3].values[0])
    )
    caption = draw(info).caption
    assert "the two searched parameters, lr and strength: linear between 20 complete trials" in caption
    assert "other parameters" not in caption


def test_between_trials_it_is_scipys_linear_interpolation_and_outside_nothing():
    from matplotlib.tri import LinearTriInterpolator, Triangulation
    from scipy.interpolate import griddata

    info = contour(STUDY, drawn_at_random(), SHARES)
    x, y, value = map(np.array, zip(*info.corners, strict=True))
    grid = np.meshgrid(np.linspace(x.min(), x.max(), 23), np.linspace(y.min(), y.max(), 23))
    ours = LinearTriInterpolator(Triangulation(x, y, info.triangles), value)(*grid).filled(np.nan)
    theirs = griddata((x, y), value, tuple(grid), rescale=True)
    assert np.isnan(theirs).any()
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_pruned_trials_are_shown_but_bend_nothing():
    found = drawn_at_random()
    pruned = [
        dataclasses.replace(trial, number=50 + n, state="pruned", values=(0.1,)) for n, trial in enumerate(found[:4])
    ]
    info, without = contour(STUDY, [*found, *pruned], SHARES), contour(STUDY, found, SHARES)
    assert (info.corners, info.triangles) == (without.corners, without.triangles)
    assert info.looks.count("pruned") == 4
    assert info.complete == 20
    drawn = draw(info)
    assert "4 pruned trials not used." in drawn.caption
    assert [text.get_text() for text in drawn.figure.legends[0].get_texts()] == ["complete", "pruned", "best"]


def test_trials_at_the_same_place_are_averaged():
    found = drawn_at_random()
    again = dataclasses.replace(found[0], number=40, values=(found[0].values[0] + 0.1,))
    info = contour(STUDY, [*found, again], SHARES)
    assert len(info.corners) == 20
    assert info.corners[0][2] == pytest.approx(found[0].values[0] + 0.05)


def of_few(count, values=lambda n: 0.5 + 0.01 * n):
    params = [{STRENGTH: (0.5, 1.0, 2.0)[n % 3], "model.name": ("a", "b")[n // 3 % 2]} for n in range(count)]
    return [tried(n, values(n), params=p, best=n == count - 1) for n, p in enumerate(params)]


def test_cells_of_two_parameters_with_few_values():
    info = contour(STUDY, [*of_few(8), tried(8, 0.1, "pruned", params={STRENGTH: 0.5, "model.name": "a"})], None)
    assert (info.kind, info.names) == ("cells", ("strength", "name"))
    assert info.axes[0].labels == ("0.5", "1", "2")
    assert {(x, y): value for x, y, value in info.corners} == pytest.approx(
        {(0, 0): 0.53, (1, 0): 0.54, (2, 0): 0.52, (0, 1): 0.53, (1, 1): 0.54, (2, 1): 0.55}
    )
    (axes,) = draw(info).figure.axes
    texts = [text.get_text() for text in axes.texts]
    assert texts.count("n=2") == 2
    assert "0.54*" in texts


def test_a_full_grid_search_says_what_its_two_parameters_do():
    info = contour(STUDY, of_few(6, lambda n: 0.5 + 0.1 * (n % 3) + 0.2 * (n // 3)), None)
    # deviations of strengths −0.1, 0, 0.1 and of names ±0.1: 2/3 and 1 hundredths
    assert [(s.axes, s.share) for s in info.shares] == [
        ((0,), pytest.approx(0.4)),
        ((1,), pytest.approx(0.6)),
        ((0, 1), pytest.approx(0)),
    ]
    assert "strength 40 %, name 60 %, strength × name 0 % (noise included)." in draw(info).caption
    assert contour(STUDY, [*of_few(5), *of_few(5)], None).shares == ()


def test_cells_that_nobody_completed_are_hatched():
    drawn = draw(contour(STUDY, [*of_few(5), *of_few(5)], None))
    assert [text.get_text() for text in drawn.figure.legends[0].get_texts()] == ["no complete trial"]


def test_a_parameter_of_few_values_has_bands_along_the_other():
    found = [
        dataclasses.replace(t, params=dict(t.params) | {SAMPLES: (1, 5, 20)[t.number % 3]}) for t in drawn_at_random(30)
    ]
    info = contour(STUDY, found, {SAMPLES: 0.7, STRENGTH: 0.2, RATE: 0.1})
    assert (info.kind, info.names) == ("bands", ("strength", "mc_samples"))
    assert info.axes[1].labels == ("1", "5", "20")
    drawn = draw(info)
    assert "the two most important parameters, strength and mc_samples" in drawn.caption
    assert "The other parameters differ from trial to trial." in drawn.caption


def test_the_first_pair_that_trials_have_together():
    found = [
        dataclasses.replace(
            t,
            params={
                k: v
                for k, v in (t.params | {SAMPLES: t.number}).items()
                if (k == RATE) != (t.number % 2 == 0) or k == SAMPLES
            },
        )
        for t in drawn_at_random(40)
    ]
    info = contour(STUDY, found, {STRENGTH: 0.5, RATE: 0.3, SAMPLES: 0.2})
    assert info.names == ("strength", "mc_samples")
    assert info.complete == 20


@pytest.mark.parametrize(
    ("found", "importance"),
    [
        ([], None),
        (drawn_at_random(9), SHARES),
        (of_few(3), None),
        (drawn_at_random(20, state="pruned"), SHARES),
        (
            [
                dataclasses.replace(t, params={STRENGTH: t.number, RATE: 2 * t.number}, logs={})
                for t in drawn_at_random()
            ],
            SHARES,
        ),
        ([dataclasses.replace(t, params=dict(t.params) | {SAMPLES: t.number % 3}) for t in drawn_at_random()], None),
        (
            [
                dataclasses.replace(t, params={STRENGTH: f"a{t.number}", RATE: 1 + t.number % 2})
                for t in drawn_at_random()
            ],
            SHARES,
        ),
    ],
    ids=["none", "few", "few cells", "pruned", "on a line", "which is unknown", "too many names"],
)
def test_too_little_is_not_drawn(found, importance):
    assert contour(STUDY, found, importance) is None


def test_the_first_of_several_objectives_and_what_is_minimized():
    search = SEARCH | {"objective": ["fit_seconds", "val_image_auroc"]}
    found = [dataclasses.replace(t, values=(t.values[0], 0.5)) for t in drawn_at_random()]
    info = contour(make_study(search=search, data={"validation": 0.2}), found, SHARES)
    assert info.label == "fit_seconds"
    assert info.minimizes
    drawn = draw(info)
    assert "brighter is better, that is, smaller." in drawn.caption
    assert "The first of several objectives." in drawn.caption
    assert f"is {min(t.values[0] for t in found):.4g} at" in drawn.alt
