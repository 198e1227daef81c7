"""Corruptions of test images: what they do, that they are drawn by content, and that masks follow."""

import io

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from ura_study.data.corruption import ROTATION, SHIFT, corrupted, moved
from ura_study.data.corruption_config import CorruptionSettings
from ura_study.data.fingerprint import file_digest
from ura_study.data.images import load_image
from ura_study.data.preprocessing import Corrupting, Preprocessing
from ura_study.data.resizing import resized

KINDS = [kind for kind in CorruptionSettings.model_json_schema()["properties"]["kind"]["enum"] if kind != "none"]
SMOOTH = ("brightness", "contrast", "gaussian_blur", "defocus_blur", "gaussian_noise", "jpeg_compression")
DRAWN = ("gaussian_noise", "rotation", "shift")
ONE, OTHER = "00000000000000a1", "00000000000000b2"


def how(kind, severity=3):
    return CorruptionSettings(kind=kind, severity=severity)


def texture(side=64):
    """Colourful, with fine and coarse structure, and no pixel near black or white."""
    noise = np.random.default_rng(0).normal(size=(side, side, 3))
    coarse = ndimage.gaussian_filter(noise, (6, 6, 0))
    both = noise + 4 * coarse / coarse.std()
    return (128 + 50 * both / np.abs(both).max()).astype(np.uint8)


def grey(value, side=64):
    return np.full((side, side, 3), value, np.uint8)


