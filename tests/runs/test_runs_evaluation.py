"""At which size maps and masks are compared."""

import numpy as np
import pytest
import torch
import trees
from PIL import Image

from ura_study.data.config import DataSettings
from ura_study.data.table import Sample
from ura_study.errors import DataError
from ura_study.metrics.uncertainty import TokenMaps
from ura_study.runs.stages.evaluation import as_seen, enlarged, evaluate_run, evaluate_tokens, touched, truth_of
from ura_study.runs.stages.scoring import Scored
from ura_study.study.config import EvaluationSettings


def settings(**options):
    return DataSettings(layout="mvtec_ad", root="/x", image_size=32, **options)


@pytest.fixture
def samples(tmp_path):
    """A normal and an anomalous image of 64×96 pixels; the defect is the pixel at (10, 20)."""
    truth = np.zeros((64, 96), np.uint8)
    truth[10, 20] = 255
    for name in ("good", "bad"):
        Image.new("L", (96, 64)).save(tmp_path / f"{name}.png")
    Image.fromarray(truth).save(tmp_path / "mask.png")
    return [Sample(tmp_path / "good.png", "good"), Sample(tmp_path / "bad.png", "spot", (tmp_path / "mask.png",))]


def judged(samples, found, options):
    return evaluate_run(found, truth_of(samples, options), EvaluationSettings())


def scored(row, column, side=32):
    maps = torch.zeros(2, side, side)
    maps[1, row, column] = 1
    return Scored(maps, np.array([0, 1], np.float32), 0.0)


def test_a_defect_of_one_pixel_is_judged_at_a_small_size_and_at_the_original(samples):
    at = scored(5, 6)  # (10, 20) of 64×96 is (5, 6.67) of 32×32
    small = judged(samples, at, settings())
    assert small.values["pixel_auroc"] == 1
    own = judged(samples, at, settings(eval_size="original"))
    assert own.values["pixel_auroc"] > 0.99
    assert own.values["image_auroc"] == small.values["image_auroc"] == 1
    assert truth_of(samples, settings()).counts == {"regions": 1, "regions_judged": 1, "normal_pixels": 32 * 32}


def test_masks_are_compared_at_the_size_asked_for(tmp_path):
    picture, truth = trees.picture(tmp_path / "a.png", 0, 64), trees.mask(tmp_path / "m.png", 64)
    samples = [Sample(trees.picture(tmp_path / "b.png", 0, 64), "good"), Sample(picture, "spot", (truth,))]
    exact = np.array(Image.open(truth)) > 0
    at = Scored(torch.tensor(np.stack([np.zeros((64, 64)), exact])).float(), np.array([0, 1], np.float32), 0.0)
    metrics = judged(samples, at, settings(eval_size=64))
    assert metrics.values["pixel_ap"] == metrics.values["pixel_f1_max"] == 1


def test_a_crop_is_judged_on_what_it_sees(tmp_path):
    pixels = np.zeros((32, 96), np.uint8)
    pixels[4:12, 40:50] = 255  # seen: columns 32..63
    pixels[:, :8] = 255  # not seen
    for name in ("image.png", "mask.png", "good.png"):
        Image.fromarray(pixels).save(tmp_path / name)
    samples = [Sample(tmp_path / "good.png", "good"), Sample(tmp_path / "image.png", "spot", (tmp_path / "mask.png",))]
    for eval_size in (None, 64):
        side = eval_size or 32
        at = torch.zeros(2, side, side)
        at[1, 4 * side // 32 : 12 * side // 32, 8 * side // 32 : 18 * side // 32] = 1
        found = Scored(at, np.array([0, 1], np.float32), 0.0)
        assert judged(samples, found, settings(resize="crop", eval_size=eval_size)).values["pixel_ap"] == 1


def test_images_of_different_sizes_have_no_common_original(samples, tmp_path):
    Image.new("L", (80, 64)).save(tmp_path / "good.png")
    with pytest.raises(DataError) as caught:
        truth_of(samples, settings(eval_size="original"))
    assert str(caught.value) == (
        f"{tmp_path}/bad.png: data.eval_size 'original' needs test images of one size, but this one is 96×64 and "
        f"{tmp_path.name}/good.png 80×64; give a number instead"
    )


def test_maps_are_resized_only_where_needed():
    maps = torch.rand(3, 8, 8, generator=torch.Generator().manual_seed(0))
    assert enlarged(maps, (8, 8)) is maps
    large = enlarged(maps, (16, 24))
    assert large.shape == (3, 16, 24)
    assert large.dtype == torch.float32
    flat = enlarged(torch.full((1, 8, 8), 0.3), (5, 9))
    np.testing.assert_allclose(flat, 0.3, rtol=1e-6)


def test_masks_as_the_network_sees_them_are_read_anew_only_at_another_size(samples):
    same, other = settings(), settings(eval_size=64)
    truth = truth_of(samples, same)
    assert as_seen(samples, same, truth) is truth.masks
    seen = as_seen(samples, other, truth_of(samples, other))
    assert seen[0] is None
    assert seen[1].shape == (32, 32)


def test_an_oracle_knows_each_token_that_a_mask_touches():
    """One pixel of 8 × 8 at (5, 2) is in the token (2, 1) of 4 × 4; of an image without a mask nothing is known."""
    mask = np.zeros((8, 8), bool)
    mask[5, 2] = True
    known = touched([None, mask], 4)
    assert known.shape == (2, 4, 4)
    assert np.argwhere(known).tolist() == [[1, 2, 1]]
    assert not touched([None, None], 4).any()


def test_what_uncertainty_is_worth_is_asked_of_images_whose_pixels_are_known():
    """The second image is anomalous without a mask: it counts neither as right nor as wrong."""
    mask = np.zeros((8, 8), bool)
    mask[:4, :4] = True
    right = np.zeros((3, 4, 4), np.float32)
    right[0, :2, :2], right[1] = 1, 0.5
    nothing = np.zeros_like(right)
    labels = np.array([True, True, False])
    found = evaluate_tokens(TokenMaps(right, nothing, nothing), labels, [mask, None, None])
    assert (found.values["ece"], found.values["brier"], found.values["aurc"]) == (0, 0, 0)
    unknown = evaluate_tokens(TokenMaps(right, nothing, nothing), labels, [None, None, None])
    assert set(unknown.undefined.values()) == {"no anomalous test image has a mask"}
    assert set(evaluate_tokens(None, labels, [None] * 3).undefined.values()) == {"the detector gives no probabilities"}
