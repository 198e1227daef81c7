"""Pixels are sorted and counted where the maps are: on a GPU that is not there, and on one that is."""

import numpy as np
import pytest
import torch
from pretended_gpu import PretendedGPU

from ura_study.metrics import judged, ranking
from ura_study.metrics.evaluate import evaluate


def case(images, side):
    """Return labels, scores, maps, masks and kinds of defects; many pixels of the maps tie."""
    draws = np.random.default_rng(0)
    labels = np.arange(images) % 3 > 0
    masks = [draws.random((side, side)) < 0.1 if label else None for label in labels]
    maps = torch.from_numpy(draws.standard_normal((images, side, side)).astype(np.float32).round(3))
    kinds = [f"kind {n % 2}" if label else "good" for n, label in enumerate(labels)]
    return labels, maps.amax(dim=(1, 2)).numpy(), maps, masks, kinds


def test_pixels_are_sorted_on_the_gpu(monkeypatch):
    labels, scores, maps, masks, kinds = case(6, 16)
    seen = []
    for name in ("ascending", "tiers"):
        function = getattr(ranking, name)
        monkeypatch.setattr(judged, name, lambda pixels, do=function: seen.append(pixels.device.type) or do(pixels))
    with PretendedGPU() as gpu, gpu.allowed(value=0):  # all that is read is 0, so the numbers mean nothing
        found = evaluate(labels, scores, torch.empty(maps.shape, device="cuda"), masks, defects=kinds)
    assert seen == ["cuda"] * 3
    assert found.undefined.keys() == evaluate(labels, scores, maps, masks).undefined.keys()


@pytest.fixture(params=[(9, 64), (300, 256)])
def on_gpu(request):
    labels, scores, maps, masks, kinds = case(*request.param)
    return {"labels": labels, "scores": scores, "maps": maps.to("cuda"), "masks": masks, "defects": kinds}


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_a_gpu_gives_the_very_numbers_of_the_cpu(on_gpu):
    found, expected = evaluate(**on_gpu), evaluate(**on_gpu | {"maps": on_gpu["maps"].cpu()})
    assert found.values == pytest.approx(expected.values, rel=0, abs=0, nan_ok=True)
    assert {kind: of.values for kind, of in found.defects.items()} == {
        kind: of.values for kind, of in expected.defects.items()
    }
    for name, curve in expected.curves.items():
        np.testing.assert_array_equal(found.curves[name], curve)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_memory_of_a_gpu_is_at_most_four_times_that_of_the_maps():
    labels, scores, maps, masks, kinds = case(1000, 256)
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    maps = maps.to("cuda")
    evaluate(labels, scores, maps, masks, defects=kinds)
    assert torch.cuda.max_memory_allocated() - before <= 4 * maps.nbytes
