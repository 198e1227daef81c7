import io

import numpy as np
import pytest
import trees
from PIL import Image

from ura_study.data.checks import twins
from ura_study.data.checks.look import likeness, look


def test_exact_copies_name_the_first():
    assert twins.exact(["a", "b", "a"], ["x", "a", "b", "a"]) == [(0, 1), (1, 2), (0, 3)]
    assert twins.exact([], ["a"]) == []


def test_repeated_in_one_list():
    assert twins.repeated(["a", "b", "a", "c", "a"]) == [(0, 2), (2, 4)]


def hashes(count, seed):
    return [bytes(row) for row in np.random.default_rng(seed).integers(0, 256, (count, 32), dtype=np.uint8)]


def flipped(value, bits):
    """A hash with some of its bits turned."""
    unpacked = np.unpackbits(np.frombuffer(value, np.uint8))
    unpacked[:bits] ^= 1
    return np.packbits(unpacked).tobytes()


@pytest.mark.parametrize(("bits", "found"), [(0, True), (twins.NEAR, True), (twins.NEAR + 1, False)])
def test_near_is_within_so_many_bits(bits, found):
    first, second = hashes(5, 0), hashes(600, 1)
    second[555] = flipped(first[3], bits)
    assert twins.near(first, second) == ([(3, 555)] if found else [])


def test_near_gives_the_nearest_once():
    first = hashes(1, 0)
    assert twins.near([flipped(first[0], 4), flipped(first[0], 1)], first) == [(1, 0)]
    assert twins.near([], first) == twins.near(first, []) == []


def textured(seed):
    noise = np.random.default_rng(seed).integers(0, 256, (12, 12), dtype=np.uint8)
    return Image.fromarray(noise).resize((240, 240), Image.Resampling.BICUBIC)


def distance(one, other):
    differing = np.frombuffer(likeness(one), np.uint8) ^ np.frombuffer(likeness(other), np.uint8)
    return int(np.bitwise_count(differing).sum())


def test_likeness_survives_another_file_type_size_and_exposure():
    image = textured(0)
    compressed = io.BytesIO()
    image.save(compressed, "jpeg", quality=60)
    darker = image.point(lambda value: value * 0.7 + 10)
    for again in (Image.open(compressed), image.resize((150, 150)), darker):
        assert distance(image, again) <= twins.NEAR
    assert distance(image, textured(1)) > 10 * twins.NEAR


def test_a_look_at_a_file(tmp_path):
    image, truth, black = trees.picture(tmp_path / "a.png", 0), trees.mask(tmp_path / "m.png"), tmp_path / "b.png"
    Image.new("L", (9, 7)).save(black)
    assert look(image).size == (32, 32)
    assert len(look(image).likeness) == 32
    assert not look(truth, is_mask=True).black
    assert look(black, is_mask=True).black
    assert look(black, is_mask=True).size == (9, 7)
    black.write_text("text")
    assert look(black).problem == f"{black}: cannot be read as an image (not an image)"
    assert look(tmp_path / "none.png").problem == f"{tmp_path}/none.png: cannot be read (No such file or directory)"
