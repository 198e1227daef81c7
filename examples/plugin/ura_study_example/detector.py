"""A detector: an autoencoder of single tokens. What it cannot rebuild is anomalous."""

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from ura_study import Batch, Detector, DetectorSettings, FeatureMaps, Scores, inference_field, register_detector


class AutoencoderSettings(DetectorSettings):
    """Each key can be set, swept and searched as `model.<key>`; its text stands in error messages' hints."""

    name: Literal["autoencoder"] = "autoencoder"
    width: int = Field(16, ge=1, le=1024)
    """Dimensions of the bottleneck."""
    power: float = inference_field(1.0, gt=0, le=2)
    """The score is the error to this power. Only scoring reads it, so a sweep of it trains once."""


@register_detector(AutoencoderSettings)
class Autoencoder(Detector):
    def __init__(self, settings: AutoencoderSettings, channels: int, map_size: int) -> None:
        super().__init__()
        self.settings = settings
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("std", torch.ones(channels))
        self.register_buffer("usual", torch.tensor(torch.nan))  # in the state, so that a saved detector scores the same
        self.narrow, self.widen = nn.Linear(channels, settings.width), nn.Linear(settings.width, channels)

    def prepare(self, train: FeatureMaps, generator: torch.Generator) -> None:
        """Called once. All that is drawn comes from the generator, which belongs to the run's seed."""
        tokens = self._tokens(train.batch(range(min(len(train), 64)), self.device).features)
        self.mean.copy_(tokens.mean(dim=(0, 1)))
        self.std.copy_(tokens.std(dim=(0, 1)).clamp_min(1e-6))
        for layer in (self.narrow, self.widen):
            drawn = torch.randn(layer.weight.shape, generator=generator) / layer.in_features**0.5
            with torch.no_grad():
                layer.weight.copy_(drawn)
                layer.bias.zero_()

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        """Called at each step with normal images; `total` is descended, all terms are reported."""
        return {"total": self._error(batch.features).mean()}

    @torch.no_grad()
    def calibrate(self, train: FeatureMaps, generator: torch.Generator) -> None:
        """Called after training, and again where only what scoring reads has changed."""
        self.usual.copy_(self._error(train.batch(range(min(len(train), 16)), self.device).features).mean())

    @torch.no_grad()
    def score(self, batch: Batch, known: Tensor | None = None) -> Scores:
        if self.usual.isnan():
            raise RuntimeError("the detector must be calibrated before it scores")
        error = (self._error(batch.features) / self.usual) ** self.settings.power  # (B, N)
        side = batch.features.shape[-1]
        return Scores(error.view(-1, side, side))  # (B, S, S); larger is more anomalous

    def _tokens(self, features: Tensor) -> Tensor:
        return features.flatten(2).transpose(1, 2)  # (B, C, S, S) -> (B, N, C)

    def _error(self, features: Tensor) -> Tensor:
        tokens = (self._tokens(features) - self.mean) / self.std
        return (self.widen(torch.tanh(self.narrow(tokens))) - tokens).square().mean(dim=2)  # (B, N)
