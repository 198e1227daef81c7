import numpy as np
import pytest
import torch
from torch.nn import functional

from ura_study.features.maps import FeatureMaps, averaged, to_grid


def test_layers_are_brought_to_one_grid_and_concatenated():
    fine = np.arange(2 * 1 * 4 * 4, dtype=np.float16).reshape(2, 1, 4, 4)
    coarse = np.array([[[[1.0]]], [[[5.0]]]], dtype=np.float16)
    maps = FeatureMaps((fine, coarse), map_size=2)
    assert (len(maps), maps.channels) == (2, 2)
    # mean of the blocks (0, 1, 4, 5), (2, 3, 6, 7), … of 4 × 4
    expected = torch.tensor([[[[2.5, 4.5], [10.5, 12.5]], [[1.0, 1.0], [1.0, 1.0]]]])
    torch.testing.assert_close(maps.batch([0]).features, expected)
    torch.testing.assert_close(maps.batch(slice(1, 2)).features[0, 1], torch.full((2, 2), 5.0))


def ones(side):
    return np.ones((1, 1, side, side), dtype=np.float32)


def test_pooling_by_layer_counts_zeros_beyond_the_border():
    averaged = FeatureMaps((ones(4),), map_size=4, neighbourhood=3).batch([0]).features[0, 0]
    #  4 of 9 places are there in a corner, 6 at an edge, all inside
    expected = torch.tensor([[4, 6, 6, 4], [6, 9, 9, 6], [6, 9, 9, 6], [4, 6, 6, 4]]) / 9
    torch.testing.assert_close(averaged, expected)


def test_pooling_on_the_grid_counts_only_what_is_there():
    maps = FeatureMaps((np.arange(9, dtype=np.float32).reshape(1, 1, 3, 3),), 3, neighbourhood=3, pooling="grid")
    averaged = maps.batch([0]).features[0, 0]
    assert averaged[1, 1] == 4
    assert averaged[0, 0] == (0 + 1 + 3 + 4) / 4
    assert averaged[0, 1] == (0 + 1 + 2 + 3 + 4 + 5) / 6
    torch.testing.assert_close(
        FeatureMaps((ones(4),), 4, neighbourhood=3, pooling="grid").batch([0]).features, torch.ones(1, 1, 4, 4)
    )


def test_pooling_by_layer_is_done_at_the_resolution_of_each():
    maps = FeatureMaps((ones(4), ones(2), ones(1)), map_size=2, neighbourhood=3).batch([0]).features[0]
    # fine: a block of 2 × 2 in a corner holds 4/9, 6/9, 6/9 and 1, whose mean is 25/36
    torch.testing.assert_close(maps[0], torch.full((2, 2), 25 / 36))
    torch.testing.assert_close(maps[1], torch.full((2, 2), 4 / 9))  # each place of 2 × 2 is a corner
    torch.testing.assert_close(maps[2], torch.full((2, 2), 1 / 9))


def test_pooling_on_the_grid_is_done_after_layers_are_brought_to_it():
    fine = np.zeros((1, 1, 4, 4), dtype=np.float32)
    fine[0, 0, :2, :2] = 8.0  # the first of 2 × 2 places on the grid
    maps = FeatureMaps((fine,), map_size=2, neighbourhood=3, pooling="grid").batch([0]).features[0, 0]
    torch.testing.assert_close(maps, torch.full((2, 2), 2.0))


@pytest.mark.parametrize("pooling", ["layer", "grid"])
def test_a_neighbourhood_of_one_leaves_all_as_it_is(pooling):
    layer = np.random.default_rng(0).random((2, 3, 4, 4), dtype=np.float32)
    torch.testing.assert_close(
        FeatureMaps((layer,), 4, neighbourhood=1, pooling=pooling).batch(slice(None)).features,
        torch.tensor(layer),
        rtol=0,
        atol=0,
    )


def test_finer_grids_are_interpolated():
    maps = torch.tensor([[[[0.0, 1.0], [0.0, 1.0]]]])
    torch.testing.assert_close(to_grid(maps, 4)[0, 0, 0], torch.tensor([0.0, 0.25, 0.75, 1.0]))


def test_layers_of_different_images_are_refused():
    with pytest.raises(ValueError, match=r"equally many images, but got \[2, 3\]"):
        FeatureMaps((np.zeros((2, 1, 2, 2)), np.zeros((3, 1, 2, 2))), 2)


def test_a_subset_is_the_maps_of_its_images():
    maps = FeatureMaps((np.arange(5 * 4, dtype=np.float32).reshape(5, 1, 2, 2),), 2)
    part = maps.subset([4, 0, 2])
    assert (len(part), part.channels) == (3, 1)
    torch.testing.assert_close(part.batch([0, 2]).features, maps.batch([4, 2]).features)
    torch.testing.assert_close(part.batch(slice(None)).features, maps.batch([4, 0, 2]).features)
    torch.testing.assert_close(part.subset([1]).batch(slice(0, 8)).features, maps.batch([0]).features)
    assert part.layers[0] is maps.layers[0]


@pytest.mark.parametrize("beyond", [True, False])
@pytest.mark.parametrize("channels", [2, 5, 40])
def test_pooling_gives_what_pytorch_does_to_the_bit_and_keeps_the_order_of_memory(channels, beyond):
    drawn = torch.randn(3, channels, 14, 14, generator=torch.Generator().manual_seed(0))
    mean = functional.avg_pool2d(drawn, 3, stride=1, padding=1, count_include_pad=beyond)
    finer = functional.interpolate(drawn, size=33, mode="bilinear", align_corners=False)
    for maps in (drawn, drawn.contiguous(memory_format=torch.channels_last)):
        for found, expected in ((averaged(maps, 3, beyond), mean), (to_grid(maps, 33), finer)):
            assert torch.equal(found, expected)
            assert found.is_contiguous() == maps.is_contiguous()
