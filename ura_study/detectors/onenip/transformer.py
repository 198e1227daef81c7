"""The transformer of OneNIP (Gao, Learning to Detect Multi-class Anomalies with Just One Normal Image Prompt, 2024).

Its encoder is UniAD's. Its decoder has no learned queries: it asks with the tokens of a normal image, the prompt. In
each layer the prompt looks at the image and then the image at the prompt, so that both change ("bidirectional
decoder"). The output is what became of the prompt, after a last look at the image.

From the authors' code, in the version that mended the decoder: the order of the parts, each normalised after its
residual sum; the mask of both attentions of a layer, and none in the last one, behind which there is no sum but the
normalisation of all of it.

Our own choice: that of UniAD's transformer (no dropout, and a last linear layer that begins at zero).

Legend: B images, P prompts, N = S·S tokens, C channels, D width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ura_study.detectors.onenip.config import OneNIPSettings
from ura_study.detectors.uniad.transformer import Attention, MaskedTransformer, feed_forward


class PromptedTransformer(MaskedTransformer):
    """Tokens and prompts in, tokens of the same shape out."""

    def __init__(self, settings: OneNIPSettings, channels: int, map_size: int) -> None:
        layers = (PromptedLayer(settings.width, settings.heads) for _ in range(settings.depth))
        super().__init__(settings, channels, map_size, layers)
        self.last = Attention(settings.width, settings.heads)

    def forward(self, tokens: Tensor, prompts: Tensor, own: Tensor) -> Tensor:
        """Return the reconstruction (B, N, C) of tokens (B, N, C), each image's from the prompt `own` (B,).

        Of the prompts (P, N, C) each is encoded once.
        """
        position = self.position()
        encoded = self.encoded(torch.cat([tokens, prompts]), position)
        image, prompt = encoded[: len(tokens)], encoded[len(tokens) :][own]
        for layer in self.decoder:
            prompt, image = layer(prompt, image, position, self.allowed)
        prompt = prompt + self.last(prompt + position, image + position, image, None)
        return self.outward(self.norm(prompt))


class PromptedLayer(nn.Module):
    """The prompt attends to the image, and then the image to the prompt."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.to_image, self.to_prompt = Attention(width, heads), Attention(width, heads)
        self.feed_forward = feed_forward(width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))

    def forward(self, prompt: Tensor, image: Tensor, position: Tensor, allowed: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return prompt and image (B, N, D) from those of the layer before, positions (N, D) and the mask."""
        prompt = self.norms[0](prompt + self.to_image(prompt + position, image + position, image, allowed))
        prompt = self.norms[1](prompt + self.feed_forward(prompt))
        image = self.norms[2](image + self.to_prompt(image + position, prompt + position, prompt, allowed))
        return prompt, image
