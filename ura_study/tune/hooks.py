"""The two small things Tune asks for beside a searcher."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ray import cloudpickle, tune

from ura_study.tune.queue import Queue


class Events(tune.Callback):
    """Tells the queue what Tune does not tell a searcher: that a trial really starts, and why a worker failed."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def on_trial_start(self, iteration: int, trials: list, trial: Any, **info: Any) -> None:
        self._queue.on_trial_start(trial.trial_id)

    def on_trial_error(self, iteration: int, trials: list, trial: Any, **info: Any) -> None:
        self._queue.on_trial_error(trial.trial_id, _error(trial))


def _error(trial: Any) -> Exception | None:
    """Return what ended a trial, from the file in which Tune keeps it; None where the worker's process just died."""
    file = trial.pickled_error_file
    return cloudpickle.loads(Path(file).read_bytes()) if file and Path(file).is_file() else None


class StopWhenAsked(tune.Stopper):
    """Ends a run that nobody wants any more, and the experiment once the queue was stopped: by the user or an error."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        return self._queue.unwanted(trial_id)

    def stop_all(self) -> bool:
        return self._queue.stopped
