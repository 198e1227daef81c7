"""The driver: Ray Tune executes the jobs, one trial each, with reused actors."""

from __future__ import annotations

import contextlib
import signal
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ura_study.errors import ResourceError
from ura_study.output import notice
from ura_study.runs.job import Job
from ura_study.runs.ledger import Ledger
from ura_study.study.config import ResourceSettings
from ura_study.tune.cluster import cluster, raylet, restart
from ura_study.tune.examination import Examination
from ura_study.tune.leaving import SIGNALS, left_in_time
from ura_study.tune.machines import Machines
from ura_study.tune.nodes import Nodes
from ura_study.tune.raylet import watched
from ura_study.tune.shares import Shares

if TYPE_CHECKING:
    from ura_study.tune.queue import Queue

#: Tune wants a number of trials; the queue says when it is empty.
ENDLESS = 1_000_000_000
#: Seconds for what runs to come to its next report; then it is ended. Batch systems kill half a minute after they ask.
GRACE = 4.0


def run_jobs(
    jobs: Sequence[Job],
    ledger: Ledger,
    resources: ResourceSettings,
    listeners: Iterable[Any],
    address: str | None = None,
    wait: bool = False,
    source: Any = None,
) -> bool:
    """Do the jobs and add their records to the ledger; return False where the user stopped it before the end.

    Args:
        jobs: what to do, in order.
        ledger: the study's records.
        resources: what each run occupies.
        listeners: told of starts, progress and records (see `queue.Listener`).
        address: a running Ray cluster that this machine is part of (`auto`, `host:port`); None: this machine alone.
        wait: where no machine is large enough for one run, wait for one to join.
        source: brings further jobs when these are used up (see `queue.Source`).

    Raises:
        ConfigError: where no machine is large enough for one run.
        ResourceError: where the cluster cannot be reached, or records cannot be written.
    """
    with left_in_time(), cluster(address), tempfile.TemporaryDirectory(prefix="ura-study-") as scratch:
        import ray

        from ura_study.tune.queue import Queue

        machines = Machines(resources, ray.nodes)
        machines.check(wait)
        nodes = Nodes(machines.usable, Examination())
        slots, retries = machines.slots, resources.retries
        shares = Shares(resources, machines)
        queue = Queue(jobs, ledger, listeners, source=source, slots=slots, retries=retries, nodes=nodes, shares=shares)
        with _stop_on_signal(queue), contextlib.suppress(KeyboardInterrupt):
            while _interrupted(queue, machines, scratch, address):
                pass
    if queue.error is not None:
        raise queue.error
    return not queue.stopped


def _interrupted(queue: Queue, machines: Machines, scratch: str, address: str | None) -> bool:
    """Let Tune do what is pending; return whether it ended before all was done, so that the rest must be done anew.

    Tune handles workers that die by themselves, but not those that Ray's memory monitor ends (it raises an error), nor
    the end of Ray's own process on this machine (it waits for ever).
    """
    from ray.exceptions import RayError

    from ura_study.tune.queue import DIED

    with watched(*raylet()) as died:
        try:
            _tune(queue, machines, scratch)
            return False
        except KeyboardInterrupt:
            if not died.is_set():
                raise
        except (RuntimeError, RayError) as error:
            cause = error if isinstance(error, RayError) else error.__cause__
            if isinstance(cause, DIED):
                notice("a worker was ended since memory ran out; what ran is tried again")
                queue.lost(cause)
                return not queue.stopped
            if isinstance(cause, RayError):  # its head was started anew, say
                said = (str(cause).splitlines() or [type(cause).__name__])[0]
                raise ResourceError(
                    f"the Ray cluster is not what it was ({said}); the same command continues"
                ) from error
            raise
    if address is not None:
        raise ResourceError(
            "Ray's process on this machine (raylet) died; start it again, and the same command continues"
        )
    notice("Ray's process on this machine (raylet) died; Ray is started again, and what ran is tried again")
    restart()
    queue.lost(None)
    return not queue.stopped


def _tune(queue: Queue, machines: Machines, scratch: str) -> None:
    from ray import tune

    from ura_study.tune.hooks import Events, FirstWaiting, StopWhenAsked
    from ura_study.tune.worker import GPU, Worker

    tune.Tuner(
        tune.with_resources(Worker, lambda config: tune.PlacementGroupFactory([machines.request(config[GPU])])),
        tune_config=tune.TuneConfig(
            search_alg=queue,
            scheduler=FirstWaiting(),
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
def _stop_on_signal(queue: Queue) -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and SIGHUP end the study in order; a second one ends it at once."""

    over = False

    def stop(number: int, frame: object) -> None:
        queue.stopped = True
        if over:  # it came while the main thread was within Ray
            return
        notice("stopping; what runs is cut off at its next report (again to end at once)")
        signal.signal(number, signal.default_int_handler)
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, GRACE if queue.running else 0.1)

    heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]  # as `nohup` sets it
    before = {number: signal.signal(number, stop) for number in heard}
    try:
        yield
    finally:
        over = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
