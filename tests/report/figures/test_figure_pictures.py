"""Pictures: which, in which order, on which scale, and as one figure."""

import numpy as np
import pytest
from made_up import made_details, results_of, with_details

from ura_study.report.drawing.strips import MAP_SIDE, SIDE, Strip, coloured, sheet, spanned
from ura_study.report.drawing.style import TWO
from ura_study.report.figures import gallery, svg
from ura_study.report.figures.pictures import figure, legend, ordered, seen, strips
from ura_study.report.figures.side_by_side import side_by_side

ABLATIONS = {"components": {"leave_one_out": ["model.restoration"]}}


def study(tmp_path, make=lambda *cell: made_details(), categories=("nut", "bolt"), value=lambda *cell: 0.5):
    return with_details(results_of(value, categories, ablations=ABLATIONS, seeds=[0, 1]), tmp_path, make)


def test_best_comes_first_and_false_alarms_last():
    found = ordered(made_details().pictures)
    assert [picture.index for picture in found] == [1, 2, 0]


def test_mere_examples_are_not_among_them():
    details = made_details(defects=("good", "hole"))
    plain = [picture for picture in details.pictures if picture.index == 0]
    example = [type(p)(p.index, ("example",), p.input, p.mask, p.maps) for p in details.pictures[1:]]
    assert [picture.index for picture in ordered([*example, *plain])] == [0]


def test_pictures_are_the_baselines_of_the_first_seed_that_kept_some(tmp_path):
    def left(variant, category, seed):
        return made_details(pictures=()) if (category, seed) == ("nut", 0) else made_details()

    found = list(seen(study(tmp_path, left)))
    assert [(s.variant, s.category, s.seed) for s in found] == [("full", "nut", 1), ("full", "bolt", 0)]
    assert found[0].heads == [
        ["highest, median", "hole", "1"],
        ["lowest, miss", "scratch", "2"],
        ["false alarm", "good", "0"],
    ]


def test_rows_have_one_scale_each_over_all_images():
    pictures = ordered(made_details().pictures)
    rows = {row.label: row for row in strips(pictures)}
    assert list(rows) == [
        *("input", "mask", "restored residual", "anomaly probability", "uncertainty", "anomaly map"),
    ]
    values = np.stack([picture.maps["residual"] for picture in pictures])
    assert rows["restored residual"].scale == (values.min(), values.max())
    assert rows["anomaly probability"].scale == (0, 1)
    assert rows["uncertainty"].scale == (0, 0.5)
    assert rows["input"].scale is rows["mask"].scale is None


def test_a_detector_without_perception_has_fewer_rows():
    pictures = made_details().pictures
    bare = [type(p)(p.index, p.reasons, p.input, p.mask, {"anomaly": p.maps["anomaly"]}) for p in pictures]
    assert [row.label for row in strips(bare)] == ["input", "mask", "anomaly map"]


def test_colours_run_from_dark_to_bright_and_equal_values_are_no_division_by_zero():
    low, high = coloured(Strip("x", [np.zeros((8, 8)), np.ones((8, 8))], (0.0, 1.0)))
    assert low.shape == high.shape == (MAP_SIDE, MAP_SIDE, 3)
    assert low.mean() < high.mean()
    assert spanned("x", [np.full((8, 8), 3.0), None]).scale == (3.0, 4.0)
    assert spanned("x", [None]).scale == (0.0, 1.0)


def test_images_and_masks_keep_their_colours():
    image, mask, none = coloured(Strip("x", [np.full((9, 9, 3), 77, np.uint8), np.ones((9, 9), bool), None]))
    assert image.shape == (SIDE, SIDE, 3)
    assert (image == 77).all()
    assert (mask == 255).all()
    assert none is None


def test_a_sheet_has_all_pictures_in_rows():
    rows = [Strip("a", [np.zeros((9, 9), bool), None]), Strip("b", [np.ones((9, 9), bool)] * 2)]
    pixels = sheet(rows)
    assert pixels.shape == (2 * MAP_SIDE, 2 * MAP_SIDE, 3)
    blocks = [pixels[y : y + MAP_SIDE, x : x + MAP_SIDE].mean() for y in (0, MAP_SIDE) for x in (0, MAP_SIDE)]
    assert blocks == [0, 255, 255, 255]


