"""What a finished run leaves: who it was, what came out, and everything needed to trace or repeat it."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ura_study.runs.job import Job


class Failure(BaseModel):
    """Why a run gave no numbers."""

    model_config = ConfigDict(frozen=True)

    kind: str
    """Name of the exception's class, or `WorkerDied`."""
    message: str
    expected: bool
    """True where the user can mend it (data, disk, settings); False where it is a bug."""
    traceback: str = ""

    @field_validator("message", "traceback")
    @classmethod
    def _encodable(cls, text: str) -> str:
        """File names that are not UTF-8 reach Python as surrogates, which JSON cannot hold."""
        return text.encode(errors="backslashreplace").decode()


class DefectRecord(BaseModel):
    """What a run measured on one kind of defect (see `metrics.by_defect`)."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    images: int
    """Test images of this kind."""
    metrics: dict[str, float | None]
    """`DEFECT_METRICS`, each in 0..1; None where undefined."""


class Record(BaseModel):
    """One run, done or failed: one line of `runs.jsonl`. Numbers are finite, since JSON has no others."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    run_id: str
    status: Literal["done", "failed"]
    study: str
    variant: str
    """The first name under which the study asked for this configuration."""
    category: str
    seed: int
    settings: dict[str, Any]
    """The complete configuration of the variant."""
    data: dict[str, Any]
    """Layout, image size, share held out for validation, content fingerprint, numbers of images."""
    evaluation: dict[str, Any]
    metrics: dict[str, float | None] = Field(default_factory=dict)
    """Each in 0..1; None where undefined."""
    undefined: dict[str, str] = Field(default_factory=dict)
    """The reason for each undefined metric."""
    by_defect: dict[str, DefectRecord] = Field(default_factory=dict)
    """Kind of defect → its metrics; empty in records from before this was taken, and without anomalous images."""
    reliability: dict[str, list[int | float]] = Field(default_factory=dict)
    """Counts of the validation's reliability diagram (see `metrics.calibration.Reliability`); empty without one."""
    losses: dict[str, float] = Field(default_factory=dict)
    """Terms of the training loss in the last interval."""
    fit_id: str | None = None
    """The weights: runs that differ only in what scoring reads have the same."""
    fit_shared: bool = False
    """Whether the weights were there already, trained by another run: `fit_seconds` is then what that run took."""
    parameters: int | None = None
    """Trained parameters of the detector, without the frozen backbone."""
    backbone_parameters: int | None = None
    """Parameters of the frozen backbone, as timm builds it for the levels in use; None in records from before this was
    taken, as the two below."""
    flops: int | None = None
    """Operations to score one image, backbone included (see `runs.stages.work`): the same on every machine."""
    backbone_flops: int | None = None
    """The backbone's part of them."""
    detector_bytes: int | None = None
    """Of all that was fitted (weights, statistics, memory bank); None in records from before this was taken."""
    gpu_peak_bytes: int | None = None
    """The most that tensors took at once on the GPU while test images were scored; None on a CPU."""
    gpu_held_bytes: int | None = None
    """GPU memory that the worker's process held at the end of the run, CUDA's context included; None on a CPU."""
    timings: dict[str, float] = Field(default_factory=dict)
    """Seconds of each stage (`features_seconds`, `fit_seconds`, …) and `score_ms_per_image`."""
    failure: Failure | None = None
    notes: list[str] = Field(default_factory=list)
    """What went wrong without harm to the numbers."""
    provenance: dict[str, Any] = Field(default_factory=dict)
    """Versions, machine, device, threads, commit; `continued_at`, the step from which a training that was cut off went
    on."""
    finished: str = ""
    """When, ISO 8601 in UTC."""
    reused_from: str | None = None
    """The study whose record this is a copy of."""

    @classmethod
    def of(cls, job: Job, **outcome: Any) -> Self:
        """Return the record of a job that ended just now as `outcome` says (fields of this class)."""
        data = {
            "layout": job.data.layout,
            "root": job.data.root,
            **job.data.identity(),
            "fingerprint": job.fingerprint,
        }
        return cls(
            run_id=job.run_id,
            study=job.study,
            variant=job.variant,
            category=job.category,
            seed=job.seed,
            settings=job.settings.model_dump(mode="json"),
            evaluation=job.evaluation.model_dump(mode="json"),
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
            **outcome | {"data": data | outcome.get("data", {})},
        )

    @classmethod
    def refused(cls, job: dict[str, Any], failure: Failure) -> Self:
        """Return the record of a job, as JSON has it, that could not even be read here."""
        same = ("run_id", "study", "variant", "category", "seed", "settings", "evaluation")
        data = {"layout": job["data"]["layout"], "root": job["data"]["root"], "fingerprint": job["fingerprint"]}
        finished = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(**{key: job[key] for key in same}, data=data, status="failed", failure=failure, finished=finished)

    @property
    def where(self) -> str:
        """Variant, category and seed, to name the run in a line of text."""
        return f"{self.variant} · {self.category} · seed {self.seed}"

    @property
    def host(self) -> str:
        """The machine that did the run; empty where that is not known."""
        return str(self.provenance.get("host", ""))

    @property
    def elsewhere(self) -> str:
        """Where the run was, to end a line about it: empty on this machine."""
        return f" (on {self.host})" if self.host not in ("", platform.node()) else ""

    @property
    def done(self) -> bool:
        return self.status == "done"

    @property
    def seconds(self) -> float:
        """Wall-clock seconds of all stages that this run went through itself."""
        passed = (name for name in self.timings if not (self.fit_shared and name == "fit_seconds"))
        return sum(self.timings[name] for name in passed if name.endswith("_seconds"))
