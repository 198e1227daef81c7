"""The `model` section of a variant: the settings of one of the detectors, chosen by its name."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from ura_study.registry import Registry
from ura_study.settings import Settings

if TYPE_CHECKING:
    from ura_study.detectors.base import Detector

D = TypeVar("D", bound="type[Detector]")

#: The detector of a section that names none.
DEFAULT = "uranet"


class DetectorSettings(Settings):
    """What all detectors' settings share; `name` is a literal of its own in each.

    Keys made with `settings.inference_field` are read by scoring alone, so that variants that differ in nothing else
    are trained once.
    """

    effort: ClassVar[tuple[str, ...]] = ()
    """Keys that decide how long a fit takes, beside the features' size and the training's steps."""
    loss_only: ClassVar[tuple[str, ...] | None] = None
    """Keys that neither the building of the detector nor its `prepare` depends on: variants that differ in these, or in
    `training`, are prepared once. None: each prepares for itself, as is right where that takes no time."""
    few_shot: ClassVar[bool] = False
    """Whether the detector is made for a few images: a variant needs `data.shots`."""

    name: str
    """Which detector this is."""

    @property
    def oracle(self) -> bool:
        """Whether scoring is told the true masks: such variants are marked, never ranked and never searched."""
        return False

    def plugins(self) -> tuple[str, ...]:
        """Return the modules of plug-ins that parts of the detector come from."""
        return ()

    def check_grid(self, map_size: int) -> None:
        """Raise a ValueError where the detector cannot work on a grid of side `map_size` (`features.map_size`)."""


@dataclass(frozen=True)
class DetectorKind:
    """A detector that is registered."""

    settings: type[DetectorSettings]
    detector: type[Detector] | str
    """Its class, or `module:Class`, which is imported when the first such detector is built."""

    def build(self, settings: DetectorSettings, channels: int, map_size: int) -> Detector:
        """Return a detector for features of so many channels on a grid of side `map_size`, not yet prepared."""
        if isinstance(self.detector, str):
            module, _, name = self.detector.partition(":")
            kind = getattr(importlib.import_module(module), name)
        else:
            kind = self.detector
        return kind(settings, channels, map_size)


DETECTORS: Registry[DetectorKind] = Registry(
    "detector",
    "ura_study.detectors",
    {
        "uranet": "ura_study.detectors.uranet.config",
        "patchcore": "ura_study.detectors.patchcore.config",
        "padim": "ura_study.detectors.padim.config",
        "simplenet": "ura_study.detectors.simplenet.config",
        "pbas": "ura_study.detectors.pbas.config",
        "reverse_distillation": "ura_study.detectors.reverse_distillation.config",
        "mrkd": "ura_study.detectors.mrkd.config",
        "noise_fusion": "ura_study.detectors.noise_fusion.config",
        "uniad": "ura_study.detectors.uniad.config",
        "pcsnet": "ura_study.detectors.pcsnet.config",
        "onenip": "ura_study.detectors.onenip.config",
        "prototypes": "ura_study.detectors.prototypes.config",
        "feature_editing": "ura_study.detectors.feature_editing.config",
        "feature_fader": "ura_study.detectors.feature_fader.config",
    },
)


def register_detector(settings: type[DetectorSettings], detector: str | None = None) -> Callable[[D], D]:
    """Register a detector under the default of its settings' `name`.

    The class is called with the settings, the number of channels and the side of the grid. Use as a class decorator:

        class MeanSettings(DetectorSettings):
            name: Literal["mean"] = "mean"

        @register_detector(MeanSettings)
        class Mean(Detector): ...

    or, so that PyTorch is not imported before it is needed, with `detector="module:Class"` beside the settings.

    Raises:
        ConfigError: where the name is taken.
    """
    module, name = sys._getframe(1).f_globals["__name__"], settings.model_fields["name"].default

    def register(kind: D) -> D:
        DETECTORS.add(name, DetectorKind(settings, kind), module)
        return kind

    if detector is not None:
        DETECTORS.add(name, DetectorKind(settings, detector), module)
    return register


class _ByName:
    """Tells pydantic to choose by `name` among the settings of all detectors that are registered."""

    @staticmethod
    def __get_pydantic_core_schema__(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        choices = {name: handler.generate_schema(kind.settings) for name, kind in DETECTORS.loaded().items()}
        return core_schema.tagged_union_schema(choices, discriminator=_name)


def _name(section: object) -> str:
    """Return the name by which a section chooses its detector."""
    name = section.get("name", DEFAULT) if isinstance(section, dict) else getattr(section, "name", "")
    return name if isinstance(name, str) else ""


Model = Annotated[DetectorSettings, _ByName]
