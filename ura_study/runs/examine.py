"""What a machine lacks for a run, found before it gets any: what a run would stumble over in its first seconds."""

from __future__ import annotations

import json

import torch

from ura_study.cache import check_cache
from ura_study.errors import ResourceError
from ura_study.features.backbone import Backbone
from ura_study.runs.execute import read_category
from ura_study.runs.job import Job


def examine(order: str) -> None:
    """Check for a job, given as JSON, this program and plug-ins, the cache, the images, the weights and the device.

    Raises:
        UserError: where the job could not be done on this machine.
    """
    job = Job.read(json.loads(order))
    check_cache()
    read_category(job)
    Backbone(job.settings.features, job.settings.features.layers, torch.device("cpu"))
    if job.gpu > 0 and not torch.cuda.is_available():
        raise ResourceError(f"gpu {job.gpu:g} was asked for, but PyTorch finds none there")
