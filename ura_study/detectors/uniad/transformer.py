"""The transformer of UniAD (You et al., A Unified Model for Multi-class Anomaly Detection, NeurIPS 2022).

Three of its parts keep it from copying what it sees. Attention may not look at a token's neighbourhood, in the encoder
and in both attentions of each decoder layer ("neighbour masked attention"). Each decoder layer asks with learned
queries of its own ("layer-wise query decoder"), and no residual path leads from the encoder around them. The third, the
jitter of the features, is in `network`.

Only the paper's abstract was at hand. Layers, their order (each normalised after its residual sum), positions (half of
the dimensions for the column, half for the row), initial values and the lack of a normalisation behind the encoder are
those of the authors' code.

Our own choice: the last linear layer begins at zero, so that the first reconstruction is the mean token. Begun at
random as the others, it makes a short training end where all tokens are alike: on a set of hazelnuts the error was not
below the variance after 100 steps, at learning rates from 1e-4 to 3e-3, and with this it is half of it. There is no
dropout (the authors' code has 0.1), since each random draw comes from the run's generator. Query, key and value have a
matrix each.

Legend: B images, N = S·S tokens, C channels, D width, H heads.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from ura_study.detectors.uniad.config import MaskedTransformerSettings
from ura_study.detectors.uranet.restoration import near

#: Width of the feed-forward layers in units of D.
FEED_FORWARD = 4
#: Ways to compute attention that give the same gradients each time. On a GPU, PyTorch would choose another one.
REPEATABLE = [SDPBackend.FLASH_ATTENTION, SDPBackend.MATH]


class MaskedTransformer(nn.Module):
    """Encoder and decoder between two linear layers. What the decoder's layers are, and are asked, a subclass says."""

    allowed: Tensor | None

    def __init__(
        self, settings: MaskedTransformerSettings, channels: int, map_size: int, decoder: Iterable[nn.Module]
    ) -> None:
        super().__init__()
        width, heads = settings.width, settings.heads
        self.inward, self.outward = nn.Linear(channels, width), nn.Linear(width, channels)
        self.columns = nn.Parameter(torch.zeros(map_size, width // 2))
        self.rows = nn.Parameter(torch.zeros(map_size, width // 2))
        self.encoder = nn.ModuleList(EncoderLayer(width, heads) for _ in range(settings.depth))
        self.decoder = nn.ModuleList(decoder)
        self.norm = nn.LayerNorm(width)
        self.register_buffer("allowed", allowed_keys(map_size, settings.neighbourhood), persistent=False)

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Draw the initial weights."""
        draw_weights(self, generator)
        self.outward.weight.zero_()
        for places in (self.columns, self.rows):
            places.copy_(torch.rand(places.shape, generator=generator))

    def encoded(self, tokens: Tensor, position: Tensor) -> Tensor:
        """Return what the encoder makes (B, N, D) of tokens (B, N, C), with positions (N, D)."""
        memory = self.inward(tokens)
        for layer in self.encoder:
            memory = layer(memory, position, self.allowed)
        return memory

    def position(self) -> Tensor:
        """Return the learned embedding (N, D) of each place: half of it is that of its column, half of its row."""
        side = len(self.rows)
        column = self.columns.expand(side, -1, -1)  # (S, D/2) -> (S, S, D/2)
        row = self.rows[:, None].expand(-1, side, -1)  # (S, D/2) -> (S, 1, D/2) -> (S, S, D/2)
        return torch.cat([column, row], dim=2).flatten(0, 1)  # (S, S, D) -> (N, D)


class Transformer(MaskedTransformer):
    """UniAD's: tokens in, tokens of the same shape out."""

    def __init__(self, settings: MaskedTransformerSettings, channels: int, map_size: int) -> None:
        layers = (DecoderLayer(settings.width, settings.heads, map_size**2) for _ in range(settings.depth))
        super().__init__(settings, channels, map_size, layers)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the reconstruction (B, N, C) of tokens (B, N, C)."""
        position = self.position()
        state = memory = self.encoded(tokens, position)
        for layer in self.decoder:
            state = layer(state, memory, position, self.allowed)
        return self.outward(self.norm(state))


class EncoderLayer(nn.Module):
    """Tokens attend to those of their image outside of their neighbourhood."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention = Attention(width, heads)
        self.feed_forward = feed_forward(width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))

    def forward(self, tokens: Tensor, position: Tensor, allowed: Tensor | None) -> Tensor:
        """Return tokens (B, N, D) from tokens (B, N, D), their positions (N, D) and the mask."""
        placed = tokens + position
        tokens = self.norms[0](tokens + self.attention(placed, placed, tokens, allowed))
        return self.norms[1](tokens + self.feed_forward(tokens))


class DecoderLayer(nn.Module):
    """Learned queries attend to what the encoder gave, and then to what the layer before gave."""

    def __init__(self, width: int, heads: int, tokens: int) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.zeros(tokens, width))
        self.to_memory, self.to_before = Attention(width, heads), Attention(width, heads)
        self.feed_forward = feed_forward(width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))

    def forward(self, before: Tensor, memory: Tensor, position: Tensor, allowed: Tensor | None) -> Tensor:
        """Return tokens (B, N, D) from those of the layer before and of the encoder, positions (N, D) and the mask."""
        asked = (self.queries + position)[None]
        state = self.norms[0](self.queries + self.to_memory(asked, memory + position, memory, allowed))
        state = self.norms[1](state + self.to_before(state + position, before + position, before, allowed))
        return self.norms[2](state + self.feed_forward(state))


class Attention(nn.Module):
    """Multi-head attention (Vaswani et al. 2017) from which keys can be hidden."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.output = nn.Linear(width, width)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, allowed: Tensor | None) -> Tensor:
        """Return (B, N, D) for queries (B, N, D), or the same for all images (1, N, D), keys and values (B, N, D).

        `allowed` (N, N) bool says to which keys a query may attend; None: to all.
        """
        asked, keys, values = self._split(self.query(query)), self._split(self.key(key)), self._split(self.value(value))
        asked = asked.expand(len(keys), -1, -1, -1)
        with sdpa_kernel(REPEATABLE):
            found = functional.scaled_dot_product_attention(asked, keys, values, attn_mask=allowed)
        return self.output(found.transpose(1, 2).flatten(2))  # (B, H, N, D/H) -> (B, N, H, D/H) -> (B, N, D)

    def _split(self, tokens: Tensor) -> Tensor:
        return tokens.unflatten(2, (self.heads, -1)).transpose(1, 2)  # (B, N, D) -> (B, N, H, D/H) -> (B, H, N, D/H)


@torch.no_grad()
def draw_weights(network: nn.Module, generator: torch.Generator) -> None:
    """Draw linear layers and convolutions by Xavier's uniform distribution, and learned queries by the normal one.

    Biases become 0.
    """
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            weight = torch.empty(module.weight.shape)
            module.weight.copy_(nn.init.xavier_uniform_(weight, generator=generator))
            if module.bias is not None:
                module.bias.zero_()
        elif isinstance(module, DecoderLayer):
            module.queries.copy_(torch.randn(module.queries.shape, generator=generator))


def feed_forward(width: int) -> nn.Sequential:
    """Return the network that each token passes by itself."""
    return nn.Sequential(nn.Linear(width, FEED_FORWARD * width), nn.ReLU(), nn.Linear(FEED_FORWARD * width, width))


def allowed_keys(side: int, neighbourhood: int) -> Tensor | None:
    """Return (N, N) bool: to which tokens each token of an S × S grid may attend; None: to all.

    Hidden are those in the square of side `neighbourhood` around it, which is odd, or 0 for no mask.
    """
    return None if neighbourhood == 0 else ~near(side, neighbourhood // 2)
