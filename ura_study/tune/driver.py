"""The driver: Ray Tune executes the jobs, one trial each, with reused actors."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ura_study.cache import cache_root
from ura_study.config import ResourceSettings
from ura_study.errors import ConfigError, ResourceError
from ura_study.runs.job import Job
from ura_study.runs.ledger import Ledger

#: Ray reads these when it is imported. Its console output would tear the live display.
QUIET = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "100000000",
}
#: Tune wants a number of trials; the queue says when it is empty.
ENDLESS = 1_000_000_000


def run_jobs(
    jobs: Sequence[Job],
    ledger: Ledger,
    resources: ResourceSettings,
    listeners: Iterable[Any],
    address: str | None = None,
    source: Any = None,
) -> bool:
    """Do the jobs and add their records to the ledger; return False where the user stopped it before the end.

    Args:
        jobs: what to do, in order.
        ledger: the study's records.
        resources: what each run occupies.
        listeners: told of starts, progress and records (see `queue.Listener`).
        address: a running Ray cluster that this machine is part of (`auto`, `host:port`); None: this machine alone.
        source: brings further jobs when these are used up (see `queue.Source`).

    Raises:
        ConfigError: where no machine is large enough for one run.
        ResourceError: where the cluster cannot be reached, or records cannot be written.
    """
    os.environ.update({name: os.environ.get(name, value) for name, value in QUIET.items()})
    import ray

    from ura_study.tune.queue import Queue

    with _ray(address), tempfile.TemporaryDirectory(prefix="ura-study-") as scratch:
        slots = _slots(resources, ray.nodes())
        queue = Queue(jobs, ledger, listeners, source=source, slots=slots, retries=resources.retries)
        with _stop_on_signal(queue):
            _tune(queue, resources, scratch)
    if queue.error is not None:
        raise queue.error
    return not queue.stopped


def _tune(queue: Any, resources: ResourceSettings, scratch: str) -> None:
    from ray import tune

    from ura_study.tune.hooks import Events, StopWhenAsked
    from ura_study.tune.worker import Worker

    tune.Tuner(
        tune.with_resources(Worker, {"cpu": resources.cpu, "gpu": resources.gpu}),
        tune_config=tune.TuneConfig(
            search_alg=queue,
            num_samples=ENDLESS,
            reuse_actors=True,
            trial_name_creator=lambda trial: trial.trial_id,
            trial_dirname_creator=lambda trial: trial.trial_id,
        ),
        run_config=tune.RunConfig(
            name="trials",
            storage_path=scratch,
            callbacks=[Events(queue)],
            stop=StopWhenAsked(queue),
            verbose=0,
            checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            failure_config=tune.FailureConfig(max_failures=0),
        ),
    ).fit()


@contextlib.contextmanager
def _ray(address: str | None) -> Iterator[None]:
    """Start Ray on this machine, or join a cluster; leave it in the end."""
    import ray

    _check_reachable(address)
    os.environ["URA_STUDY_CACHE"] = str(cache_root())  # absolute: workers run in folders of their own
    local = {} if address else {"include_dashboard": False, "object_store_memory": 256 << 20}
    try:
        ray.init(address=address or "local", log_to_driver=False, logging_level="ERROR", **local)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise ResourceError(f"no Ray cluster at {address or 'this machine'} ({error})") from error
    try:
        yield
    finally:
        ray.shutdown()


def _check_reachable(address: str | None) -> None:
    """Raise a `ResourceError` where nothing answers at `host:port`; Ray itself would try for minutes."""
    if address is not None and address.startswith("ray://"):
        raise ConfigError("--address: Ray Client (ray://) is not supported; run on a node of the cluster with 'auto'")
    host, _, port = (address or "").rpartition(":")
    if not (host and port.isdigit()):
        return
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except OSError as error:
        raise ResourceError(f"no Ray cluster at {address} ({error.strerror or error})") from error


@contextlib.contextmanager
def _stop_on_signal(queue: Any) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the study in order; a second one ends it at once."""

    def stop(number: int, frame: object) -> None:
        queue.stopped = True
        print("stopping; what runs is cut off at its next report (again to end at once)", file=sys.stderr)
        signal.signal(number, signal.default_int_handler)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _slots(resources: ResourceSettings, nodes: list[dict[str, Any]]) -> int:
    """Return how many runs the cluster can hold at once.

    Raises:
        ConfigError: where no node can hold one: Tune would wait for ever.
    """
    alive = [node["Resources"] for node in nodes if node["Alive"]]
    slots = sum(_held(resources, node) for node in alive)
    if slots == 0:
        largest = ", ".join(f"cpu {n.get('CPU', 0):g} gpu {n.get('GPU', 0):g}" for n in alive)
        raise ConfigError(
            f"resources: a run wants cpu {resources.cpu} gpu {resources.gpu:g}, but the machines have {largest}"
        )
    return slots


def _held(resources: ResourceSettings, node: dict[str, float]) -> int:
    """Return how many runs a node can hold; those with a share of a GPU do not spread over two."""
    by_cpu = int(node.get("CPU", 0) // resources.cpu)
    if resources.gpu == 0:
        return by_cpu
    gpus = node.get("GPU", 0)
    by_gpu = gpus // resources.gpu if resources.gpu >= 1 else gpus * int(1 / resources.gpu + 1e-9)
    return min(by_cpu, int(by_gpu))
