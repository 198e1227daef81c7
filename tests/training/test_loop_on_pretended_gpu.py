"""A whole training on a GPU that is not there: it waits once per interval, and nowhere else."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from every_detector import built
from pretended_gpu import PretendedGPU, Waits, backward

from ura_study.training import loop
from ura_study.training.config import TrainingSettings
from ura_study.training.loop import fit

GPU = torch.device("cuda")


@pytest.fixture
def gpu(monkeypatch):
    monkeypatch.setattr("torch.cuda.amp.common.amp_definitely_not_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda *_: True)
    monkeypatch.setattr(torch.Tensor, "backward", backward)
    with PretendedGPU() as pretended:
        yield pretended


def allow(gpu, monkeypatch, owner, name, value=1.0):
    """Let `owner.name` wait for the GPU."""
    monkeypatch.setattr(owner, name, gpu.allowed(value)(getattr(owner, name)))


def trained(gpu, monkeypatch, detector, train, **settings):
    """Train the detector; return how often the program waited after the start."""
    for name in ("to", "prepare"):  # once per fit
        allow(gpu, monkeypatch, detector, name)
    for name in ("_check", "_means"):  # once per interval
        allow(gpu, monkeypatch, loop, name)
    counts, losses = [], detector.losses

    def counted(*arguments):
        counts.append(gpu.waits)
        return losses(*arguments)

    monkeypatch.setattr(detector, "losses", counted)
    list(fit(detector, train, TrainingSettings(**settings), 0, GPU))
    assert len(counts) == settings["steps"] * settings.get("accumulate", 1)
    return [after - before for before, after in pairwise(counts)]


@pytest.mark.parametrize("more", [{}, {"accumulate": 2}, {"precision": "bfloat16"}, {"precision": "float16"}])
@pytest.mark.parametrize("name", ["full", "w/o perception", "w/o restoration", "w/o synthesis"])
def test_steps_of_an_interval_do_not_wait(gpu, monkeypatch, train, name, more):
    detector = built(name, train)
    assert set(trained(gpu, monkeypatch, detector, train, steps=4, reports=1, **more)) == {0}
    assert all(p.device.type == "cuda" for p in detector.parameters())


def test_the_end_of_an_interval_waits(gpu, monkeypatch, train):
    waits = trained(gpu, monkeypatch, built("full", train), train, steps=4, reports=2)
    assert [bool(count) for count in waits] == [False, True, False]


def test_a_detector_that_reads_its_loss_is_caught(gpu, monkeypatch, train):
    detector = built("full", train)
    losses = detector.losses

    def read(*arguments):
        terms = losses(*arguments)
        assert terms["total"].item() is not None
        return terms

    monkeypatch.setattr(detector, "losses", read)
    with pytest.raises(Waits):
        trained(gpu, monkeypatch, detector, train, steps=2, reports=1)
