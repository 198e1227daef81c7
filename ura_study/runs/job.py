"""The order that the driver gives to a worker: one run, complete, as a line of JSON."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Self

from pydantic import Field

from ura_study.data.config import DataSettings
from ura_study.errors import ResourceError
from ura_study.plugins import check, needed, source_hash
from ura_study.settings import List, Settings
from ura_study.study.config import EvaluationSettings, Study, VariantSettings
from ura_study.study.plan import Run


class Job(Settings):
    """One run and everything a worker on another machine needs to do it."""

    run_id: str
    study: str
    variant: str
    category: str
    seed: int
    data: DataSettings
    """Where the images lie, `root` absolute."""
    fingerprint: str
    """What the driver found there; a worker that finds something else refuses."""
    settings: VariantSettings
    evaluation: EvaluationSettings
    threads: int
    """Processor threads: part of the order, since floating-point sums depend on it."""
    gpu: float = 0.0
    """Share of a GPU that the run may use; 0: processor only. `tune.shares` may decide otherwise."""
    watch: bool = False
    """Whether the held-out images are scored at every report of the training, for a search that compares curves."""
    pictures: bool = False
    """Whether pictures of some test images are kept."""
    metrics: List[str] = ()
    """Metrics of plug-ins that are taken beside those of this program."""
    plugins: dict[str, str] = Field(default_factory=dict)
    """The plug-ins that take part, by module or file, and what each must be."""
    program: str = ""
    """A hash of this program's own source: a worker that has another one refuses."""

    @classmethod
    def of(cls, study: Study, run: Run, *, watch: bool = False, pictures: bool = False) -> Self:
        """Return the order for one run of a study."""
        return cls(
            run_id=run.run_id,
            study=study.study,
            variant=run.variant,
            category=run.category,
            seed=run.seed,
            data=run.data,
            fingerprint=run.fingerprint,
            settings=run.settings,
            evaluation=study.evaluation,
            threads=study.resources.cpu,
            gpu=1.0 if study.resources.gpu == "auto" else study.resources.gpu,
            watch=watch,
            pictures=pictures,
            metrics=study.further_metrics,
            plugins=needed(study.plugins_of(run.settings)),
            program=_program(),
        )

    @classmethod
    def read(cls, raw: dict[str, Any]) -> Self:
        """Return the order that another process gave, as JSON has it, after the plug-ins it needs are imported.

        Raises:
            ConfigError: where a plug-in cannot be imported, or is another one here.
            ResourceError: where this program is another version here.
        """
        if raw["program"] not in ("", own := _program()):
            raise ResourceError(
                f"ura_study here is another version ({own}) than where the study runs ({raw['program']})"
            )
        for plugin, identity in raw["plugins"].items():
            check(plugin, identity)
        return cls.model_validate_json(json.dumps(raw))


@cache
def _program() -> str:
    """Return a hash of this program's source."""
    return source_hash("ura_study")
