"""How figures come out: every label there and inside, the same bytes each time, names never taken for formulas."""

import dataclasses
import html
import re
import xml.etree.ElementTree as ET

import pytest
from hand_made import done, job_of, make_study, plan_of
from made_up import SEARCH, noisy, searched
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from ura_study.report.drawing.drawn import encoded
from ura_study.report.drawing.style import labels, shown
from ura_study.report.figures import gallery, save, svg
from ura_study.results.results import Results, Search
from ura_study.study.config import Configuration
from ura_study.study.plan import Variant, make_plan

CATEGORIES = "carpet grid leather tile wood bottle cable capsule hazelnut metal_nut pill screw toothbrush transistor"
ABLATIONS = {
    "parts": {"leave_one_out": ["model.restoration", "model.synthesis", "model.perception"]},
    "values": {
        "sweep": {
            "model.synthesis.strength": [0.1, 0.3, 1.0, 3.0],
            "features.layers": [[1], [2], [3], [1, 2], [2, 3]],
            "training.lr": [1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 0.00251188643150958],
        }
    },
    "pairs": {"grid": {"features.layers": [[1], [1, 2, 3]], "model.perception.mc_samples": [2, 10, 20]}},
}
IMPORTANCE = {"model.synthesis.strength": 0.7, "model.perception.mc_samples": 0.3}
ODD = ("<&$_%>", "_hidden", "$x^2$", "two\nlines", 'quo"te', "a\\b{c}", "ümläut", "w/o " + "very " * 40 + "long")


def large(**sections) -> list:
    fields = {"ablations": ABLATIONS, "seeds": [0, 1], "data": {"validation": 0.2}, "search": SEARCH} | sections
    results = noisy(*CATEGORIES.split(), "zipper", metrics=("image_auroc", "pixel_auroc"), **fields)
    results = dataclasses.replace(results, search=Search(searched(), results.plan, IMPORTANCE))
    return [*(found := gallery(results)).study, *found.search]


@pytest.fixture(scope="module")
def drawn():
    return {figure.name: figure for figure in large()}


def odd() -> Results:
    """A study whose variants and categories have names that a renderer could take for something else."""
    study = make_study(report={"metrics": ["image_auroc"]})
    settings = [Configuration.model_validate({"training": {"lr": 0.01 * i}} if i else {}) for i in range(len(ODD) + 1)]
    variants = [Variant(name, s) for name, s in zip(("full", *ODD), settings, strict=True)]
    plan = make_plan(study, dict.fromkeys(ODD[:5], "data"), variants)
    jobs = [job_of(study, plan, *cell) for cell in plan.cells]
    return Results(study, plan, {job.run_id: done(job, 0.5 + 0.01 * (i % 31)) for i, job in enumerate(jobs)})


