"""One detector of one product, from images to scores: to fit, use and save without a study.

    model = AnomalyModel({"model": {"name": "patchcore"}, "features": {"layers": [2, 3]}})
    model.fit("parts/train/good")
    model.save("parts.pt")
    found = AnomalyModel.load("parts.pt").score("parts/new")
    found.scores, found.maps

Its scores equal those of a run of a study with the same settings, seed, images and number of threads.

Legend: N images, H side of the square that the network sees, S side of the feature grid.

This module is long because fitting, scoring, saving and loading are one class, with docstrings for users.
"""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Generator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

from ura_study import __version__
from ura_study.cache import replace
from ura_study.data import files
from ura_study.data.images import load_image, seen
from ura_study.data.preprocessing import Depth, Preprocessing
from ura_study.detectors.base import Detector
from ura_study.detectors.build import build_detector
from ura_study.errors import ConfigError, DataError
from ura_study.features.catalogue import backbone_info, weights_id
from ura_study.features.extract import extracted
from ura_study.features.maps import FeatureMaps
from ura_study.randomness import generator
from ura_study.runs.stages.scoring import Scored, score_maps
from ura_study.study.config import VariantSettings, validated
from ura_study.study.loading import load_named
from ura_study.training.loop import fit
from ura_study.training.progress import result
from ura_study.training.refine import TooFew, refined

#: Version of the file format; files of this and of earlier versions can be read.
FORM = 1

#: A folder of images, paths of images, or images as arrays of any sizes: (H, W, 3) of uint8, (H, W) of uint8 or uint16.
Images = str | Path | Sequence[str | Path | np.ndarray] | np.ndarray


@dataclass(frozen=True, eq=False)
class Prediction:
    """Output of a model for N images; larger is more anomalous."""

    names: tuple[str, ...]
    """Paths as they were given, or numbers of arrays."""
    scores: np.ndarray
    """(N,) float32. The unit is the detector's own."""
    maps: np.ndarray
    """(N, H, H) float32."""
    probability: np.ndarray | None = None
    """(N, S, S), the mean probability of being anomalous, 0..1, of a detector that gives it."""
    epistemic: np.ndarray | None = None
    """(N, S, S), the standard deviation of that probability over the posterior, 0..0.5."""


