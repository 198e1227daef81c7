"""The detectors that come with the program, small, with each of their parts switched off in turn."""

from __future__ import annotations

from pydantic import TypeAdapter

from ura_study.detectors.base import Detector
from ura_study.detectors.build import build_detector
from ura_study.detectors.config import Model
from ura_study.features.maps import FeatureMaps

PERCEPTION = {"width": 16, "mc_samples": 3}
RESTORATION = {"width": 8, "prototypes": 16, "exclusion": 1}
URANET = {"name": "uranet", "perception": PERCEPTION, "restoration": RESTORATION}
PATCHCORE = {"name": "patchcore", "coreset": 0.2, "neighbours": 3}
UNIAD = {"name": "uniad", "width": 16, "depth": 2, "heads": 4, "neighbourhood": 5}
ONENIP = UNIAD | {"name": "onenip"}
EDITING = {"name": "feature_editing", "coreset": 0.2, "width": 8}

MODELS = {
    "full": URANET,
    "w/o synthesis": URANET | {"synthesis": False},
    "w/o perception": URANET | {"perception": False},
    "w/o restoration": URANET | {"restoration": False},
    "w/o synthesis and perception": URANET | {"synthesis": False, "perception": False},
    "w/o synthesis and restoration": URANET | {"synthesis": False, "restoration": False},
    "no part at all": URANET | {"synthesis": False, "perception": False, "restoration": False},
    "soft edges": URANET | {"synthesis": {"edge": 3, "share": 0.5}},
    "plain weights": URANET | {"perception": PERCEPTION | {"bayesian": False}},
    "one head, deep": URANET | {"perception": PERCEPTION | {"heads": 1}, "restoration": RESTORATION | {"depth": 2}},
    "open gate": URANET | {"perception": PERCEPTION | {"gate": "open"}},
    "oracle": URANET | {"perception": PERCEPTION | {"gate": "oracle"}},
    "patchcore": PATCHCORE,
    "patchcore, projected": PATCHCORE | {"projection": 4, "image_score": "max"},
    "patchcore, at random": PATCHCORE | {"selection": "random", "standardise": True, "image_score": "map"},
    "patchcore, one neighbour": PATCHCORE | {"neighbours": 1},
    "padim": {"name": "padim"},
    "padim, three channels": {"name": "padim", "channels": 3, "image_score": "map"},
    "simplenet": {"name": "simplenet", "hidden": 16},
    "simplenet, some tokens as they are": {"name": "simplenet", "hidden": 16, "standardise": False, "tokens": 20},
    "pbas": {"name": "pbas", "hidden": 16},
    "reverse distillation": {"name": "reverse_distillation", "blocks": 1},
    "mrkd": {"name": "mrkd", "blocks": 1},
    "mrkd, only parts of maps hidden": {"name": "mrkd", "blocks": 1, "image_masking": False},
    "noise fusion": {"name": "noise_fusion", "blocks": 1},
    "noise fusion, without noise": {"name": "noise_fusion", "blocks": 1, "noise": 0, "image_score": "max"},
    "pbas, some tokens": {"name": "pbas", "hidden": 16, "tokens": 20, "image_score": "map"},
    "uniad": UNIAD,
    "pcsnet": {"name": "pcsnet", "width": 4},
    "uniad, raw features, no mask": UNIAD | {"standardise": False, "neighbourhood": 0, "image_score": "map"},
    "onenip": ONENIP,
    "onenip, of normal images alone": ONENIP | {"restoration": False, "refiner": False, "image_score": "map"},
    "feature fader": {"name": "feature_fader", "width": 8},
    "feature fader, masked and not attenuated": {
        "name": "feature_fader",
        "width": 8,
        "masking": True,
        "attenuation": False,
    },
    "prototypes": {"name": "prototypes", "steps": 3},
    "prototypes, several at each position": {"name": "prototypes", "steps": 3, "per_position": 2, "tokens": None},
    "prototypes, local alone": {"name": "prototypes", "steps": 3, "spatial": [0.3], "image_score": "map"},
    "feature editing": EDITING,
    "feature editing, switched off": EDITING | {"edit": False, "image_score": "map"},
}


def built(name: str, train: FeatureMaps) -> Detector:
    """Return the detector with the settings `MODELS[name]`, not yet prepared."""
    return build_detector(TypeAdapter(Model).validate_python(MODELS[name]), train.channels, train.map_size)
