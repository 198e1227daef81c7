"""URA-Net as a detector: standardise, corrupt (in training), restore, perceive, restore again, compare.

Luo, Xing, Cao, Yao, Shen & Li, "URA-Net: Uncertainty-Integrated Anomaly Perception and Restoration Attention Network
for Unsupervised Anomaly Detection", arXiv 2603.22840 (2026). We had only the abstract: its five statements are
implemented in `features` (1), `synthesis` (2), `perception` (3), `restoration` (4) and `losses.residual` (5); the way
they are combined here is our own choice. So is what is left with all parts off, as the bare baseline of an ablation:
the distance of a token from the mean of the normal ones, its channels standardised (Mahalanobis, with a diagonal
covariance), its layers weighted like those of a restoration error.

Legend: B images, N = S·S tokens, Q tokens to restore, P to restore from, C channels, M samples.

This module is long because the parts meet here: training, calibration and scoring use the same few steps.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ura_study.detectors.base import Detector, Scores
from ura_study.detectors.uranet.calibration import UsualEvidence, channel_weights
from ura_study.detectors.uranet.config import PerceptionSettings, URANetSettings
from ura_study.detectors.uranet.losses import residual, restoration_loss, segmentation_loss
from ura_study.detectors.uranet.perception import Perceived, Perception, spread, suspicion
from ura_study.detectors.uranet.restoration import Recalled, Restoration, picked
from ura_study.detectors.uranet.statistics import to_tokens, token_statistics
from ura_study.detectors.uranet.synthesis import corrupt
from ura_study.features.batch import Batch
from ura_study.features.maps import FeatureMaps
from ura_study.features.transfer import sent
from ura_study.randomness import parted

#: Share of an image's tokens restored in a training step, and share of those perceived and used as sources in it.
RESTORED_SHARE, SOURCE_SHARE = 0.25, 0.25
#: Initial probability that restoration gets the true mask instead of the perceived one; falls linearly to 0.
TRUE_MASKS = 0.5
#: Number of training images, at most, whose restoration errors initialise perception.
PERCEIVED_IMAGES = 32
#: Images per batch in that pass and in calibration.
BATCH = 8


class URANet(Detector):
    """The detector; a part that the settings switch off is None."""

    mean: Tensor
    std: Tensor
    calibrated: Tensor
    channel_weights: Tensor
    networks: Tensor
    """(M, U, C) the weights of the networks that were drawn from the posterior of perception."""

    def __init__(self, settings: URANetSettings, channels: int, map_size: int) -> None:
        super().__init__()
        self.settings = settings
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("std", torch.ones(channels))
        self.perception = Perception(settings.perception, channels) if settings.perception else None
        self.restoration = Restoration(settings.restoration, channels, map_size) if settings.restoration else None
        self.oracle = settings.oracle
        self.learns_perception = bool(settings.perception and settings.synthesis)
        self.trains_by_gradient = self.learns_perception or self.restoration is not None
        if self.perception is not None:
            self.perception.requires_grad_(self.learns_perception)
        self.register_buffer("calibrated", torch.tensor(False))
        self.ready = False  # the same, known without a read from the device
        self.register_buffer("channel_weights", torch.ones(channels))
        self.register_buffer("networks", torch.zeros(0, 0, channels))
        self.usual_residual, self.usual_perception = UsualEvidence(), UsualEvidence()

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *arguments: object) -> None:
        """Allocate the buffer for the stored networks; it is empty before calibration."""
        self.networks = self.networks.new_zeros(state_dict[f"{prefix}networks"].shape)
        self.ready = bool(state_dict[f"{prefix}calibrated"])
        super()._load_from_state_dict(state_dict, prefix, *arguments)

    def prepare(self, train: FeatureMaps, generator: torch.Generator) -> None:
        """Compute the statistics of the training tokens and initialise every part."""
        sampling, perceiving, restoring = parted(generator, 3)
        statistics = token_statistics(train, self.device, sampling)
        self.mean.copy_(statistics.mean)
        self.std.copy_(statistics.std)
        if self.restoration is not None:
            self.restoration.initialise(statistics, restoring)
        if self.perception is not None:
            self.perception.initialise(self._normally_unexplained(train, perceiving), perceiving)

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        """Return the loss of restoring and perceiving anomalies that are synthesised in normal features."""
        synthesising, perceiving, choosing = parted(generator, 3)
        normal, origin = self._standardise(batch.features), torch.as_tensor(batch.indices)
        corrupted, mask, regimes = normal, torch.zeros_like(normal[..., 0]), torch.zeros(len(normal), dtype=torch.long)
        if self.settings.synthesis:
            count = self.settings.perception.regimes if self.settings.perception else 1
            regimes = (torch.arange(len(normal)) + torch.randint(count, (1,), generator=synthesising)) % count
            corrupted, mask = corrupt(normal, self.settings.synthesis, synthesising, regimes, count)
        terms, sources = {}, _some(mask, SOURCE_SHARE, choosing)
        chosen = _some(mask, RESTORED_SHARE, choosing)
        truth = mask[:, sources]  # (B, P)
        suspected = None
        if self.perception is not None and self.learns_perception:
            logits, divergence = self.perception(self._seen(corrupted, origin, sources), regimes, perceiving)
            terms["perception"] = segmentation_loss(logits, truth)
            weight = self.perception.settings.kl_weight / (batch.of * mask.shape[1])
            terms["divergence"] = weight * divergence
            told = torch.rand(len(mask), generator=perceiving) < TRUE_MASKS * (1 - progress)
            suspected = torch.where(sent(told, mask.device)[:, None], truth, logits.detach().sigmoid())
        if self.restoration is not None:
            restored = self.restoration(corrupted, suspected, origin, chosen, sources)
            terms["restoration"] = restoration_loss(restored, normal[:, chosen], mask[:, chosen])
        return {"total": torch.stack(list(terms.values())).sum(), **terms}

    @torch.no_grad()
    def calibrate(self, train: FeatureMaps, generator: torch.Generator) -> None:
        """Sample the networks of perception, and compute the statistics of the evidence in normal images."""
        self.eval()
        perceiving, choosing = parted(generator, 2)
        if self.perception is not None:
            self.networks = self.perception.sample(self.perception.settings.mc_samples, perceiving)
        count = min(len(train), self.settings.fusion.calibration_images)
        used = torch.randperm(len(train), generator=choosing)[:count].sort().values
        errors, distances = [], []
        for index in used.split(BATCH):
            tokens = self._standardise(train.batch(index.tolist(), self.device).features)
            error, perceived = self._evidence(tokens, index)
            errors += [] if error is None else [error]
            distances += [] if perceived is None else [perceived.distance]
        if errors:
            self._calibrate_residual(errors, train.layer_channels)
        if self.perception is not None:
            self.usual_perception.fit(torch.cat(distances))
        self.calibrated.fill_(True)
        self.ready = True

    def _calibrate_residual(self, errors: Sequence[Tensor], channels: Sequence[int]) -> None:
        """Set channel weights and residual statistics from batches of restoration errors (B, N, C) of normal images."""
        energies = [
            torch.stack([part.square().mean(dim=2) for part in error.split(list(channels), dim=2)], dim=2)
            for error in errors
        ]
        self.channel_weights.copy_(channel_weights(torch.cat(energies), channels))
        self.usual_residual.fit(torch.cat([residual(error, self.channel_weights) for error in errors]))

    @torch.no_grad()
    def score(self, batch: Batch, known: Tensor | None = None) -> Scores:
        """Return as maps the weighted sum of residual and perceived distance, both normalised by `UsualEvidence`."""
        if not self.ready:
            raise RuntimeError("the detector must be calibrated before it scores")
        self.eval()
        error, perceived = self._evidence(self._standardise(batch.features), known=known)
        parts, moved = [], None
        if error is not None:
            parts.append(self.usual_residual(residual(error, self.channel_weights)))
            moved = _to_maps(parts[0])
        if perceived is not None:
            weight = self.settings.fusion.perception_weight if parts else 1.0
            parts.append(weight * self.usual_perception(perceived.distance))
        maps = _to_maps(torch.stack(parts).sum(dim=0))
        if perceived is None:
            return Scores(maps, residual=moved)
        return Scores(
            maps,
            probability=_to_maps(perceived.probability),
            epistemic=_to_maps(perceived.epistemic),
            aleatoric=_to_maps(perceived.aleatoric),
            residual=moved,
        )

    def _evidence(
        self, tokens: Tensor, images: Tensor | None = None, known: Tensor | None = None
    ) -> tuple[Tensor | None, Perceived | None]:
        """Return the restoration error (B, N, C) and the output of perception; None for a part that is switched off.

        Without either part, tokens are restored to the mean of the normal ones, which is 0 once they are standardised.
        """
        recalled = None if self.restoration is None else self.restoration.recall(tokens, images)
        perceived = suspected = None
        if self.perception is not None:
            perceived = self.perception.perceive(self._seen(tokens, images, recalled=recalled), self.networks)
            suspected = _suspected(self.perception.settings, perceived, known)
        if self.restoration is None:
            return (tokens if perceived is None else None), perceived
        return tokens - self.restoration(tokens, suspected, images, recalled=recalled), perceived

    @torch.no_grad()
    def _seen(
        self,
        tokens: Tensor,
        images: Tensor | None = None,
        sources: Tensor | None = None,
        recalled: Recalled | None = None,
    ) -> Tensor:
        """Return the input of perception (B, P, C). No gradient reaches restoration through it.

        Always in full precision: whitening amplifies differences that lower precision would round away. (Also, autocast
        in some versions of torch would cache weights cast here without gradient, and use them to train restoration.)
        """
        assert self.perception is not None
        with torch.autocast(tokens.device.type, enabled=False):
            return self.perception.whiten(self._unexplained(tokens, images, sources, recalled))

    def _unexplained(
        self, tokens: Tensor, images: Tensor | None, sources: Tensor | None = None, recalled: Recalled | None = None
    ) -> Tensor:
        """Return tokens (B, P, C) minus their first restoration, which has no suspicion to use yet."""
        seen = picked(tokens, sources, 1)
        if self.restoration is None:
            return seen
        return seen - self.restoration(tokens, None, images, sources, sources, recalled)

    @torch.no_grad()
    def _normally_unexplained(self, train: FeatureMaps, generator: torch.Generator) -> Tensor:
        """Return the input of perception for normal images (T, C), before whitening."""
        used = torch.randperm(len(train), generator=generator)[:PERCEIVED_IMAGES].sort().values
        batches = ((index, train.batch(index.tolist(), self.device).features) for index in used.split(BATCH))
        return torch.cat([self._unexplained(self._standardise(batch), index).flatten(0, 1) for index, batch in batches])

    def _standardise(self, features: Tensor) -> Tensor:
        # One image at a time: PyTorch transposes a matrix several times faster than a batch of them.
        tokens = torch.stack([to_tokens(image[None])[0].contiguous() for image in features])  # (B, N, C)
        return (tokens - self.mean) / self.std


def _suspected(settings: PerceptionSettings, perceived: Perceived, known: Tensor | None) -> Tensor:
    """Return the suspicion (B, N) given to restoration; 0 everywhere if an oracle has no mask or `gate` is `open`."""
    if settings.gate == "perceived":
        return spread(suspicion(perceived, settings.caution))
    if settings.gate == "oracle" and known is not None:
        return spread(known.flatten(1).to(perceived.probability))
    return torch.zeros_like(perceived.probability)


def _to_maps(tokens: Tensor) -> Tensor:
    side = round(tokens.shape[1] ** 0.5)
    return tokens.view(-1, side, side)  # (B, N) -> (B, S, S)


def _some(mask: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Return the indices of a random `share` of the N tokens of mask (B, N), at least one."""
    count = mask.shape[1]
    return sent(torch.randperm(count, generator=generator)[: max(1, int(count * share))], mask.device)
