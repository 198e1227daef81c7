"""How much work the frozen backbone is: operations for an image, and parameters."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.metadata import version

import torch
from torch.utils.flop_counter import FlopCounterMode

from ura_study.cache import cache_root, entry
from ura_study.canonical import digest
from ura_study.features.backbone import untrained
from ura_study.features.config import FeatureSettings

FILE = "work.json"


@dataclass(frozen=True)
class Work:
    """What one pass of a network costs, as timm builds it for the levels that are asked for.

    Of EfficientNet and its kin timm counts stages after the last of these, which `Backbone` leaves out.
    """

    flops: int
    """Operations for one image, as `torch.utils.flop_counter` counts them."""
    parameters: int


@lru_cache(maxsize=32)
def backbone_work(settings: FeatureSettings, image_size: int) -> Work:
    """Return the work of the backbone for an image of side `image_size`; it is kept in the cache.

    No weights are loaded and nothing is computed: the network passes tensors without values.
    """
    about = {
        "what": "work of a backbone",
        "name": settings.backbone,
        "layers": settings.layers,
        "image_size": image_size,
        "timm": version("timm"),
        "torch": torch.__version__,
    }
    folder = cache_root() / "backbones" / digest(about)
    entry(folder, about, lambda place: (place / FILE).write_text(json.dumps(asdict(_counted(settings, image_size)))))
    return Work(**json.loads((folder / FILE).read_text()))


def _counted(settings: FeatureSettings, image_size: int) -> Work:
    network = untrained(settings.backbone, settings.layers).eval().to("meta")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(torch.empty(1, 3, image_size, image_size, device="meta"))
    return Work(counter.get_total_flops(), sum(parameter.numel() for parameter in network.parameters()))
