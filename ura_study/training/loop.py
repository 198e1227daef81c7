"""The fit of one detector on the normal images of one category."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ura_study.detectors.base import Detector
from ura_study.features.maps import FeatureMaps
from ura_study.randomness import generator
from ura_study.training.config import TrainingSettings
from ura_study.training.order import Shuffled
from ura_study.training.schedule import learning_rate

#: Called after each step with what returns the whole state of the training, so that it can be kept.
Keep = Callable[[Callable[[], dict[str, Any]]], object]
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
#: Most batches between two reads of the losses. A read waits until the device has done all that was asked of it.
UNREAD = 100


class NonFiniteLoss(ArithmeticError):
    """The loss became NaN or infinite: these settings do not train."""


@dataclass(frozen=True)
class Interval:
    """What happened in one reporting interval of the fit."""

    step: int
    """Updates done so far."""
    losses: dict[str, float]
    """Mean of each term of the loss over the interval."""
    lr: float
    """Learning rate of the last update."""
    seconds: float
    """Wall time of the interval."""
    metrics: dict[str, float | None] = field(default_factory=dict)
    """Metrics of the detector on held-out images after this interval, if the caller computed them."""
    share: float = 1.0
    """Share of the fit's updates that are done, 0..1."""


def fit(
    detector: Detector, train: FeatureMaps, settings: TrainingSettings, seed: int, device: torch.device
) -> Iterator[Interval]:
    """Prepare `detector` and train it on `device`; yield a record per interval (none if there is nothing to train).

    The fit is done when the iterator is exhausted. All random draws come from generators made from `seed`.

    Args:
        detector: what to train, not yet prepared.
        train: feature maps of the images to train on.
        settings: how to train.
        seed: of all random draws.
        device: where to train.

    Raises:
        NonFiniteLoss: where a term of the loss is NaN or infinite.
    """
    prepare(detector, train, seed, device)
    yield from descend(detector, train, settings, seed, device)


def prepare(detector: Detector, train: FeatureMaps, seed: int, device: torch.device) -> None:
    """Prepare `detector` on `device`: the first part of `fit`."""
    detector.to(device)
    detector.prepare(train, generator(seed, "prepare"))


def descend(
    detector: Detector,
    train: FeatureMaps,
    settings: TrainingSettings,
    seed: int,
    device: torch.device,
    state: dict[str, Any] | None = None,
    keep: Keep | None = None,
) -> Iterator[Interval]:
    """Train a detector that is prepared: the second part of `fit`, with the same arguments, and two more.

    Args:
        detector, train, settings, seed, device: as in `fit`.
        state: what `keep` was given in a fit of the same arguments: it is continued, and ends with the same weights.
        keep: called after each step with a function that returns the state.

    Raises:
        NonFiniteLoss: where a term of the loss is NaN or infinite.
    """
    if state is not None:  # before the optimiser is made: parameters may be replaced
        detector.load_state_dict(state["detector"])
    if not detector.trains_by_gradient:
        return
    settings = settings.for_images(len(train))
    groups = detector.parameter_groups()
    optimiser = torch.optim.AdamW(groups, settings.lr, weight_decay=settings.weight_decay, fused=True)
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    scaler = torch.amp.GradScaler(device.type, enabled=settings.precision == "float16")
    order = Shuffled(len(train), settings.batch_size, generator(seed, "order"))
    draws = generator(seed, "losses")
    first, done, started = 0, 0, time.perf_counter()
    sums: dict[str, Tensor] = {}
    if state is not None:
        optimiser.load_state_dict(state["optimiser"])
        scaler.load_state_dict(state["scaler"])
        order.load_state_dict(state["order"])
        draws.set_state(state["draws"])
        first, done, started = state["steps"], state["done"], started - state["seconds"]
        sums = {name: value.to(device) for name, value in state["sums"].items()}
    unread: list[tuple[int, float, dict[str, Tensor]]] = []

    def current() -> dict[str, Any]:
        _check(unread)  # what is kept is to be worth continuing
        return {
            "steps": step + 1,
            "detector": detector.state_dict(),
            "optimiser": optimiser.state_dict(),
            "scaler": scaler.state_dict(),
            "order": order.state_dict(),
            "draws": draws.get_state(),
            "done": done,
            "seconds": time.perf_counter() - started,
            "sums": sums,
        }

    report_steps = _report_steps(settings)
    detector.train()
    if settings.compile:
        for part in detector.children():
            part.compile()
    for step in range(first, settings.steps):
        lr = learning_rate(step, settings)
        for group in optimiser.param_groups:
            group["lr"] = lr * group.get("lr_factor", 1.0)
        optimiser.zero_grad()
        for _ in range(settings.accumulate):
            images, progress = next(order), step / max(1, settings.steps - 1)
            try:
                with torch.autocast(device.type, PRECISIONS[settings.precision], settings.precision != "float32"):
                    terms = detector.losses(train.batch(images, device), progress, draws)
            except Exception:
                _check(unread)  # where weights became NaN, that is the cause
                raise
            unread.append((step, lr, {name: term.detach() for name, term in terms.items()}))
            scaler.scale(terms["total"] / settings.accumulate).backward()
            sums = {name: sums.get(name, 0.0) + term.detach() / settings.accumulate for name, term in terms.items()}
        scaler.unscale_(optimiser)
        torch.nn.utils.clip_grad_norm_(parameters, settings.clip)
        scaler.step(optimiser)  # a fused optimiser itself skips where a gradient is infinite: nothing is read
        scaler.update()
        if len(unread) >= UNREAD or step + 1 in report_steps:
            _check(unread)
            unread = []
        if step + 1 in report_steps:
            count, now = step + 1 - done, time.perf_counter()
            yield Interval(step + 1, _means(sums, count), lr, now - started, share=(step + 1) / settings.steps)
            done, started, sums = step + 1, time.perf_counter(), {}
            detector.train()  # the caller may have evaluated the detector, which puts it into evaluation mode
        if keep is not None:
            keep(current)


def _report_steps(settings: TrainingSettings) -> set[int]:
    """Return the steps after which an interval ends: as equal as can be, the last one at the end."""
    count = min(settings.reports, settings.steps)
    return {round(settings.steps * (i + 1) / count) for i in range(count)}


def _means(sums: dict[str, Tensor], count: int) -> dict[str, float]:
    return {name: float(value) / count for name, value in sums.items()}


def _check(unread: list[tuple[int, float, dict[str, Tensor]]]) -> None:
    """Read the terms of the loss of some batches, each with its step and learning rate; raise at the first bad one.

    Weights may be kept only after this: those trained since the last call may be trained on a NaN.
    """
    for step, lr, terms in unread:
        values = {name: term.item() for name, term in terms.items()}
        bad = [f"{name} = {value}" for name, value in values.items() if not math.isfinite(value)]
        if bad:
            raise NonFiniteLoss(
                f"The loss must be finite, but at step {step + 1} (learning rate {lr:.3g}) {', '.join(bad)}"
            )
