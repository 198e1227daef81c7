"""ura_study: distributed hyperparameter and ablation studies of URA-Net, and its detectors as a library.

>>> import ura_study
>>> results = ura_study.run("studies/quickstart.yaml")  # doctest: +SKIP
>>> results.table("summary").to_frame()  # doctest: +SKIP

Modules are imported on first use: `import ura_study` takes no time, and the command line starts without torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ura_study.api import Figure, Results, StudyTable, open_results, run
    from ura_study.data.layouts.base import Layout
    from ura_study.data.layouts.config import register_layout
    from ura_study.data.layouts.places import Places, by_category, read_places, single
    from ura_study.data.partition import set_apart
    from ura_study.data.table import Category, Sample
    from ura_study.detectors.base import Detector, Scores
    from ura_study.detectors.config import DetectorSettings, register_detector
    from ura_study.detectors.uranet.synthesis_config import SynthesisSettings, register_synthesis
    from ura_study.errors import ConfigError, DataError, ResourceError, UserError
    from ura_study.features.batch import Batch
    from ura_study.features.maps import FeatureMaps
    from ura_study.metrics.judged import Judged, Undefined
    from ura_study.metrics.names import register_metric
    from ura_study.model import AnomalyModel, Prediction
    from ura_study.settings import Settings, inference_field

__version__ = "0.1.0"

#: Module → its public names.
_FACE = {
    "api": ("Figure", "Results", "StudyTable", "open_results", "run"),
    "data.layouts.base": ("Layout",),
    "data.layouts.config": ("register_layout",),
    "data.layouts.places": ("Places", "by_category", "read_places", "single"),
    "data.partition": ("set_apart",),
    "data.table": ("Category", "Sample"),
    "detectors.base": ("Detector", "Scores"),
    "detectors.config": ("DetectorSettings", "register_detector"),
    "detectors.uranet.synthesis_config": ("SynthesisSettings", "register_synthesis"),
    "errors": ("ConfigError", "DataError", "ResourceError", "UserError"),
    "features.batch": ("Batch",),
    "features.maps": ("FeatureMaps",),
    "metrics.judged": ("Judged", "Undefined"),
    "metrics.names": ("register_metric",),
    "model": ("AnomalyModel", "Prediction"),
    "settings": ("Settings", "inference_field"),
}
_HOME = {name: module for module, names in _FACE.items() for name in names}

__all__ = [
    "AnomalyModel",
    "Batch",
    "Category",
    "ConfigError",
    "DataError",
    "Detector",
    "DetectorSettings",
    "FeatureMaps",
    "Figure",
    "Judged",
    "Layout",
    "Places",
    "Prediction",
    "ResourceError",
    "Results",
    "Sample",
    "Scores",
    "Settings",
    "StudyTable",
    "SynthesisSettings",
    "Undefined",
    "UserError",
    "__version__",
    "by_category",
    "inference_field",
    "open_results",
    "read_places",
    "register_detector",
    "register_layout",
    "register_metric",
    "register_synthesis",
    "run",
    "set_apart",
    "single",
]


def __getattr__(name: str) -> object:
    """Import what is asked for."""
    if name in _HOME:
        return getattr(importlib.import_module(f"ura_study.{_HOME[name]}"), name)
    raise AttributeError(f"module 'ura_study' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
