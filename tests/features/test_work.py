"""The work of a backbone: operations and parameters."""

import pytest
import torch
from torch import nn

from ura_study.features import work
from ura_study.features.backbone import untrained
from ura_study.features.config import FeatureSettings

SETTINGS = FeatureSettings(layers=(1, 2))


def by_convolutions(network, size):
    """Return the operations of all convolutions of a network on an image: two for each multiplication."""
    total = 0

    def add(module, given, out):
        nonlocal total
        total += 2 * out.numel() * module.weight[0].numel()

    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(add)
    with torch.no_grad():
        network(torch.zeros(1, 3, size, size))
    return total


@pytest.fixture
def anew(cache):
    work.backbone_work.cache_clear()
    yield
    work.backbone_work.cache_clear()


def test_work_is_that_of_the_network_that_timm_builds(anew):
    network = untrained(SETTINGS.backbone, SETTINGS.layers).eval()
    found = work.backbone_work(SETTINGS, 64)
    assert found.parameters == sum(parameter.numel() for parameter in network.parameters())
    assert found.flops == by_convolutions(network, 64)
    near, deep = (
        work.backbone_work(FeatureSettings(backbone="resnet18", layers=layers), 64) for layers in ((1,), (2,))
    )
    assert near.flops < deep.flops
    assert near.parameters < deep.parameters


def test_it_is_counted_once_on_a_machine(anew, monkeypatch):
    before = work.backbone_work(SETTINGS, 64)
    work.backbone_work.cache_clear()
    monkeypatch.setattr(work, "untrained", None)
    assert work.backbone_work(SETTINGS, 64) == before
