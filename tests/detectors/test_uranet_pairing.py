"""Variants are paired: leaving a part out does not change what the others draw."""

import pytest
import torch

from ura_study.detectors.build import build_detector
from ura_study.detectors.uranet import network
from ura_study.detectors.uranet.config import URANetSettings

SMALL = {"perception": {"width": 8}, "restoration": {"width": 8, "prototypes": 16}}


@pytest.fixture
def masks(monkeypatch):
    """Collect the masks of synthetic anomalies as they are drawn."""
    drawn, corrupt = [], network.corrupt

    def collected(*arguments):
        result = corrupt(*arguments)
        drawn.append(result[1])
        return result

    monkeypatch.setattr(network, "corrupt", collected)
    return drawn


@pytest.mark.parametrize("part", ["perception", "restoration"])
def test_the_same_anomalies_are_synthesised_without_a_part(train, masks, part):
    prototypes = []
    for settings in (SMALL, SMALL | {part: False}):
        detector = build_detector(URANetSettings.model_validate(settings), train.channels, train.map_size)
        detector.prepare(train, torch.Generator().manual_seed(1))
        draws = torch.Generator().manual_seed(2)
        for step in range(3):
            detector.losses(train.batch([0, 1, 2]), step / 2, draws)
        if detector.restoration is not None:
            prototypes.append(detector.restoration.prototypes.detach().clone())
    assert all(torch.equal(one, other) for one, other in zip(masks[:3], masks[3:], strict=True))
    assert all(torch.equal(prototypes[0], other) for other in prototypes)


def test_without_synthesis_perception_is_what_it_starts_as(train):
    """Rows of an ablation differ by one thing: the parts that are left start alike, and nothing is synthesised."""
    full, without = (
        build_detector(URANetSettings.model_validate(SMALL | changed), train.channels, train.map_size)
        for changed in ({}, {"synthesis": False})
    )
    for detector in (full, without):
        detector.prepare(train, torch.Generator().manual_seed(1))
    started, same = full.state_dict(), without.state_dict()
    assert all(torch.equal(started[name], same[name]) for name in started)
    losses = without.losses(train.batch([0, 1]), 0.5, torch.Generator().manual_seed(2))
    assert set(losses) == {"total", "restoration"}
    assert not any(p.requires_grad for p in without.perception.parameters())
