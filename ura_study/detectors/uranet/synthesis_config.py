"""The `model.synthesis` section of URA-Net: one of several kinds of synthesis, chosen by `kind`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import Field, GetCoreSchemaHandler, field_validator, model_validator
from pydantic_core import CoreSchema, core_schema

from ura_study.registry import Registry
from ura_study.settings import Settings

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    #: (tokens (B, N, C), shares (B, N), levels (B,), settings, generator) -> corrupted tokens (B, N, C).
    Corruption = Callable[[Tensor, Tensor, Tensor, Any, torch.Generator], Tensor]

C = TypeVar("C", bound="Corruption")

#: The kind of a section that names none.
DEFAULT = "noise"


class SynthesisSettings(Settings):
    """How normal features are made anomalous in training, inside smooth random masks: what all kinds share.

    `false`: nothing is corrupted. Perception is then what it is before training, the Mahalanobis distance of what the
    first restoration leaves unexplained, and restoration is trained to reconstruct normal features.
    """

    kind: str
    """What happens to the features inside a mask."""
    strength: float = Field(1.0, gt=0, le=10)
    """How strongly features are changed: of noise its standard deviation in those of each channel. The level of an
    image varies by `spread` around this."""
    spread: float = Field(4.0, ge=1, le=10)
    """The level is log-uniform between strength / spread and strength × spread, drawn anew for each image. The heads of
    perception share this range: each learns from a part of it."""
    share: float = Field(0.8, gt=0, le=1)
    """Share of the training images that are corrupted."""
    min_area: float = Field(0.01, gt=0, lt=1)
    """Smallest share of an image that is corrupted; areas are log-uniform."""
    max_area: float = Field(0.25, gt=0, lt=1)
    """Largest share of an image that is corrupted."""

    edge: int = Field(1, ge=1, le=9)
    """Side in tokens of the square over which a mask is averaged, odd: tokens on its edge are corrupted in part, and
    perception learns their share. 1: hard edges, every token corrupted in full or not at all."""

    @field_validator("edge")
    @classmethod
    def _centred(cls, edge: int) -> int:
        if edge % 2 == 0:
            raise ValueError(f"edge must be odd, but got {edge}")
        return edge

    @model_validator(mode="after")
    def _ordered_areas(self) -> SynthesisSettings:
        if self.min_area > self.max_area:
            raise ValueError(f"min_area <= max_area must hold, but got {self.min_area} and {self.max_area}")
        return self


class NoiseSettings(SynthesisSettings):
    """Independent Gaussian noise on each value."""

    kind: Literal["noise"] = "noise"
    """What happens to the features inside a mask."""


@dataclass(frozen=True)
class SynthesisKind:
    """A kind of synthesis that is registered."""

    settings: type[SynthesisSettings]
    corruption: Corruption | str
    """Its function, or `module:function`, which is imported when it is first called."""

    def __call__(
        self, tokens: Tensor, shares: Tensor, levels: Tensor, settings: SynthesisSettings, generator: torch.Generator
    ) -> Tensor:
        """Return tokens (B, N, C), corrupted where `shares` (B, N) is not 0, as strongly as `levels` (B,) say."""
        if not isinstance(self.corruption, str):
            return self.corruption(tokens, shares, levels, settings, generator)
        module, _, name = self.corruption.partition(":")
        return getattr(importlib.import_module(module), name)(tokens, shares, levels, settings, generator)


SYNTHESES: Registry[SynthesisKind] = Registry("kind of synthesis", "ura_study.synthesis", {"noise": __name__})


def register_synthesis(settings: type[SynthesisSettings], corruption: str | None = None) -> Callable[[C], C]:
    """Register a kind of synthesis under the default of its settings' `kind`.

    A decorator of the function that corrupts standardised tokens (mean 0 and standard deviation 1 in each channel):

        class SwapSettings(SynthesisSettings):
            kind: Literal["swap"] = "swap"

        @register_synthesis(SwapSettings)
        def swap(tokens, shares, levels, settings, generator):
            other = tokens.roll(1, dims=0)
            return tokens + shares[..., None] * (other - tokens)

    Every draw must come from the generator, which is on the CPU. Tokens with a share of 0 must stay as they are. Masks
    and levels are drawn in the same way for all kinds.

    Raises:
        ConfigError: where the name is taken.
    """
    module, name = sys._getframe(1).f_globals["__name__"], settings.model_fields["kind"].default

    def register(function: C) -> C:
        SYNTHESES.add(name, SynthesisKind(settings, function), module)
        return function

    if corruption is not None:
        SYNTHESES.add(name, SynthesisKind(settings, corruption), module)
    return register


register_synthesis(NoiseSettings, "ura_study.detectors.uranet.synthesis:noise")


class _ByKind:
    """Tells pydantic to choose by `kind` among the settings of all kinds that are registered."""

    @staticmethod
    def __get_pydantic_core_schema__(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        choices = {name: handler.generate_schema(kind.settings) for name, kind in SYNTHESES.loaded().items()}
        return core_schema.tagged_union_schema(choices, discriminator=_kind)


def _kind(section: object) -> str | None:
    """Return the `kind` of a section; None if the value is not a section."""
    if isinstance(section, dict):
        kind = section.get("kind", DEFAULT)
        return kind if isinstance(kind, str) else ""
    return getattr(section, "kind", None)


Synthesis = Annotated[SynthesisSettings, _ByKind]
