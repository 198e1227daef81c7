"""ura_study: distributed hyperparameter and ablation studies of URA-Net, and its detectors as a library.

>>> from ura_study import AnomalyModel
>>> model = AnomalyModel().fit("parts/train/good")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ura_study.model import AnomalyModel, Prediction

__version__ = "0.1.0"
__all__ = ["AnomalyModel", "Prediction", "__version__"]


def __getattr__(name: str) -> object:
    """Import what is asked for, and not before: the command line starts without torch."""
    if name in ("AnomalyModel", "Prediction"):
        from ura_study import model

        return getattr(model, name)
    raise AttributeError(f"module 'ura_study' has no attribute {name!r}")
