import subprocess
import sys

import pytest
from pydantic import ValidationError

from ura_study.detectors.uranet.config import (
    PerceptionSettings,
    RestorationSettings,
    URANetSettings,
)
from ura_study.detectors.uranet.synthesis_config import NoiseSettings


def test_true_means_the_defaults_and_false_leaves_out():
    settings = URANetSettings.model_validate({"synthesis": True, "perception": False, "restoration": True})
    assert settings.synthesis == NoiseSettings()
    assert settings.perception is False
    assert settings.restoration == RestorationSettings()


def test_some_keys_keep_the_defaults_of_others():
    settings = URANetSettings.model_validate({"perception": {"mc_samples": 8}})
    assert settings.perception == PerceptionSettings(mc_samples=8)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"restoration": False, "perception": False}, "both off, so nothing learns from synthesis"),
        ({"restoration": {"sources": 0}}, "greater than or equal to 1"),
        ({"perception": {"gate": "perceive"}}, "'perceived', 'open' or 'oracle'"),
        ({"synthesis": {"min_area": 0.3}}, "min_area <= max_area must hold, but got 0.3 and 0.25"),
        ({"synthesis": {"edge": 2}}, "edge must be odd, but got 2"),
        ({"synthesis": {"strength": 0.0}}, "greater than 0"),
        ({"synthesis": {"strenght": 1.0}}, "Extra inputs are not permitted"),
        ({"perception": {"mc_samples": 0}}, "greater than or equal to 1"),
        ({"restoration": {"prototypes": 0}}, "greater than or equal to 1"),
        ({"perception": None}, "perception"),
    ],
)
def test_rejections(model, message):
    with pytest.raises(ValidationError, match=message):
        URANetSettings.model_validate(model)


def test_all_parts_may_be_off():
    bare = URANetSettings(synthesis=False, perception=False, restoration=False)
    assert not bare.oracle


def test_an_oracle_is_who_is_told_the_true_masks_and_heeds_them():
    told = {"perception": {"gate": "oracle"}}
    assert URANetSettings.model_validate(told).oracle
    assert not URANetSettings.model_validate(told | {"restoration": False}).oracle
    assert not URANetSettings().oracle
    assert not URANetSettings(perception=False).oracle


def test_settings_are_read_without_torch():
    modules = "ura_study.detectors.uranet.config, ura_study.detectors.scoring_config, ura_study.training.config"
    program = f"import {modules}, sys; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
