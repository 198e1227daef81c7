"""Grey values of more than eight bits."""

import numpy as np
import pytest
from PIL import Image

from ura_study.data.config import DataSettings
from ura_study.data.images import load_image, load_original, seen
from ura_study.data.preprocessing import Preprocessing, eight_bits
from ura_study.errors import DataError

#: What a camera of 12 bits puts into 16: 0..4095.
CAMERA = np.linspace(0, 4095, 64 * 64).reshape(64, 64).astype(np.uint16)


def test_twelve_bits_in_sixteen_keep_their_grey_levels(tmp_path):
    Image.fromarray(CAMERA).save(tmp_path / "a.png")
    levels = {d: len(np.unique(load_original(tmp_path / "a.png", d))) for d in ("type", "file", 12)}
    assert levels == {"type": 16, "file": 256, 12: 256}


@pytest.mark.parametrize(
    ("values", "depth", "expected"),
    [
        ([0, 257, 65535], "type", [0, 1, 255]),
        ([0, 2047, 4095], 12, [0, 127, 255]),
        ([0, 1], 1, [0, 255]),
        ([100, 150, 200], "file", [0, 127, 255]),
        ([7, 7, 7], "file", [0, 0, 0]),
        ([-1.0, 0.0, 1.0], "file", [0, 127, 255]),
    ],
)
def test_values(values, depth, expected):
    array = np.array(values, np.float32 if isinstance(values[0], float) else np.uint16)
    found = eight_bits(array, depth)
    assert found.dtype == np.uint8
    assert found.tolist() == expected


def test_what_does_not_fit_is_refused(tmp_path):
    Image.fromarray(CAMERA).save(tmp_path / "a.png")
    with pytest.raises(DataError, match=r"a.png: expected values of 11 bits \(data.depth\), but got 4095"):
        load_original(tmp_path / "a.png", 11)
    with pytest.raises(ValueError, match="infinite"):
        eight_bits(np.array([0, np.nan], np.float32), "file")


def test_eight_bits_stay_as_they_are(tmp_path):
    pixels = np.arange(100, 164, dtype=np.uint8).reshape(8, 8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    for depth in ("type", "file", 4, 12):
        np.testing.assert_array_equal(load_original(tmp_path / "a.png", depth)[..., 0], pixels)


def test_an_array_is_seen_as_its_file(tmp_path):
    Image.fromarray(CAMERA).save(tmp_path / "a.png")
    for how in (Preprocessing(32), Preprocessing(32, 48, 12), Preprocessing(32, depth="file")):
        np.testing.assert_array_equal(seen(CAMERA, how), load_image(tmp_path / "a.png", how))
    with pytest.raises(DataError, match=r"\(H, W\) of uint8 or uint16, but got \(64, 64\) of float64"):
        seen(CAMERA.astype(float), Preprocessing(32))


def test_depth_is_part_of_the_identity_where_it_is_in_use():
    identities = [DataSettings(depth=depth).identity() for depth in ("type", "file", 12)]
    assert "depth" not in identities[0]
    assert [identity["depth"] for identity in identities[1:]] == ["file", 12]
