"""What a detector does in each step stays on the GPU: tried without one."""

from __future__ import annotations

import pytest
import torch
from every_detector import MODELS, built
from pretended_gpu import PretendedGPU, Waits, WrongDevice, backward

from ura_study.detectors.anomaly_map import full_size, image_scores
from ura_study.detectors.config import DETECTORS
from ura_study.detectors.scoring_config import ScoringSettings
from ura_study.detectors.uranet.network import URANet
from ura_study.features.transfer import sent
from ura_study.randomness import generator

GPU = torch.device("cuda")


@pytest.fixture
def gpu():
    with PretendedGPU() as pretended:
        yield pretended


def prepared(gpu, name, train):
    """Return a detector on the GPU. Once per fit it may wait: moments are taken in float64 on the CPU, and the greedy
    choice of a coreset goes from token to token.
    """
    detector = built(name, train)
    with gpu.allowed():
        detector.to(GPU)
        detector.prepare(train, generator(0, "prepare"))
    return detector


def step(detector, train):
    """Take the losses of two images and all gradients."""
    detector.train()
    terms = detector.losses(train.batch([0, 3], GPU), 0.5, generator(0, "losses"))
    backward(terms["total"])
    return terms


def scored(detector, train):
    """Calibrate the detector and score three images, to maps of full size and image scores."""
    detector.calibrate(train, generator(0, "calibrate"))
    known = None
    if detector.oracle:
        known = torch.zeros(3, train.map_size, train.map_size, dtype=torch.bool, device=GPU)
    return detector.score(train.batch([0, 1, 2], GPU), known)


def test_every_detector_is_tried():
    assert {raw["name"] for raw in MODELS.values()} == set(DETECTORS.loaded())


@pytest.mark.parametrize("name", MODELS)
def test_neither_a_step_nor_a_score_waits_for_the_gpu(gpu, train, name):
    detector = prepared(gpu, name, train)
    waits = gpu.waits
    if detector.trains_by_gradient:
        terms = step(detector, train)
        assert all(term.device == torch.device("cuda:0") for term in terms.values())
        assert any(p.grad is not None for p in detector.parameters())
    found = scored(detector, train)
    given = [value for value in vars(found).values() if value is not None]
    assert {value.device for value in given} == {torch.device("cuda:0")}
    assert found.maps.shape[0] == 3
    assert found.maps.shape[1] == found.maps.shape[2] >= 8  # it may be finer than the grid
    assert {t.device for t in detector.state_dict().values()} == {torch.device("cuda:0")}
    assert gpu.waits == waits


@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", ["full", "w/o perception", "w/o restoration", "plain weights"])
def test_a_step_in_lower_precision_does_not_wait(gpu, train, name, precision, monkeypatch):
    monkeypatch.setattr("torch.cuda.amp.common.amp_definitely_not_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda *_: True)
    detector, low = prepared(gpu, name, train), []
    with torch.autocast("cuda", precision):
        low.append((torch.ones(2, 2, device=GPU) @ torch.ones(2, 2, device=GPU)).dtype)
        step(detector, train)
    assert low == [precision]


@pytest.mark.parametrize("image_score", ["top", "max", "std"])
@pytest.mark.parametrize("smoothing", [0.0, 4.0])
def test_maps_and_image_scores_do_not_wait(gpu, image_score, smoothing):
    settings = ScoringSettings(image_score=image_score, smoothing=smoothing)
    full = full_size(torch.empty(3, 8, 8, device=GPU), 64, settings)
    assert (full.shape, full.device.type) == ((3, 64, 64), "cuda")
    found = image_scores(full, settings)
    assert (found.shape, found.device.type) == ((3,), "cuda")


def test_a_batch_is_read_without_a_wait(gpu, train):
    assert train.batch([0, 1], GPU).features.device.type == "cuda"


class Careless(URANet):
    """A detector that makes one mistake in each step and in each score."""

    mistake = "none"

    def _standardise(self, features):
        tokens = super()._standardise(features)
        match self.mistake:
            case "read":
                assert tokens.mean().item() is not None
            case "asked":
                assert bool(tokens.isfinite().all()) in (True, False)
            case "fetched":
                tokens.detach().cpu()
            case "selected":
                assert tokens[tokens > 0].dim() == 1
            case "sent and waited for":
                torch.zeros(3).to(tokens.device)
            case "made there":
                torch.tensor([1.0, 2.0], device=tokens.device)
            case "left on the CPU":
                tokens = tokens + torch.zeros(tokens.shape[-1])
            case "indexed from the CPU":
                tokens = tokens[:, torch.arange(tokens.shape[1])]
            case "drawn there":
                torch.randn(3, device=tokens.device, generator=torch.Generator())
        return tokens


@pytest.mark.parametrize("stage", [step, scored])
@pytest.mark.parametrize(
    ("mistake", "error"),
    [
        ("read", Waits),
        ("asked", Waits),
        ("fetched", Waits),
        ("selected", Waits),
        ("sent and waited for", Waits),
        ("made there", Waits),
        ("indexed from the CPU", Waits),
        ("left on the CPU", WrongDevice),
        ("drawn there", WrongDevice),
    ],
)
def test_mistakes_are_caught(gpu, train, mistake, error, stage):
    detector = prepared(gpu, "full", train)
    detector.__class__, detector.mistake = Careless, mistake
    with pytest.raises(error):
        stage(detector, train)


def test_what_is_allowed_is_counted_and_ends(gpu):
    value = torch.ones((), device=GPU)
    with gpu.allowed(value=3.0):
        assert value.item() == 3
    assert gpu.waits == 1
    with pytest.raises(Waits):
        value.item()


def test_gradients_are_those_of_the_engine_of_torch(train):
    detector = built("one head, deep", train)
    detector.prepare(train, generator(0, "prepare"))
    gradients = []
    for descend in (torch.Tensor.backward, backward):
        detector.zero_grad()
        descend(detector.losses(train.batch([0, 3]), 0.5, generator(0, "losses"))["total"])
        gradients.append([p.grad for p in detector.parameters()])
    torch.testing.assert_close(gradients[1], gradients[0])


def test_what_is_sent_within_the_cpu_stays_as_it_is():
    tensor = torch.ones(2)
    assert sent(tensor, torch.device("cpu")) is tensor
