"""Copies from the CPU to a GPU that the program does not wait for."""

from __future__ import annotations

import torch
from torch import Tensor


def sent(tensor: Tensor, device: torch.device) -> Tensor:
    """Return a tensor of the CPU on `device`.

    A plain `.to` waits until a GPU has done all that was asked of it before. A copy from pinned memory takes its turn
    behind that instead; PyTorch keeps the memory until the copy is made.
    """
    if device.type != "cuda" or tensor.is_cuda:
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)
