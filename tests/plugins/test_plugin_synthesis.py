"""The kind of synthesis of the example, in URA-Net and in studies."""

import pytest
import torch
from datasets import make_maps
from plugged import SOURCES

from ura_study import plugins
from ura_study.detectors.build import build_detector
from ura_study.detectors.uranet.config import URANetSettings
from ura_study.errors import ConfigError
from ura_study.study.loading import load_study
from ura_study.study.plan import expand

pytestmark = pytest.mark.usefixtures("unplugged")


@pytest.fixture
def swap():
    plugins.imported(str(SOURCES / "synthesis.py"))
    from synthesis import SwapSettings
    from synthesis import swap as function

    return SwapSettings(), function


def test_tokens_of_share_0_stay_as_they_are(swap, generator):
    settings, function = swap
    tokens = torch.randn(4, 16, 6, generator=generator)
    shares = (torch.rand(4, 16, generator=generator) < 0.5).float()
    found = function(tokens, shares, torch.ones(4), settings, generator)
    assert torch.equal(found[shares == 0], tokens[shares == 0])
    assert (found[shares == 1] != tokens[shares == 1]).any(dim=1).all()


def test_a_kind_of_synthesis_trains_uranet(swap, generator):
    train = make_maps(10)
    small = {"perception": {"width": 16}, "restoration": {"width": 8, "prototypes": 16, "exclusion": 1}}
    settings = URANetSettings.model_validate(small | {"synthesis": {"kind": "swap", "share": 1.0}})
    assert type(settings.synthesis) is type(swap[0])
    detector = build_detector(settings, train.channels, train.map_size)
    detector.prepare(train, generator)
    losses = detector.losses(train.batch(slice(None)), 0.0, generator)
    losses["total"].backward()
    assert losses["total"].isfinite()
    other = build_detector(URANetSettings.model_validate(small), train.channels, train.map_size)
    other.load_state_dict(detector.state_dict())
    plain = other.losses(train.batch(slice(None)), 0.0, torch.Generator().manual_seed(0))
    assert plain["perception"] != losses["perception"]


@pytest.mark.parametrize(
    ("synthesis", "told"),
    [
        ({"kind": "swop"}, r"base\.model\.synthesis: expected .*'swap'.*did you mean 'swap'\?"),
        ({"kind": "swap", "strenght": 2}, r"base\.model\.synthesis\.strenght: unknown key; did you mean 'strength'\?"),
        ({"kind": "swap", "edge": 2}, r"base\.model\.synthesis\.edge: edge must be odd, but got 2"),
    ],
)
def test_errors_in_its_section_of_synthesis(study, synthesis, told):
    with pytest.raises(ConfigError, match=told):
        load_study(study("synthesis", base={"model": {"synthesis": synthesis}}))


def test_synthesis_can_be_swept_and_switched_off(study):
    ablations = {
        "kinds": {"sweep": {"model.synthesis": [{"kind": "swap"}]}},
        "parts": {"leave_one_out": ["model.synthesis"]},
    }
    names = [variant.name for variant in expand(load_study(study("synthesis", ablations=ablations)))]
    assert names == ["full", "synthesis=swap", "w/o synthesis"]
