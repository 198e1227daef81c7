"""Every detector on a real GPU: the same twice, close to the CPU, in any precision, and without waiting in a step.

    pytest -m gpu tests/detectors

needs neither Ray nor Optuna, no data and no download.
"""

from __future__ import annotations

import io
from contextlib import contextmanager

import pytest
import torch
from datasets import make_maps
from every_detector import MODELS, built

from ura_study.detectors.anomaly_map import full_size, image_scores
from ura_study.detectors.scoring_config import ScoringSettings
from ura_study.randomness import generator
from ura_study.runs.memory import peak_bytes, start_counting
from ura_study.training.config import TrainingSettings
from ura_study.training.loop import fit

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")]

CPU, GPU = torch.device("cpu"), torch.device("cuda")
IMAGES = [0, 3, 5, 8]
LOW = ["full", "w/o perception", "w/o restoration", "plain weights"]
TRIED = [(name, "float32") for name in MODELS] + [(name, low) for name in LOW for low in ("bfloat16", "float16")]

#: How far scores may differ between the devices, as a share of their spread over all positions. A GPU adds in another
#: order and has other approximations of logarithms and exponentials, so values differ in their last bits. Twenty steps
#: amplify that, and so does the choice of the nearest sources: two that are about equally near may change places.
#: With float16, steps whose gradients overflow are left out, and these may be others. (Largest on an H200: 0.29.)
CLOSE = {"float32": 0.02, "bfloat16": 0.15, "float16": 0.4}


@pytest.fixture(autouse=True)
def full_precision():
    """Products of float32 as the CPU has them, without TF32."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    yield
    torch.set_float32_matmul_precision(before)


@contextmanager
def no_waiting():
    """Make whatever waits for the GPU an error."""
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


def fitted(name, train, device, precision="float32", steps=20):
    detector = built(name, train)
    list(fit(detector, train, TrainingSettings(steps=steps, reports=2, precision=precision), 0, device))
    detector.calibrate(train, generator(0, "calibrate"))
    return detector


def scored(detector, device):
    """Return the maps and image scores of four images on `device`: other ones than those of the fit.

    PatchCore remembers some of those, at distance 0: near it, the root of a sum of squares is worth few digits.
    """
    others = make_maps(10, seed=1)
    known = torch.zeros(len(IMAGES), others.map_size, others.map_size, dtype=torch.bool, device=device)
    found = detector.score(others.batch(IMAGES, device), known)
    maps = full_size(found.maps, 64, ScoringSettings())
    return {"maps": maps, "scores": image_scores(maps, ScoringSettings()) if found.images is None else found.images}


def apart(found, expected):
    """Return the largest difference as a share of the standard deviation of the expected maps."""
    scale = expected["maps"].cpu().std()
    return max(((found[key].cpu() - expected[key].cpu()).abs().max() / scale).item() for key in expected)


@pytest.mark.parametrize(("name", "precision"), TRIED)
def test_a_fit_repeats_exactly_and_is_close_to_that_of_the_cpu(train, name, precision):
    first, again = (fitted(name, train, GPU, precision) for _ in range(2))
    states = first.state_dict(), again.state_dict()
    assert {tensor.device.type for tensor in states[0].values()} == {"cuda"}
    assert [key for key in states[0] if not torch.equal(states[0][key], states[1][key])] == []
    found, repeated = scored(first, GPU), scored(again, GPU)
    assert all(torch.equal(found[key], repeated[key]) for key in found)
    assert apart(found, scored(fitted(name, train, CPU, precision), CPU)) <= CLOSE[precision]


@pytest.mark.parametrize(("start", "end"), [(GPU, CPU), (CPU, GPU), (GPU, GPU)], ids=lambda device: device.type)
@pytest.mark.parametrize(
    "name",
    [
        "full",
        "w/o restoration",
        "plain weights",
        "patchcore",
        "patchcore, at random",
        "padim",
        "simplenet",
        "pbas",
        "mrkd",
        "noise fusion",
        "uniad",
        "pcsnet",
        "onenip",
        "feature fader",
        "prototypes",
        "feature editing",
    ],
)
def test_what_was_saved_scores_the_same_on_the_other_device(train, name, start, end):
    detector, file = fitted(name, train, start, steps=3), io.BytesIO()
    torch.save(detector.state_dict(), file)
    file.seek(0)
    loaded = built(name, train)
    loaded.load_state_dict(torch.load(file, map_location=end, weights_only=True))
    loaded.to(end)
    found, expected = scored(loaded, end), scored(detector, start)
    assert apart(found, expected) <= (0.0 if start == end else 0.005)


@pytest.mark.parametrize("name", ["full", "patchcore"])
def test_the_peak_of_memory_is_counted(train, name):
    detector = fitted(name, train, GPU, steps=1)
    start_counting(GPU)
    before = torch.cuda.memory_allocated(GPU)
    ballast = torch.empty(1 << 20, device=GPU)
    scored(detector, GPU)
    peak = peak_bytes(GPU)
    assert peak is not None
    assert peak >= before + ballast.nbytes
    start_counting(GPU)
    del ballast
    start_counting(GPU)
    assert peak_bytes(GPU) < peak


@pytest.mark.parametrize(("name", "precision"), TRIED)
def test_neither_a_step_nor_a_score_waits(train, name, precision):
    detector, dtype = fitted(name, train, GPU, steps=1), getattr(torch, precision)
    with no_waiting():
        scored(detector, GPU)
    if not detector.trains_by_gradient:
        return
    optimiser = torch.optim.AdamW(detector.parameter_groups())
    detector.train()
    for number in range(2):
        optimiser.zero_grad()
        with no_waiting():
            with torch.autocast("cuda", dtype, enabled=precision != "float32"):
                terms = detector.losses(train.batch([0, 1, 2, 3], GPU), 0.5, generator(number, "losses"))
            terms["total"].backward()
            torch.nn.utils.clip_grad_norm_(detector.parameters(), 10.0)
            optimiser.step()


def test_a_wait_is_an_error():
    value = torch.ones((), device=GPU)
    with no_waiting(), pytest.raises(RuntimeError, match="synchronizing"):
        value.item()


def test_maps_of_full_size_are_close_to_those_of_the_cpu():
    maps = make_maps(4).batch([0, 1, 2, 3]).features.mean(dim=1)
    both = [full_size(maps.to(device), 64, ScoringSettings()).cpu() for device in (CPU, GPU)]
    torch.testing.assert_close(both[1], both[0], rtol=1e-4, atol=1e-5)