def test_the_legend_says_what_is_where(tmp_path):
    info = next(seen(study(tmp_path)))
    text = legend(info, strips(info.pictures))
    assert text.startswith("From left to right: highest, median (hole, score 1); lowest, miss (scratch, score 2)")
    assert "anomaly probability (0 to 1)" in text


def test_examples_of_all_categories_side_by_side(tmp_path):
    found = side_by_side(study(tmp_path))
    assert found.columns == (("nut", "hole"), ("nut", "scratch"), ("bolt", "hole"), ("bolt", "scratch"))
    assert list(found.pictures) == ["full", "w/o restoration"]
    assert all(len(pictures) == 4 for pictures in found.pictures.values())


def test_categories_take_turns_where_there_is_no_room(tmp_path):
    names = tuple(f"c{i}" for i in range(9))
    found = side_by_side(study(tmp_path, categories=names))
    assert found.columns == tuple((name, "hole") for name in names[:7])


def test_an_image_that_a_variant_does_not_have_is_left_out(tmp_path):
    def left(variant, category, seed):
        return None if (variant, category) == ("w/o restoration", "bolt") else made_details()

    assert {category for category, _ in side_by_side(study(tmp_path, left)).columns} == {"nut"}
    alone = study(tmp_path / "alone", lambda v, *_: made_details() if v == "full" else None)
    assert side_by_side(alone) is None


@pytest.fixture(autouse=True)
def folders(tmp_path):
    (tmp_path / "alone").mkdir()


def test_figures_fit_a_page_and_say_everything_in_words(tmp_path):
    results = study(tmp_path)
    drawn = gallery(results).pictures
    assert [one.name for one in drawn] == ["side-by-side", "pictures-nut", "pictures-bolt"]
    for one in drawn:
        assert one.figure.get_size_inches()[0] <= TWO + 1e-6
        assert "colour scale" in one.caption
    assert "There is no" not in drawn[1].caption
    assert f"(seed 0, run {results.plan.cells['full', 'nut', 0]})" in drawn[1].caption
    assert "lowest, miss (scratch, score 2)" in drawn[1].alt
    text = svg(drawn[1])
    assert all(word in text for word in ("restored residual", "false alarm", "scratch"))
    assert text.count("<image") == 3 * 6 + 4  # pictures and scales


def test_what_there_is_none_of_is_said(tmp_path):
    quiet = made_details(defects=("good", "hole"))
    quiet = made_details(defects=("good", "hole"), pictures=quiet.pictures[1:])
    info = next(seen(study(tmp_path, lambda *cell: quiet)))
    assert "There is no false alarm and no miss." in figure(info).caption


def test_captions_name_only_the_maps_there_are_and_their_units(tmp_path):
    def only(*names):
        kept = made_details().pictures
        maps = {name: kept[0].maps[name] for name in names}
        return made_details(pictures=tuple(type(p)(p.index, p.reasons, p.input, p.mask, maps) for p in kept))

    distances = figure(next(seen(study(tmp_path, lambda *cell: only("anomaly"))))).caption
    assert "The anomaly map has one colour scale, on its right; the anomaly map is in the unit of" in distances
    assert "residual" not in distances
    restored = figure(next(seen(study(tmp_path, lambda *cell: only("anomaly", "residual"))))).caption
    assert "Each of restored residual, anomaly map has" in restored
    assert "in standard deviations above what is usual" in restored
    assert "uncertainty" not in restored


def test_without_normal_images_there_is_no_threshold(tmp_path):
    alone = made_details(defects=("hole", "scratch"))
    alone = made_details(defects=("hole", "scratch"), pictures=alone.pictures[1:])
    text = figure(next(seen(study(tmp_path, lambda *cell: alone)))).caption
    assert "there is no such threshold" in text
    assert "There is no" not in text


def test_an_unusual_protocol_is_told(tmp_path):
    results = results_of(lambda *cell: 0.5, data={"layout": "textures", "shots": 4})
    text = figure(next(seen(with_details(results, tmp_path)))).caption
    assert results.caveats[0] in text
