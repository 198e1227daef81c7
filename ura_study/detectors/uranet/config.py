"""The `model` section of a variant with `name: uranet`. Each of the three parts can be left out with `false`.

The parts are those of the paper (synthesis, perception, restoration); their options and defaults are our own choice.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field, field_validator, model_validator

from ura_study.detectors.config import DetectorSettings, register_detector
from ura_study.detectors.uranet.synthesis_config import SYNTHESES, NoiseSettings, Synthesis
from ura_study.settings import Settings, inference_field


class PerceptionSettings(Settings):
    """The Bayesian network that says of each token how probably it is anomalous, and how sure that is.

    `false`: nothing is suspected, so restoration may draw on every token that is far enough away, and the score is the
    residual alone.
    """

    width: int = Field(256, ge=4, le=4096)
    """Units; with fewer than channels, the network sees a random projection at the start."""
    bayesian: bool = True
    """Whether there is a posterior. `false` is the deterministic control: one head that learns from all strengths,
    plain weights, no divergence in the loss, no epistemic uncertainty. Options of the posterior then do nothing."""
    heads: int = Field(3, ge=1, le=16)
    """Heads of the posterior, each trained at its own range of synthesis strengths: they disagree where it depends on
    the kind of anomaly whether a token is one."""
    prior_std: float = Field(1.0, gt=0, le=100)
    """Standard deviation of the zero-mean Gaussian prior of every weight, in units of 1 / sqrt(inputs)."""
    posterior_std: float = Field(0.05, gt=0, le=10)
    """Standard deviation of every weight before training, in the same units."""
    kl_weight: float = Field(0.01, ge=0, le=1)
    """Weight of the divergence of posterior from prior, which is divided by the number of training tokens. 1 would be
    the evidence lower bound; less is a cold posterior (Wenzel et al. 2020)."""
    mc_samples: int = inference_field(6, ge=1, le=256)
    """Number of networks drawn from the posterior whose predictions are averaged in scoring. The heads take turns, the
    middle one first."""
    caution: float = inference_field(1.0, ge=0, le=10)
    """A token's suspicion is its mean probability plus this many of its standard deviations over the samples."""
    gate: Literal["perceived", "open", "oracle"] = inference_field("perceived")
    """What restoration is told in scoring: what is perceived; nothing (`open`: every token may be a source); or the
    true mask of a test image (`oracle`: what perfect perception would buy, no result that a method could have; where
    there is no mask, nothing)."""

    @property
    def regimes(self) -> int:
        """Number of ranges of synthesis strength that are told apart."""
        return self.heads if self.bayesian else 1


class RestorationSettings(Settings):
    """Attention that rebuilds every token from trusted tokens of the image and from prototypes of normal ones.

    `false`: nothing is restored; the score is what perception says, alone. Where perception is off as well, every token
    is compared with the mean of the normal tokens.
    """

    depth: int = Field(1, ge=1, le=8)
    """Number of attention blocks; each asks with what the one before it restored."""
    width: int = Field(128, ge=4, le=4096)
    """Dimensions in which tokens are compared (at most the number of channels)."""
    prototypes: int = Field(4096, ge=1, le=1_000_000)
    """Number of learned normal tokens, at most: they start as a coreset of the training tokens."""
    sources: int = Field(8, ge=1, le=1024)
    """A token is restored from this many sources, the nearest ones."""
    exclusion: int = Field(3, ge=0, le=64)
    """A token is not restored from tokens of its image that lie within this many rows and columns of it. Where nothing
    is perceived, in the first restoration and without perception, it is a sixteenth of the grid's side more."""


class FusionSettings(Settings):
    """How residual and perception become one map. Both are first set against normal training images."""

    perception_weight: float = inference_field(0.5, ge=0, le=100)
    """Weight of perception's evidence where that of the residual is 1."""
    calibration_images: int = inference_field(32, ge=2, le=100_000)
    """At most this many training images are used to learn what evidence is usual."""


def _or_true(schema: dict[str, Any]) -> None:
    """Let the schema for editors allow `true` for a part, as the validator below does."""
    for part in ("synthesis", "perception", "restoration"):
        schema["properties"][part]["anyOf"].append({"const": True})


class URANetSettings(DetectorSettings):
    """URA-Net: features are corrupted, suspected, restored, and compared with what they were restored to.

    With all three parts off, the bare baseline is left: the distance of each token from the mean of the normal ones.
    """

    model_config = ConfigDict(json_schema_extra=_or_true)
    loss_only = ("synthesis",)

    name: Literal["uranet"] = "uranet"
    """Which detector this is."""
    synthesis: Synthesis | Literal[False] = NoiseSettings()
    """Synthesis of anomalies in training; `false` leaves it out."""
    perception: PerceptionSettings | Literal[False] = PerceptionSettings()
    """Uncertainty-integrated perception of anomalies; `false` leaves it out."""
    restoration: RestorationSettings | Literal[False] = RestorationSettings()
    """Restoration by attention; `false` leaves it out."""
    fusion: FusionSettings = FusionSettings()
    """How the anomaly map is made of the parts' evidence."""

    @property
    def oracle(self) -> bool:
        """Whether scoring is told the true masks."""
        return bool(self.restoration and self.perception and self.perception.gate == "oracle")

    def plugins(self) -> tuple[str, ...]:
        """Return the module of the kind of synthesis, where it is a plug-in's."""
        module = SYNTHESES.plugin(self.synthesis.kind) if self.synthesis else None
        return () if module is None else (module,)

    @field_validator("synthesis", "perception", "restoration", mode="before")
    @classmethod
    def _true_is_default(cls, value: object) -> object:
        return {} if value is True else value

    @model_validator(mode="after")
    def _something_learns_from_synthesis(self) -> URANetSettings:
        if self.synthesis and self.restoration is False and self.perception is False:
            raise ValueError(
                "restoration and perception are both off, so nothing learns from synthesis; with synthesis: false, "
                "too, the score is the distance to the mean"
            )
        return self


register_detector(URANetSettings, "ura_study.detectors.uranet.network:URANet")