class AnomalyModel:
    """A detector with everything from the image to the score.

    Args:
        settings: those of a study's variant (`features`, `model`, `training`, `scoring`), whole or as changes of the
            defaults.
        image_size: the side to which images are brought, in pixels.
        crop_from: where given, an image's shorter side is brought to so many pixels and the square cut from its middle;
            else the whole image is stretched to the square.
        depth: how grey values of more than eight bits become eight: by the range of their `type`, of each `file`, or
            by so many bits.
        seed: of all random draws.
        device: where to compute, e.g. `cuda`.

    Raises:
        ConfigError: where a setting is not as it must be.
    """

    def __init__(
        self,
        settings: VariantSettings | Mapping[str, Any] | None = None,
        *,
        image_size: int = 256,
        crop_from: int | None = None,
        depth: Depth = "type",
        seed: int = 0,
        device: str | torch.device = "cpu",
    ) -> None:
        self.settings = settings if isinstance(settings, VariantSettings) else _settings(settings or {}, "settings")
        if self.settings.model.oracle:
            raise ConfigError("settings.model.perception.gate: 'oracle' needs true masks, which new images do not have")
        self.preprocessing, self.seed = Preprocessing(image_size, crop_from, depth), seed
        self.device = torch.device(device)
        self.detector: Detector | None = None
        self.removed: tuple[str, ...] = ()

    @classmethod
    def of(cls, detector: Detector, settings: VariantSettings, how: Preprocessing, seed: int) -> Self:
        """Return a model of a detector that is fitted and calibrated."""
        model = cls(settings, **asdict(how), seed=seed, device=detector.device)
        model.detector = detector
        return model

    def fit(self, images: Images) -> Self:
        """Learn what is normal from images of normal products, at least one; return the model itself.

        With `training.refine`, `removed` tells afterwards which images were not learnt from.

        Raises:
            DataError: where an image cannot be read, or there is none, or too few for `training.refine`.
            NonFiniteLoss: where training diverged.
        """
        listed = _listed(images)
        train, names = self._features(listed), _names(listed)
        kept = self._kept(train, names)
        self.removed = tuple(name for n, name in enumerate(names) if n not in set(kept))
        self.detector = self._learnt(train.subset(kept))
        return self

    def _learnt(self, train: FeatureMaps) -> Detector:
        """Return a detector of these images, ready to score."""
        train = train.pooled_once()
        detector = build_detector(self.settings.model, train.channels, train.map_size)
        for _ in fit(detector, train, self.settings.training, self.seed, self.device):
            pass
        detector.calibrate(train, generator(self.seed, "calibrate"))
        return detector

    def _kept(self, train: FeatureMaps, names: Sequence[str]) -> list[int]:
        """Return the positions of the images that are learnt from."""
        if not (settings := self.settings.training.refine):
            return list(range(len(train)))

        def judge(others: list[int], judged: list[int]) -> Generator[None, None, np.ndarray]:
            yield
            return self._scored(self._learnt(train.subset(others)), train.subset(judged)).scores

        try:
            return result(refined(names, [0] * len(train), settings, generator(self.seed, "refine"), judge))
        except TooFew as error:
            raise DataError(f"training.refine.folds: {error}") from error

    def _scored(self, detector: Detector, images: FeatureMaps) -> Scored:
        return score_maps(detector, images, self.settings.scoring, self.preprocessing.image_size, self.device)

    def score(self, images: Images) -> Prediction:
        """Return what the model says of images.

        Raises:
            DataError: where an image cannot be read, or there is none.
            RuntimeError: where the model was neither fitted nor loaded.
        """
        listed = _listed(images)
        scored = self._scored(self._fitted(), self._features(listed))
        said = scored.tokens
        return Prediction(
            names=_names(listed),
            scores=scored.scores,
            maps=scored.maps.cpu().numpy(),
            probability=None if said is None else said.probability,
            epistemic=None if said is None else np.sqrt(said.epistemic),
        )

    def save(self, path: str | Path) -> None:
        """Write the model to one file: settings, preprocessing, the backbone's name and the detector's state.

        The weights of the backbone are not in it; `load` checks that they are the same.

        Raises:
            RuntimeError: where the model was neither fitted nor loaded.
        """
        kept = {
            "form": FORM,
            "program": __version__,
            "settings": self.settings.model_dump_json(),
            "weights": weights_id(self.settings.features),
            "preprocessing": asdict(self.preprocessing),
            "seed": self.seed,
            "state": self._fitted().state_dict(),
        }
        written = io.BytesIO()
        torch.save(kept, written)
        replace(Path(path), written.getvalue())

    @classmethod
    def load(cls, path: str | Path, device: str | torch.device = "cpu") -> Self:
        """Return the model that was saved to a file. Nothing in the file is executed.

        Raises:
            DataError: where it is no such file, was written by a later version of this program, or belongs to other
                weights of the backbone than those that are installed.
            ConfigError: where its detector is of a plug-in that is neither installed nor imported.
        """
        try:
            kept = torch.load(path, map_location=device, weights_only=True)
            form = kept["form"]
        except (OSError, RuntimeError, KeyError, TypeError, EOFError, pickle.UnpicklingError) as error:
            raise DataError(f"{path}: cannot be read as a model ({str(error).splitlines()[0]})") from error
        if form > FORM:
            raise DataError(f"{path}: was written by ura_study {kept['program']}, which is newer than {__version__}")
        settings = _settings(json.loads(kept["settings"]), str(path))
        if (installed := weights_id(settings.features)) != kept["weights"]:
            raise DataError(f"{path}: was fitted on the backbone's weights '{kept['weights']}', here are '{installed}'")
        model = cls(settings, **kept["preprocessing"], seed=kept["seed"], device=device)
        known = backbone_info(settings.features.backbone).channels
        channels = sum(known[layer] for layer in settings.features.layers)
        model.detector = build_detector(settings.model, channels, settings.features.map_size)
        model.detector.load_state_dict(kept["state"])
        model.detector.to(model.device)
        return model

    def _fitted(self) -> Detector:
        if self.detector is None:
            raise RuntimeError("fit the model, or load one, before it is used")
        return self.detector

    def _features(self, images: Sequence[Path | np.ndarray]) -> FeatureMaps:
        return extracted(len(images), lambda index: self.seen(images[index]), self.settings.features, self.device)

    def seen(self, image: Path | np.ndarray) -> np.ndarray:
        """Return an image as the network sees it, (H, H, 3) uint8."""
        if isinstance(image, np.ndarray):
            return seen(image, self.preprocessing)
        return load_image(image, self.preprocessing)


def _settings(raw: Mapping[str, Any], where: str) -> VariantSettings:
    """Return settings of a variant; what installed plug-ins offer is imported where they name it."""
    load_named(raw, where)
    return validated(VariantSettings, dict(raw), where)


def _names(listed: Sequence[Path | np.ndarray]) -> tuple[str, ...]:
    """Return the paths of images as they were given, and numbers of arrays."""
    return tuple(str(n if isinstance(image, np.ndarray) else image) for n, image in enumerate(listed))


def _listed(images: Images) -> list[Path | np.ndarray]:
    """Return images one by one: a folder's in the order of their names."""
    if isinstance(images, str | Path):
        if not Path(images).is_dir():
            raise DataError(f"{images}: expected a folder of images, but there is none")
        found: list[Path | np.ndarray] = list(files.images(Path(images)))
    else:
        found = [image if isinstance(image, np.ndarray) else Path(image) for image in images]
    if not found:
        place = f"{images}: " if isinstance(images, str | Path) else ""
        raise DataError(f"{place}expected at least one image, but there is none")
    return found
