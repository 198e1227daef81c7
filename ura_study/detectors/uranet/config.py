"""The `model` section of a variant with `name: uranet`. Each of the three parts can be left out with `false`.

The parts are those of the paper (synthesis, perception, restoration); their options and defaults are our own choice.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from ura_study.settings import Settings, inference_field


class SynthesisSettings(Settings):
    """How normal features are made anomalous in training: noise inside smooth random masks.

    `false`: nothing is corrupted. Perception then has no example of an anomaly to learn from, so it is off as well,
    and restoration is trained to reconstruct what it is given.
    """

    strength: float = Field(1.0, gt=0, le=10)
    """Noise of a corrupted region in standard deviations of each channel; its level varies by `spread` around this."""
    spread: float = Field(2.0, ge=1, le=10)
    """The level is log-uniform between strength / spread and strength × spread, drawn anew for each image."""
    share: float = Field(0.8, gt=0, le=1)
    """Share of the training images that are corrupted."""
    min_area: float = Field(0.01, gt=0, lt=1)
    """Smallest share of an image that is corrupted; areas are log-uniform."""
    max_area: float = Field(0.25, gt=0, lt=1)
    """Largest share of an image that is corrupted."""

    edge: int = Field(1, ge=1, le=9)
    """Side in tokens of the square over which a mask is averaged, odd: tokens on its edge are corrupted in part, and
    perception learns their share. 1: hard edges, every token corrupted in full or not at all. With 3,
    probabilities came out worse calibrated and slightly fewer defective images were told from normal ones."""

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


class PerceptionSettings(Settings):
    """The Bayesian network that says of each token how probably it is anomalous, and how sure that is.

    `false`: nothing is suspected, so restoration may draw on every token, and the score is the residual alone.
    """

    width: int = Field(256, ge=4, le=4096)
    """Units; with fewer than channels, the network sees a random projection at the start."""
    bayesian: bool = True
    """Whether weights are distributions. `false` is the deterministic control: plain weights, no divergence in the
    loss, no epistemic uncertainty. The other options but `width` then do nothing."""
    prior_std: float = Field(1.0, gt=0, le=100)
    """Standard deviation of the zero-mean Gaussian prior of every weight, in units of 1 / sqrt(inputs)."""
    posterior_std: float = Field(0.05, gt=0, le=10)
    """Standard deviation of every weight before training, in the same units. A few hundred steps hardly change it, so
    it sets how far the weight samples disagree: the epistemic uncertainty."""
    kl_weight: float = Field(1e-6, ge=0, le=1)
    """Weight of the divergence of posterior from prior in the loss."""
    mc_samples: int = inference_field(5, ge=1, le=256)
    """Number of weight samples whose predictions are averaged in scoring."""
    caution: float = inference_field(1.0, ge=0, le=10)
    """A token's suspicion is its mean probability plus this many of its standard deviations over weight samples."""


class RestorationSettings(Settings):
    """Attention that rebuilds every token from trusted tokens of the image and from prototypes of normal ones.

    `false`: nothing is restored; the score is what perception says, alone.
    """

    depth: int = Field(1, ge=1, le=8)
    """Number of attention blocks; each asks with what the one before it restored."""
    heads: int = Field(1, ge=1, le=16)
    """Attention heads of each block."""
    width: int = Field(128, ge=4, le=2048)
    """Dimensions in which tokens are compared and restored (at most the number of channels)."""
    prototypes: int = Field(512, ge=1, le=16384)
    """Number of learned normal tokens, started as cluster centres of the training tokens."""
    exclusion: int = Field(5, ge=0, le=64)
    """A token is not restored from tokens of its image that lie within this many rows and columns of it."""

    @model_validator(mode="after")
    def _whole_heads(self) -> RestorationSettings:
        if self.width % self.heads:
            raise ValueError(f"width must be a multiple of heads, but got {self.width} and {self.heads}")
        return self


class FusionSettings(Settings):
    """How residual and probability become one map. Both are first set against normal training images."""

    perception_weight: float = inference_field(2.0, ge=0, le=100)
    """Weight of perception's evidence where that of the residual is 1."""
    calibration_images: int = inference_field(64, ge=2, le=100_000)
    """At most this many training images are used to learn what is usual at each position."""


class URANetSettings(Settings):
    """URA-Net: features are corrupted, suspected, restored, and compared with what they were restored to."""

    name: Literal["uranet"] = "uranet"
    """Which detector this is."""
    synthesis: SynthesisSettings | Literal[False] = SynthesisSettings()
    """Synthesis of anomalies in training; `false` leaves it out, and perception with it."""
    perception: PerceptionSettings | Literal[False] = PerceptionSettings()
    """Uncertainty-integrated perception of anomalies; `false` leaves it out."""
    restoration: RestorationSettings | Literal[False] = RestorationSettings()
    """Restoration by attention; `false` leaves it out."""
    fusion: FusionSettings = FusionSettings()
    """How the anomaly map is made of the parts' evidence."""

    @field_validator("synthesis", "perception", "restoration", mode="before")
    @classmethod
    def _true_is_default(cls, value: object) -> object:
        return {} if value is True else value

    @model_validator(mode="before")
    @classmethod
    def _nothing_to_perceive(cls, raw: object) -> object:
        """Switch perception off where synthesis is: one configuration, one identity."""
        return raw | {"perception": False} if isinstance(raw, dict) and raw.get("synthesis") is False else raw

    @model_validator(mode="after")
    def _something_to_score_with(self) -> URANetSettings:
        if self.restoration is False and not self.perceives:
            raise ValueError(
                "restoration is off, and perception is off or has no synthesis to learn from: nothing to score with"
            )
        return self

    @property
    def perceives(self) -> bool:
        """Whether perception is there, and so synthetic anomalies for it to learn from."""
        return self.perception is not False
