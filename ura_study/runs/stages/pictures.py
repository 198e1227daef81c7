"""Which test images of a run are kept as pictures, with the maps of what the detector saw in them.

By image score: the highest, the median and the lowest of the anomalous images; the false alarms and the misses at the
threshold where F1 is largest. That threshold is found on these very images, so it belongs to a picture book and to no
decision. Beside them, whatever their scores, one image of each kind of defect: these are the same for all variants, to
be compared, and chosen by nothing but their place in the list.

Legend: N test images, H image side, S side of the feature grid, T side of a picture.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from ura_study.data.config import DataSettings
from ura_study.data.images import load_image
from ura_study.data.table import GOOD, Sample
from ura_study.metrics.ranking import f1_max, rank
from ura_study.runs.details import EXAMPLE, FALSE_ALARM, HIGHEST, LOWEST, MEDIAN, MISS, Picture
from ura_study.runs.stages.scoring import Scored

#: T; enough for a column's fifth at 300 dots per inch.
SIDE = 192
#: Side to which the smoothed anomaly map is brought: it has no finer detail.
MAP_SIDE = 64
#: Of each kind of mistake, and kinds of defects with an example, at most.
MISTAKES, EXAMPLES = 2, 4


def chosen(samples: Sequence[Sample], scores: np.ndarray) -> dict[int, tuple[str, ...]]:
    """Return the images to keep, by their place, with the reasons; equal scores rank in the order of the list."""
    anomalous = np.array([sample.anomalous for sample in samples])
    order = np.argsort(-scores, kind="stable")
    ranked, normal = order[anomalous[order]].tolist(), order[~anomalous[order]].tolist()
    found: list[tuple[int, str]] = []
    if ranked:
        found += [(ranked[0], HIGHEST), (ranked[len(ranked) // 2], MEDIAN), (ranked[-1], LOWEST)]
    if ranked and normal:
        threshold = f1_max(rank(anomalous, scores))[1]
        found += [(i, FALSE_ALARM) for i in [i for i in normal if scores[i] >= threshold][:MISTAKES]]
        found += [(i, MISS) for i in [i for i in reversed(ranked) if scores[i] < threshold][:MISTAKES]]
    found += [(i, EXAMPLE) for i in examples(samples)]
    return {index: tuple(reason for i, reason in found if i == index) for index in dict.fromkeys(i for i, _ in found)}


def examples(samples: Sequence[Sample]) -> list[int]:
    """Return the middle image of each of the first kinds of defects."""
    kinds = [kind for kind in dict.fromkeys(sample.defect for sample in samples) if kind != GOOD][:EXAMPLES]
    places = [[i for i, sample in enumerate(samples) if sample.defect == kind] for kind in kinds]
    return [of_kind[len(of_kind) // 2] for of_kind in places]


def pictures(
    samples: Sequence[Sample], scored: Scored, masks: Sequence[np.ndarray | None], data: DataSettings
) -> list[Picture]:
    """Return the pictures of a run; `masks` are (H, H) each, as the network sees them."""
    return [
        Picture(
            index,
            reasons,
            _small(load_image(samples[index].path, data.test_preprocessing)),
            _mask(samples[index], masks[index]),
            _maps(scored, index),
        )
        for index, reasons in chosen(samples, scored.scores).items()
    ]


def _small(image: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def _mask(sample: Sample, mask: np.ndarray | None) -> np.ndarray | None:
    if mask is None:
        return None if sample.anomalous else np.zeros((SIDE, SIDE), bool)
    return np.asarray(Image.fromarray(mask).resize((SIDE, SIDE), Image.Resampling.NEAREST))


def _maps(scored: Scored, index: int) -> dict[str, np.ndarray]:
    anomaly = Image.fromarray(scored.maps[index].cpu().numpy()).resize((MAP_SIDE, MAP_SIDE), Image.Resampling.BOX)
    found = {"anomaly": np.asarray(anomaly)}
    if scored.residual is not None:
        found["residual"] = scored.residual[index]
    if (tokens := scored.tokens) is not None:
        found["probability"] = tokens.probability[index]
        found["uncertainty"] = np.sqrt(tokens.epistemic[index] + tokens.aleatoric[index])
    return {name: np.clip(values, -6e4, 6e4).astype(np.float16) for name, values in found.items()}