def dot(side=65):
    image = grey(0, side)
    image[side // 2, side // 2] = 255
    return image


@pytest.mark.parametrize("kind", KINDS)
def test_more_severe_is_further_from_the_image(kind):
    image = texture()
    results = [corrupted(image, how(kind, severity), ONE) for severity in (1, 2, 3, 4, 5)]
    assert all((result.shape, result.dtype) == (image.shape, np.uint8) for result in results)
    distances = [np.abs(result.astype(int) - image).mean() for result in results]
    assert distances == sorted(distances)
    assert 0 < distances[0] < distances[-1]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_drawn_depends_on_the_content_alone(kind):
    image = texture()
    assert np.array_equal(corrupted(image, how(kind), ONE), corrupted(image, how(kind), ONE))
    others = {corrupted(image, how(kind), f"{number:016x}").tobytes() for number in range(8)}
    assert (len(others) > 1) == (kind in DRAWN)


@pytest.mark.parametrize(("severity", "added"), list(enumerate((0.1, 0.2, 0.3, 0.4, 0.5), start=1)))
def test_brightness_is_added_to_the_value(severity, added):
    image = np.tile(np.array([60, 90, 120], np.uint8), (8, 8, 1))
    result = corrupted(image, how("brightness", severity), ONE)
    assert result.max() == round(min(120 + 255 * added, 255))
    ratios = result[0, 0] / result[0, 0].max()
    np.testing.assert_allclose(ratios, np.array([60, 90, 120]) / 120, atol=0.01)  # hue and saturation stay


@pytest.mark.parametrize(("severity", "factor"), list(enumerate((0.4, 0.3, 0.2, 0.1, 0.05), start=1)))
def test_contrast_shrinks_around_the_mean_of_each_channel(severity, factor):
    image = texture()
    result = corrupted(image, how("contrast", severity), ONE).astype(float)
    np.testing.assert_allclose(result.mean(axis=(0, 1)), image.mean(axis=(0, 1)), atol=0.1)
    np.testing.assert_allclose(result.std(axis=(0, 1)), factor * image.std(axis=(0, 1)), atol=0.1)


@pytest.mark.parametrize(("severity", "deviation"), list(enumerate((0.08, 0.12, 0.18, 0.26, 0.38), start=1)))
def test_noise_has_the_published_deviation_and_grows_without_being_drawn_anew(severity, deviation):
    noise = corrupted(grey(128), how("gaussian_noise", severity), ONE).astype(float) - 128
    inside = np.abs(noise) < 120  # the rest is cut off
    expected = np.clip(128 + 255 * deviation * np.random.default_rng(1).normal(size=(10**6,)), 0, 255) - 128
    assert noise.std() == pytest.approx(expected.std(), rel=0.03)
    first = corrupted(grey(128), how("gaussian_noise", 1), ONE).astype(float) - 128
    assert np.corrcoef(noise[inside], first[inside])[0, 1] > 0.97


@pytest.mark.parametrize(("severity", "sigma"), list(enumerate((1, 2, 3, 4, 6), start=1)))
def test_blur_spreads_a_point_by_its_deviation(severity, sigma):
    step = grey(0, 64)
    step[:, 32:] = 255
    rise = np.diff(corrupted(step, how("gaussian_blur", severity), ONE)[32, :, 0].astype(float))  # the kernel itself
    places = np.arange(len(rise))
    mean = (rise * places).sum() / rise.sum()
    assert mean == pytest.approx(31)
    assert np.sqrt((rise * (places - mean) ** 2).sum() / rise.sum()) == pytest.approx(sigma, rel=0.05)


@pytest.mark.parametrize(("severity", "radius"), list(enumerate((3, 4, 6, 8, 10), start=1)))
def test_a_point_out_of_focus_is_an_even_disk(severity, radius):
    spread = corrupted(dot(), how("defocus_blur", severity), ONE)[..., 0]
    rows, columns = np.nonzero(spread)
    far = np.hypot(rows - 32, columns - 32)
    height = 255 / (np.pi * radius**2)
    assert abs(spread[32, 32] - height) <= 1
    if round(height) > 1:  # at larger radii, rounding leaves little to be seen
        assert radius - 1 <= far.max() <= radius + 2


@pytest.mark.parametrize(("severity", "quality"), list(enumerate((25, 18, 15, 10, 7), start=1)))
def test_jpeg_is_that_of_pillow(severity, quality):
    file = io.BytesIO()
    Image.fromarray(texture()).save(file, "JPEG", quality=quality)
    result = corrupted(texture(), how("jpeg_compression", severity), ONE)
    assert np.array_equal(result, np.asarray(Image.open(file)))


@pytest.mark.parametrize("severity", [1, 2, 3, 4, 5])
def test_a_shift_is_a_roll_but_for_the_border(severity):
    image, pixels = texture(100), round(100 * SHIFT[severity - 1])
    result = corrupted(image, how("shift", severity), ONE)
    inner = slice(pixels, -pixels)
    rolled = [np.roll(image, (a, b), (0, 1)) for a in (-pixels, pixels) for b in (-pixels, pixels)]
    assert sum(np.array_equal(result[inner, inner], other[inner, inner]) for other in rolled) == 1


@pytest.mark.parametrize("severity", [1, 5])
def test_a_rotation_is_that_of_pillow_but_for_the_border(severity):
    image, degrees = texture(101), ROTATION[severity - 1]
    result = corrupted(image, how("rotation", severity), ONE).astype(float)
    turned = [
        np.asarray(Image.fromarray(image).rotate(sign * degrees, Image.Resampling.BILINEAR)).astype(float)
        for sign in (-1, 1)
    ]
    inner = slice(20, -20)
    differences = sorted(np.abs(result - other)[inner, inner].mean() for other in turned)
    assert differences[0] < 1 < differences[1]


@pytest.mark.parametrize("kind", ["rotation", "shift"])
@pytest.mark.parametrize("content", [ONE, OTHER])
def test_masks_move_with_their_images(kind, content):
    mask = np.zeros((64, 64), bool)
    mask[10:30, 34:58] = True
    image = np.repeat(255 * mask[..., None].astype(np.uint8), 3, axis=2)
    after = moved(mask, how(kind, 5), content)
    assert (after != mask).sum() > 50
    assert ((corrupted(image, how(kind, 5), content)[..., 0] > 127) != after).sum() <= 10  # along the border


@pytest.mark.parametrize("kind", ["rotation", "shift"])
def test_masks_move_alike_at_every_size_and_shape(kind):
    mask = np.zeros((80, 160), bool)
    mask[20:50, 60:130] = True
    at_its_own = resized(moved(mask, how(kind, 5), ONE), 64)
    assert (moved(resized(mask, 64), how(kind, 5), ONE) != at_its_own).mean() < 0.01


@pytest.mark.parametrize("kind", [*SMOOTH, "none"])
def test_other_corruptions_leave_masks_where_they_are(kind):
    mask = np.eye(8, dtype=bool)
    assert moved(mask, how(kind), ONE) is mask


def test_a_file_is_corrupted_as_the_network_sees_it(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(texture(96)).save(path)
    clean = load_image(path, Preprocessing(64))
    wanted = corrupted(clean, how("gaussian_noise"), file_digest(path))
    assert np.array_equal(load_image(path, Corrupting(64, corruption=how("gaussian_noise"))), wanted)
    path.rename(tmp_path / "b.png")
    assert np.array_equal(load_image(tmp_path / "b.png", Corrupting(64, corruption=how("gaussian_noise"))), wanted)


def test_only_a_corruption_is_part_of_the_identity():
    assert Preprocessing().identity() == {"image_size": 256}
    assert Corrupting(corruption=how("shift", 2)).identity() == {
        "image_size": 256,
        "corruption": {"kind": "shift", "severity": 2},
    }
