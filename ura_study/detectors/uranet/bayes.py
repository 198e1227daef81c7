"""Linear layers with Gaussian weights: variational inference with a mean-field posterior (Blundell et al. 2015).

In training the activations are sampled instead of the weights: the local reparameterisation trick (Kingma, Salimans &
Welling 2015). In scoring whole weight matrices are sampled once and used for every token: a sample is one network.

Legend: I inputs, O outputs, M samples, `...` any leading dimensions.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from ura_study.features.transfer import sent


class PointLinear(nn.Module):
    """y = W x + b with one plain W: the deterministic control, to be used like `BayesianLinear`."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.zeros(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Draw the weights as torch's own linear layers do (variance 1 / 3I)."""
        fan_in = self.mean.shape[1]
        self.mean.copy_(torch.randn(self.mean.shape, generator=generator) / math.sqrt(3 * fan_in))
        self.bias.zero_()

    @property
    def std(self) -> Tensor:
        """Standard deviation of the weights: 0, there is no posterior."""
        return self.mean.new_zeros(())

    def forward(self, x: Tensor, std: Tensor, generator: torch.Generator) -> Tensor:
        """Return y (..., O) for x (..., I); nothing is drawn."""
        return functional.linear(x, self.mean, self.bias)

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """Return the weights (1, O, I): all samples would be equal, so there is one."""
        return self.mean[None]

    def divergence(self, std: Tensor) -> Tensor:
        """Return 0: there is no posterior."""
        return self.mean.new_zeros(())


class BayesianLinear(PointLinear):
    """y = W x + b with W ~ N(mean, std²), independent entries, and a plain bias b."""

    def __init__(self, inputs: int, outputs: int, prior_std: float, initial_std: float) -> None:
        super().__init__(inputs, outputs)
        self.raw_std = nn.Parameter(torch.zeros(outputs, inputs))
        self.prior_std, self.initial_std = prior_std / math.sqrt(inputs), initial_std / math.sqrt(inputs)

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Draw the means as those of `PointLinear` and set the standard deviations."""
        super().initialise(generator)
        self.raw_std.fill_(math.log(math.expm1(self.initial_std)))

    @property
    def std(self) -> Tensor:
        """Standard deviations of the weights, (O, I), positive.

        It is slow to compute. So methods that are called several times in a training step are given it.
        """
        return functional.softplus(self.raw_std)

    def forward(self, x: Tensor, std: Tensor, generator: torch.Generator) -> Tensor:
        """Return a sample of y (..., O) for x (..., I), drawn independently for each leading index."""
        mean = functional.linear(x, self.mean, self.bias)
        variance = functional.linear(x.square(), std.square())
        noise = sent(torch.randn(mean.shape, generator=generator), mean.device).to(mean.dtype)
        return mean + (variance + 1e-12).sqrt() * noise

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """Return `count` weight matrices (M, O, I)."""
        noise = sent(torch.randn((count, *self.mean.shape), generator=generator), self.mean.device).to(self.mean.dtype)
        return self.mean + self.std * noise

    def divergence(self, std: Tensor) -> Tensor:
        """Return KL(posterior ‖ prior) summed over the weights, in nats."""
        ratio = std / self.prior_std
        return (0.5 * (ratio.square() + (self.mean / self.prior_std).square() - 1) - ratio.log()).sum()
