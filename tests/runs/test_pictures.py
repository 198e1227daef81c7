"""Which images are kept as pictures, and what of them."""

import numpy as np
import torch
from PIL import Image

from ura_study.data.config import DataSettings
from ura_study.data.table import Sample
from ura_study.metrics.uncertainty import TokenMaps
from ura_study.runs.details import EXAMPLE, FALSE_ALARM, HIGHEST, LOWEST, MEDIAN, MISS
from ura_study.runs.stages.pictures import MAP_SIDE, SIDE, chosen, examples, pictures
from ura_study.runs.stages.scoring import Scored


def samples(*defects):
    return [Sample(None, defect) for defect in defects]


def scores(*values):
    return np.array(values, np.float32)


def test_highest_median_and_lowest_of_the_anomalous_images():
    found = chosen(samples("hole", "good", "hole", "hole", "hole", "hole"), scores(5, 0, 9, 7, 6, 8))
    assert found == {2: (HIGHEST,), 3: (MEDIAN, EXAMPLE), 0: (LOWEST,)}


def test_mistakes_at_the_threshold_of_the_largest_f1():
    # threshold 6: all anomalous images but the one at 2, and the normal one at 7 beside them
    of = samples("good", "good", "good", *["hole"] * 6)
    found = chosen(of, scores(7, 5, 4, 10, 9, 8, 6.5, 6, 2))
    assert found[0] == (FALSE_ALARM,)
    assert found[8] == (LOWEST, MISS)
    assert not any(FALSE_ALARM in reasons or MISS in reasons for i, reasons in found.items() if i not in (0, 8))


def test_no_more_than_two_mistakes_of_a_kind_the_worst_ones():
    found = chosen(samples(*["good"] * 4, *["hole"] * 20), scores(13, 11, 12, 0, *range(20, 10, -1), *[30] * 10))
    assert [i for i, reasons in found.items() if FALSE_ALARM in reasons] == [0, 2]


def test_without_normal_or_anomalous_images_there_are_no_mistakes():
    assert chosen(samples("good", "good"), scores(1, 2)) == {}
    assert chosen(samples("hole"), scores(1)) == {0: (HIGHEST, MEDIAN, LOWEST, EXAMPLE)}


def test_examples_do_not_depend_on_scores():
    of = samples("good", *["hole"] * 3, "scratch", *["good"] * 2, "a", "b", "c")
    assert examples(of) == [2, 4, 7, 8]


def test_a_picture_has_the_input_its_mask_and_the_maps(tmp_path):
    for name, value in (("normal", 40), ("bad", 200)):
        Image.new("RGB", (90, 60), (value, 0, 0)).save(tmp_path / f"{name}.png")
    of = [Sample(tmp_path / "normal.png", "good"), Sample(tmp_path / "bad.png", "hole")]
    mask = np.zeros((64, 64), bool)
    mask[:32] = True
    tokens = TokenMaps(*(np.full((2, 8, 8), value, np.float32) for value in (0.75, 0.06, 0.10)))
    scored = Scored(torch.ones(2, 64, 64), scores(0, 1), 1.0, tokens, np.full((2, 8, 8), 1e9, np.float32))
    (picture,) = pictures(of, scored, [None, mask], DataSettings(layout="textures", image_size=64))
    assert picture.index == 1
    assert (picture.input == (200, 0, 0)).all()
    assert picture.input.shape == (SIDE, SIDE, 3)
    assert picture.mask[: SIDE // 2].all()
    assert not picture.mask[SIDE // 2 :].any()
    assert picture.maps["anomaly"].shape == (MAP_SIDE, MAP_SIDE)
    assert (picture.maps["probability"] == 0.75).all()
    np.testing.assert_allclose(picture.maps["uncertainty"], 0.4, rtol=1e-3)
    assert np.isfinite(picture.maps["residual"]).all()
    (blind,) = pictures(of, Scored(scored.maps, scored.scores, 1.0), [None, None], DataSettings(layout="textures"))
    assert blind.mask is None
    assert set(blind.maps) == {"anomaly"}
