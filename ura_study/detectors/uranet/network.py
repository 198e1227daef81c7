"""URA-Net as a detector: standardise, corrupt (in training), restore, perceive, restore again, compare.

Luo, Xing, Cao, Yao, Shen & Li, "URA-Net: Uncertainty-Integrated Anomaly Perception and Restoration Attention Network
for Unsupervised Anomaly Detection", arXiv 2603.22840 (2026). Only the abstract was at hand: its five statements are
implemented in `features` (1), `synthesis` (2), `perception` (3), `restoration` (4) and `losses.residual` (5); how they
are put together here is our own choice.

Legend: B images, N = S·S tokens, Q tokens to restore, C channels, M weight samples.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ura_study.detectors.base import Detector, Scores
from ura_study.detectors.uranet.calibration import UsualEvidence
from ura_study.detectors.uranet.config import URANetSettings
from ura_study.detectors.uranet.losses import residual, restoration_loss, segmentation_loss
from ura_study.detectors.uranet.perception import Perceived, Perception, averaged, summarise, suspicion
from ura_study.detectors.uranet.restoration import Restoration
from ura_study.detectors.uranet.statistics import Moments, to_tokens, token_statistics
from ura_study.detectors.uranet.synthesis import corrupt
from ura_study.features.maps import FeatureMaps
from ura_study.randomness import parted

#: Shares of an image's tokens that are restored, and that are perceived and serve as sources, in a training step.
RESTORED_SHARE, SOURCE_SHARE = 0.25, 0.5
#: Probability with which the true mask stands in for perception: its value at the start; it falls to 0 at the end.
TRUE_MASKS = 0.5
#: At most this many training images are restored before training, to know what errors are normal.
PERCEIVED_IMAGES = 32
#: Images per batch of this and of calibration.
BATCH = 8


class URANet(Detector):
    """The detector; each part is None where its settings leave it out."""

    def __init__(self, settings: URANetSettings, channels: int, map_size: int) -> None:
        super().__init__()
        self.settings = settings
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("std", torch.ones(channels))
        self.perception = Perception(settings.perception, channels) if settings.perceives else None
        self.restoration = Restoration(settings.restoration, channels, map_size) if settings.restoration else None
        self.usual_residual = UsualEvidence(map_size, relative=True)
        self.usual_perception = UsualEvidence(map_size, relative=False)
        self.networks: Tensor | None = None

    def prepare(self, train: FeatureMaps, generator: torch.Generator) -> None:
        """Standardise by the training tokens and start every part."""
        sampling, perceiving, restoring = parted(generator, 3)
        statistics = token_statistics(train, self.device, sampling)
        self.mean.copy_(statistics.mean)
        self.std.copy_(statistics.std)
        if self.restoration is not None:
            self.restoration.initialise(statistics, restoring)
        if self.perception is not None:
            self.perception.initialise(self._normal_moments(train, perceiving), perceiving)

    def losses(self, features: Tensor, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        """Return the loss of restoring and perceiving anomalies that are synthesised in normal features."""
        synthesising, perceiving, choosing = parted(generator, 3)
        normal = self._standardise(features)
        corrupted, mask = normal, torch.zeros_like(normal[..., 0])
        if self.settings.synthesis:
            corrupted, mask = corrupt(normal, self.settings.synthesis, synthesising)
        terms, sources = {}, _some(mask, SOURCE_SHARE, choosing)
        chosen = _some(mask, RESTORED_SHARE, choosing)
        truth = mask[:, sources]  # (B, P)
        suspected = torch.zeros_like(truth)
        if self.perception is not None:
            seen = self._seen(corrupted, sources)
            logits = self.perception(seen[:, sources], perceiving)
            terms["perception"] = segmentation_loss(logits, truth)
            terms["divergence"] = self.settings.perception.kl_weight * self.perception.divergence()
            told = torch.rand(len(mask), generator=perceiving) < TRUE_MASKS * (1 - progress)
            suspected = torch.where(told.to(mask.device)[:, None], truth, logits.detach().sigmoid())
        if self.restoration is not None:
            restored = self.restoration(corrupted, suspected, chosen, sources)
            terms["restoration"] = restoration_loss(restored, normal[:, chosen], mask[:, chosen])
        return {"total": torch.stack(list(terms.values())).sum(), **terms}

    @torch.no_grad()
    def calibrate(self, train: FeatureMaps, generator: torch.Generator) -> None:
        """Draw the weight samples of perception, and learn what evidence is usual in normal images."""
        self.eval()
        perceiving, choosing = parted(generator, 2)
        if self.perception is not None:
            self.networks = self.perception.sample(self.settings.perception.mc_samples, perceiving)
        count = min(len(train), self.settings.fusion.calibration_images)
        used = torch.randperm(len(train), generator=choosing)[:count].sort().values.tolist()
        chunks = [used[start : start + BATCH] for start in range(0, count, BATCH)]
        evidence = [self._evidence(self._standardise(train.batch(index, self.device)))[:2] for index in chunks]
        for usual, maps in zip((self.usual_residual, self.usual_perception), zip(*evidence, strict=True), strict=True):
            if maps[0] is not None:
                usual.fit(torch.cat(maps))

    @torch.no_grad()
    def score(self, features: Tensor) -> Scores:
        """Return the weighted sum of calibrated residual and calibrated evidence of perception."""
        self.eval()
        distance, logit, perceived = self._evidence(self._standardise(features))
        parts, moved = [], None
        if distance is not None:
            parts.append(self.usual_residual(distance))
            moved = _to_maps(parts[0])
        if logit is not None:
            weight = self.settings.fusion.perception_weight if parts else 1.0
            parts.append(weight * self.usual_perception(logit))
        maps = _to_maps(torch.stack(parts).sum(dim=0))
        if perceived is None:
            return Scores(maps, residual=moved)
        said = map(_to_maps, (perceived.probability, perceived.epistemic, perceived.aleatoric))
        return Scores(maps, *said, residual=moved)

    def _evidence(self, tokens: Tensor) -> tuple[Tensor | None, Tensor | None, Perceived | None]:
        """Return residual (B, N), logit of perception (B, N) and all that was perceived; None for a part left out."""
        perceived, suspected = None, torch.zeros_like(tokens[..., 0])
        if self.perception is not None:
            seen = self._seen(tokens)
            perceived = summarise(self.perception.logits(seen, self.networks))
            suspected = suspicion(perceived, self.settings.perception.caution)
        distance = None
        if self.restoration is not None:
            distance = residual(tokens, self.restoration(tokens, suspected))
        return distance, None if perceived is None else perceived.evidence, perceived

    @torch.no_grad()
    def _seen(self, tokens: Tensor, sources: Tensor | None = None) -> Tensor:
        """Return what perception sees (B, N, C) of an image. Restoration is not trained through it.

        Never in lower precision: whitening blows up differences that would be rounded away. (And autocast of some
        versions of torch would keep weights cast here, without gradient, for the restoration that is trained.)
        """
        with torch.autocast(tokens.device.type, enabled=False):
            return self.perception.whiten(self._unexplained(tokens, sources))

    def _unexplained(self, tokens: Tensor, sources: Tensor | None = None) -> Tensor:
        """Return tokens (B, N, C) less their first restoration, in which nothing is suspected."""
        if self.restoration is None:
            return tokens
        trusted = torch.zeros_like(tokens[..., 0] if sources is None else tokens[:, sources, 0])
        return tokens - self.restoration(tokens, trusted, sources=sources)

    @torch.no_grad()
    def _normal_moments(self, train: FeatureMaps, generator: torch.Generator) -> Moments:
        """Return mean and covariance of what perception will see of normal images, before it is whitened."""
        moments = Moments(train.channels)
        used = torch.randperm(len(train), generator=generator)[:PERCEIVED_IMAGES].sort().values
        for index in used.split(BATCH):
            moments.add(averaged(self._unexplained(self._standardise(train.batch(index.tolist(), self.device)))))
        return moments

    def _standardise(self, features: Tensor) -> Tensor:
        return (to_tokens(features) - self.mean) / self.std  # (B, N, C)


def _to_maps(tokens: Tensor) -> Tensor:
    side = round(tokens.shape[1] ** 0.5)
    return tokens.view(-1, side, side)  # (B, N) -> (B, S, S)


def _some(mask: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Return the indices of a random `share` of the N tokens of mask (B, N), at least one."""
    count = mask.shape[1]
    return torch.randperm(count, generator=generator)[: max(1, int(count * share))].to(mask.device)
