"""The small things Tune asks for beside a searcher."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ray import cloudpickle, tune
from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler

from ura_study.tune.queue import Queue


class Events(tune.Callback):
    """Tells the queue what Tune does not tell a searcher: that a trial really starts, and why a worker failed.

    Tune keeps each trial to the end, and then writes down what each was. Nobody needs that: it goes as a trial ends.
    """

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def on_trial_start(self, iteration: int, trials: list, trial: Any, **info: Any) -> None:
        self._queue.on_trial_start(trial.trial_id)

    def on_trial_complete(self, iteration: int, trials: list, trial: Any, **info: Any) -> None:
        trial.config.clear()
        trial.evaluated_params, trial.experiment_tag = {}, ""
        trial._default_result_or_future = None  # else Ray holds a result of the worker's to the end
        trial.get_json_state = _no_state
        known = trial.run_metadata
        known.last_result, known.metric_analysis, known.metric_n_steps = {"done": True}, {}, {}

    def on_trial_error(self, iteration: int, trials: list, trial: Any, **info: Any) -> None:
        self._queue.on_trial_error(trial.trial_id, _error(trial))


def _no_state() -> tuple[str, str]:
    return "{}", "{}"


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


class FirstWaiting(FIFOScheduler):
    """Chooses a trial that waits, as Tune's own does, which walks through all that there ever were at each event."""

    def choose_trial_to_run(self, tune_controller: Any) -> Trial | None:
        return next((trial for trial in tune_controller.get_live_trials() if trial.status == Trial.PENDING), None)
