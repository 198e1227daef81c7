"""A run that always ends in a record, also when it fails."""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Iterator

import torch

from ura_study.errors import UserError
from ura_study.runs.details import Details
from ura_study.runs.execute import execute
from ura_study.runs.job import Job
from ura_study.runs.memory import bound
from ura_study.runs.provenance import provenance
from ura_study.runs.record import Failure, Record
from ura_study.training.loop import Interval, NonFiniteLoss


def attempt_read(text: str) -> Iterator[Interval | Details | Record]:
    """Do the job that another process gave as JSON."""
    raw = json.loads(text)
    try:
        job = Job.read(raw)
    except UserError as error:
        yield Record.refused(raw, failure_of(error))
    else:
        yield from attempt(job)


def attempt(job: Job) -> Iterator[Interval | Details | Record]:
    """Yield what `execute` yields; an exception becomes a record of the failure instead of ending the study."""
    device = device_of(job)
    try:
        yield from execute(job, device)
    except Exception as error:  # noqa: BLE001 - recorded with its traceback, shown in the tables, never passed over
        yield Record.of(job, status="failed", failure=failure_of(error), provenance=provenance(device))


def failure_of(error: Exception) -> Failure:
    """Return what is kept of an exception; the traceback only where it is a bug."""
    expected = isinstance(error, UserError | NonFiniteLoss)
    trace = "" if expected else "".join(traceback.format_exception(error))
    return Failure(kind=type(error).__name__, message=str(error), expected=expected, traceback=trace)


def device_of(job: Job) -> torch.device:
    """Return where a job is done, and make this process give it the same numbers, whatever it did before."""
    on_gpu = job.gpu > 0 and torch.cuda.is_available()
    device = torch.device("cuda", torch.cuda.current_device()) if on_gpu else torch.device("cpu")
    torch.set_num_threads(job.threads)
    if device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        bound(job.gpu, device)
        torch.backends.cudnn.benchmark = False
        torch.use_deterministic_algorithms(True, warn_only=True)
    return device
