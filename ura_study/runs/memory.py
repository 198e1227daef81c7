"""How much memory a run's detector and process take, and how much of a GPU's they may take.

On a CPU nothing can tell one run's share of a process that did other runs before, so only the size of what was fitted
is taken there: it is the same on any machine. PyTorch counts what it allocates on a GPU, so there is a peak as well.
"""

from __future__ import annotations

import torch

from ura_study.detectors.base import Detector

#: Bytes of GPU memory that a process takes beside its tensors (CUDA's context and libraries; 762 MB on an H200).
CONTEXT = 800 << 20


def detector_bytes(detector: Detector) -> int:
    """Return the bytes of all that was fitted: weights, statistics and memory bank, without the frozen backbone."""
    return sum(tensor.numel() * tensor.element_size() for tensor in detector.state_dict().values())


def bound(share: float, device: torch.device) -> None:
    """Let this process take no more of a GPU's memory than its share, context included."""
    rest = CONTEXT / total_bytes(device)
    torch.cuda.set_per_process_memory_fraction(max(min(share, 1.0) - rest, 0.01), device)


def total_bytes(device: torch.device) -> int:
    """Return the bytes of memory that a GPU has."""
    return torch.cuda.get_device_properties(device).total_memory


def held_bytes(device: torch.device) -> int | None:
    """Return the bytes that this process holds of a GPU's memory, context included; None on a CPU.

    PyTorch keeps what it once took, so this is the most that it has needed by now.
    """
    return torch.cuda.memory_reserved(device) + CONTEXT if device.type == "cuda" else None


def start_counting(device: torch.device) -> None:
    """Forget what the peak has been so far."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def peak_bytes(device: torch.device) -> int | None:
    """Return the most bytes that tensors took at once on a GPU since `start_counting`; None on a CPU."""
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
