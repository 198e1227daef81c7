"""The learning rate as a function of the step."""

from __future__ import annotations

import math

from ura_study.training.config import TrainingSettings


def learning_rate(step: int, settings: TrainingSettings) -> float:
    """Return the learning rate of `step`, counted from 0 to steps − 1."""
    warm = round(settings.warmup * settings.steps)
    if step < warm:  # 1) linear rise; the first step is already above 0
        return settings.lr * (step + 1) / warm
    lowest = settings.lr * settings.final_lr
    share = (step - warm) / max(1, settings.steps - 1 - warm)  # 2) cosine decay to the lowest
    return lowest + 0.5 * (1 + math.cos(math.pi * share)) * (settings.lr - lowest)
