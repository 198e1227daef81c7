"""PBAS (Chen et al., Progressive Boundary Guided Anomaly Synthesis for Industrial Anomaly Detection, IEEE TCSVT 2024,
arXiv 2412.17458) as a detector.

Its three parts, all in each step:

    approximate boundary   each adapted token is drawn to the centre most similar to it; centres are fixed beforehand
    synthesis              an anomalous token lies on the ray from the centre through a normal token, farther out
    refined boundary       a discriminator tells normal tokens from these

The abstract and an excerpt of the text were at hand. From the authors' code: centres (one for each position, aligned by
cosine similarity and moved by a tenth), the length of the step outwards, the terms of the loss and their equal weights,
adaptor and discriminator, rates, and the score (the discriminator's output, of which the image has the largest).

Our own choice: channels may be standardised, and a step may take some of a batch's tokens. The training is that of all
detectors (AdamW with warm-up, cosine decay and clipped gradients, where the authors have Adam at constant rates), and
the last weights are the result, where the authors' code keeps those of the epoch with the best sum of image and pixel
AUROC on the test images.

Adaptor, discriminator and score are in `token_discriminator`.

Legend: B images, N = S·S tokens, C channels, T tokens of a step.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ura_study.detectors.base import batches
from ura_study.detectors.pbas.config import PBASSettings
from ura_study.detectors.token_discriminator import TokenDiscriminator, drawn
from ura_study.features.batch import Batch
from ura_study.features.maps import FeatureMaps

#: Images whose mean moves the centres at once, and by how much: both from the authors' code.
BATCH, MOVED = 8, 0.1


class PBAS(TokenDiscriminator):
    """A discriminator between tokens within an approximate boundary and tokens beyond it."""

    centres: Tensor

    def __init__(self, settings: PBASSettings, channels: int, map_size: int) -> None:
        super().__init__(channels, settings.hidden, settings.standardise, settings.image_score)
        self.settings = settings
        self.register_buffer("centres", torch.zeros(map_size**2, channels))

    def prepare(self, train: FeatureMaps, generator: torch.Generator) -> None:
        """Take the channels' standard deviations, draw the initial weights, and find the centres with these."""
        super().prepare(train, generator)
        self.centres = self._centres(train)

    @torch.no_grad()
    def _centres(self, train: FeatureMaps) -> Tensor:
        """Return the centres (N, C): means of the first images by position, moved by the means of the others."""
        centres = torch.empty(0)
        for index in batches(train, BATCH):
            adapted = self.adaptor(self.tokens(train.batch(index, self.device)))  # (B·N, C)
            means = adapted.unflatten(0, (len(index), -1)).mean(dim=0).cpu()  # (B·N, C) -> (B, N, C) -> (N, C)
            centres = moved(centres, means) if len(centres) else means
        return centres.to(self.device)

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        """Return the mean distance from centres, the losses of normal and of anomalous tokens, and their sum."""
        normal = self.adaptor(drawn(self.tokens(batch), self.settings.tokens, generator))  # (T, C)
        centre = self.centres[most_similar(normal, self.centres)]
        distance = (normal - centre).norm(dim=1).mean()
        inside, outside = self.told_apart(normal, stretched(normal, centre, self.settings.stretch))
        terms = {
            "distance": distance,
            "normal": functional.softplus(inside).mean(),
            "anomalous": functional.softplus(-outside).mean(),
        }
        return {"total": distance + terms["normal"] + terms["anomalous"], **terms}

    def anomaly(self, found: Tensor) -> Tensor:
        """Return the probabilities of being anomalous, 0..1."""
        return found.sigmoid()


def most_similar(tokens: Tensor, centres: Tensor) -> Tensor:
    """Return the index (T,) of the centre (N, C) with the largest cosine similarity to each token (T, C)."""
    with torch.no_grad():
        return (functional.normalize(tokens, dim=1) @ functional.normalize(centres, dim=1).T).argmax(dim=1)


def moved(centres: Tensor, means: Tensor) -> Tensor:
    """Return centres (N, C), each moved towards those of the means (N, C) to which it is the most similar, in order.

    Example:
        >>> moved(torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([[2.0, 0.0], [3.0, 0.0]]))
        tensor([[1.2900, 0.0000],
                [0.0000, 1.0000]])
    """
    found = centres.clone()
    for index, mean in zip(most_similar(means, centres).tolist(), means, strict=True):
        found[index] = (1 - MOVED) * found[index] + MOVED * mean
    return found


def stretched(tokens: Tensor, centres: Tensor, stretch: float) -> Tensor:
    """Return anomalous tokens (T, C): each beyond a token (T, C) as seen from its centre (T, C).

    The step outwards is `stretch` times the mean distance of tokens from their centres. No gradient goes through it.

    Example:
        >>> stretched(torch.tensor([[3.0, 4.0]]), torch.zeros(1, 2), 0.2)
        tensor([[3.6000, 4.8000]])
    """
    with torch.no_grad():
        ray = tokens - centres
        distance = ray.norm(dim=1, keepdim=True)
        step = ray / distance.clamp_min(torch.finfo(ray.dtype).tiny) * distance.mean() * stretch
    return tokens + step