def texts(drawn) -> list[str]:
    """Return what stands in a figure, as a program that reads its SVG finds it."""
    root = ET.fromstring(svg(drawn))
    found = ("".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text"))
    return [" ".join(text.split()) for text in found]


def outside(figure) -> list[str]:
    """Return the texts that reach beyond the paper."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()
    width, height = figure.bbox.width, figure.bbox.height
    hidden = {id(label) for axes in figure.axes for label in beyond_the_axes(axes)}
    found = []
    for text in figure.findobj(Text):
        if text.get_visible() and text.get_text() and id(text) not in hidden:
            box = text.get_window_extent(renderer)
            if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1:
                found.append(text.get_text())
    return found


def beyond_the_axes(axes) -> list[Text]:
    """Return the labels of ticks that are not drawn, since they lie beyond the ends of their axis."""
    if not axes.axison:
        return axes.get_xticklabels() + axes.get_yticklabels()
    ends = ((axes.xaxis, sorted(axes.get_xlim())), (axes.yaxis, sorted(axes.get_ylim())))
    ticks = [
        (tick, low, high) for axis, (low, high) in ends for tick in axis.get_major_ticks() + axis.get_minor_ticks()
    ]
    return [
        label for tick, low, high in ticks if not low <= tick.get_loc() <= high for label in (tick.label1, tick.label2)
    ]


def test_all_kinds_are_drawn(drawn):
    assert list(drawn) == [
        "differences-image_auroc",
        "differences-pixel_auroc",
        "ranks-image_auroc",
        "ranks-pixel_auroc",
        "categories-image_auroc",
        "categories-pixel_auroc",
        "sweep-values-strength",
        "sweep-values-layers",
        "sweep-values-lr",
        "grid-pairs-image_auroc",
        "grid-pairs-pixel_auroc",
        "pareto-image_auroc",
        "pareto-pixel_auroc",
        "search-history",
        "search-importance",
        "search-slices",
    ]


def test_every_variant_and_category_has_its_label(drawn):
    results = noisy("nut", ablations=ABLATIONS, seeds=[0])
    names = {variant.name for variant in results.plan.variants}
    assert len(names) > 16
    assert names | set(CATEGORIES.split()) | {"zipper", "mean"} <= set(texts(drawn["categories-image_auroc"]))
    equal = {"strength=1.0"} & names  # what `full` is as well
    assert names - {"full"} - equal <= set(texts(drawn["differences-image_auroc"]))
    assert names - equal <= set(texts(drawn["pareto-image_auroc"]))


def test_no_text_is_cut_off(drawn):
    assert {name: found for name, figure in drawn.items() if (found := outside(figure.figure))} == {}


def test_figures_are_one_or_two_columns_wide(drawn):
    assert {figure.figure.get_figwidth() for figure in drawn.values()} == {3.3, 6.9}


def test_tick_labels_do_not_touch(drawn):
    for figure in drawn.values():
        renderer = FigureCanvasAgg(figure.figure).get_renderer()
        for axes in figure.figure.axes:
            for axis in (axes.xaxis, axes.yaxis):
                ticks = [label for label in axis.get_ticklabels() if label.get_text() and label.get_visible()]
                if any(label.get_rotation() not in (0, 90) for label in ticks):
                    continue  # slanted: their boxes overlap though they do not
                boxes = [label.get_window_extent(renderer) for label in ticks]
                touching = [(a, b) for i, a in enumerate(boxes) for b in boxes[i + 1 :] if a.overlaps(b)]
                assert not touching, (figure.name, [label.get_text() for label in ticks])


@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
def test_the_same_figure_is_the_same_file(drawn, kind):
    again = {figure.name: figure for figure in large()} if kind == "svg" else drawn
    for name in ("differences-image_auroc", "ranks-image_auroc", "sweep-values-lr", "search-history"):
        assert encoded(drawn[name], kind) == encoded(again[name], kind)


def test_one_format_does_not_change_another(drawn):
    figure = drawn["pareto-image_auroc"]
    before = {kind: encoded(figure, kind) for kind in ("png", "svg", "pdf")}
    assert {kind: encoded(figure, kind) for kind in ("pdf", "png", "svg")} == before


def test_drawing_again_moves_nothing(drawn):
    for figure in drawn.values():
        before = encoded(figure, "svg")
        figure.figure.draw_without_rendering()
        assert encoded(figure, "svg") == before, figure.name


def test_files_hold_no_date(drawn):
    text = svg(drawn["search-history"])
    assert text.startswith("<svg")
    assert not re.search(r"20\d\d-\d\d-\d\d", text)
    assert b"CreationDate" not in encoded(drawn["search-history"], "pdf")


def test_odd_names_are_shown_as_they_are():
    for figure in gallery(odd()).study:
        found = texts(figure)
        for name in ODD[:6]:
            assert any(" ".join(name.split()) == text for text in found), (figure.name, name)
        assert outside(figure.figure) == []
        for kind in ("pdf", "png"):
            assert encoded(figure, kind)


def test_a_search_with_odd_values_is_drawn():
    study = make_study(search=SEARCH, data={"validation": 0.2})
    key = "model.perception.mc_samples"
    found = [trial.__class__(**(vars(trial) | {"params": {key: ODD[trial.number % 7]}})) for trial in searched()]
    plan = plan_of(study)
    drawn = gallery(Results(study, plan, {}, search=Search(found, plan))).search
    assert [figure.name for figure in drawn] == ["search-history", "search-slices"]
    assert {"<&$_%>", "$x^2$"} <= set(texts(drawn[1]))


def test_captions_and_descriptions_are_text(drawn):
    for figure in drawn.values():
        assert figure.caption.endswith(".")
        assert "  " not in figure.caption
        assert figure.alt.endswith(".")
        assert html.escape(figure.alt, quote=False) in svg(figure)


def test_long_names_lose_their_middle_and_stay_different():
    name = "abc " * 30
    assert len(shown(name)) == 44
    assert "…" in shown(name)
    assert shown("two\nlines") == "two lines"
    one, two = labels([name + "1" + name, name + "2" + name])
    assert one != two


def test_saving_replaces_files_and_leaves_nothing_else(drawn, tmp_path):
    for _ in range(2):
        save(tmp_path, drawn["search-importance"], ("svg", "png"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["search-importance.png", "search-importance.svg"]


def test_drawing_changes_no_setting_of_matplotlib():
    from matplotlib import rcParams

    before = dict(rcParams)
    gallery(odd())
    assert dict(rcParams) == before
