"""How many operations it takes to score one image: the same on every machine, unlike seconds.

Counted are matrix products, convolutions and attention, by PyTorch's own counter (two operations for a multiplication
and an addition), and distances between vectors. What is done element by element is not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from ura_study.detectors.base import Detector
from ura_study.detectors.scoring_config import ScoringSettings
from ura_study.features.maps import FeatureMaps
from ura_study.runs.stages.scoring import score_maps


def scoring_flops(
    detector: Detector,
    images: FeatureMaps,
    settings: ScoringSettings,
    image_size: int,
    device: torch.device,
    known: np.ndarray | None = None,
) -> int:
    """Return the operations of a calibrated detector, smoothing included, for the first of `images`.

    `known` as in `score_images`.
    """
    first = None if known is None else known[:1]
    with FlopCounterMode(display=False, custom_mapping=UNKNOWN) as counter:
        score_maps(detector, images.subset([0]), settings, image_size, device, first)
    return counter.get_total_flops()


def _distances(first: torch.Size, second: torch.Size, *options: Any, out_shape: Any = None, **more: Any) -> int:
    """Return the operations for the distances of (…, P, D) and (…, R, D): a difference, a square and a sum each."""
    return 3 * int(np.prod(first)) * second[-2]


def _attention(query: torch.Size, key: torch.Size, value: torch.Size, *options: Any, **more: Any) -> int:
    """Return the operations of attention (…, N, D): queries times keys (…, P, D), weights times values (…, P, E)."""
    return 2 * int(np.prod(query[:-1])) * key[-2] * (query[-1] + value[-1])


#: Operators that PyTorch's counter does not know.
UNKNOWN = {
    torch.ops.aten._cdist_forward: _distances,
    torch.ops.aten._euclidean_dist: _distances,
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _attention,
}
