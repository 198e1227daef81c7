import threading

import numpy as np
import pytest
import torch

from ura_study.features.config import FeatureSettings
from ura_study.features.extract import batched, extracted, loaded

SETTINGS = FeatureSettings(weights="random", layers=(1,), map_size=8, precision="float32")


def image(number):
    return np.random.default_rng(number).integers(0, 256, (32, 32, 3), dtype=np.uint8)


def test_items_come_in_batches_and_a_rest():
    assert list(batched(range(5), 2)) == [(0, 1), (2, 3), (4,)]


@pytest.mark.parametrize("ahead", [0, 1, 9])
def test_batches_come_in_order_however_long_each_takes(ahead):
    late = threading.Event()

    def load(number):
        late.wait(5) if number == 0 else late.set()
        return number

    assert list(loaded([(0, 1), (2, 3), (4,)], load, 2, ahead)) == [[0, 1], [2, 3], [4]]


@pytest.mark.parametrize(("ahead", "begun"), [(0, 2), (1, 4)])
def test_no_more_is_loaded_ahead_than_asked_for(ahead, begun):
    seen = []
    each = loaded(batched(range(20), 2), lambda number: seen.append(number) or number, 1, ahead)
    next(each)
    each.close()
    assert begun - 2 * ahead <= len(seen) <= begun


@pytest.mark.parametrize("ahead", [0, 3])
def test_the_first_image_that_fails_is_told(ahead):
    def load(number):
        if number >= 3:
            raise ValueError(f"image {number}")
        return number

    each = loaded(batched(range(8), 2), load, 2, ahead)
    assert next(each) == [0, 1]
    with pytest.raises(ValueError, match=r"^image 3$"):
        next(each)
    assert list(each) == []


def test_maps_stand_in_the_order_of_the_images():
    maps = extracted(11, image, SETTINGS, torch.device("cpu")).layers[0]
    assert maps.shape == (11, 24, 8, 8)
    single = [extracted(1, lambda _, n=n: image(n), SETTINGS, torch.device("cpu")).layers[0] for n in (0, 5, 10)]
    np.testing.assert_allclose(maps[[0, 5, 10]], np.concatenate(single), rtol=1e-4, atol=1e-5)
