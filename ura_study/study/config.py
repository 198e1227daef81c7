"""The schema of a study file. Every section stands beside the code it configures; here they come together."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, ValidationError, ValidationInfo, field_validator, model_validator

from ura_study.data.config import DataAxes, DataSettings
from ura_study.data.layouts.config import LAYOUTS
from ura_study.detectors.config import DETECTORS, DetectorSettings, Model
from ura_study.detectors.scoring_config import ScoringSettings
from ura_study.detectors.uranet.config import URANetSettings
from ura_study.detectors.uranet.synthesis_config import SYNTHESES
from ura_study.errors import ConfigError
from ura_study.features.config import FeatureSettings
from ura_study.metrics.names import METRICS_BY_NAME, THRESHOLD_METRICS, VALIDATION
from ura_study.metrics.threshold_config import THREE_SIGMA, ThresholdSettings
from ura_study.report.config import ReportSettings
from ura_study.search.config import SearchSettings
from ura_study.search.objective_config import RESOURCES
from ura_study.settings import List, Settings, rebuild
from ura_study.study.config_errors import explain
from ura_study.training.config import TrainingSettings

#: A value of a swept key: a number, a string, a switch, a section or a list.
Value = Any
#: Resources that have a key of their own: Ray's name → key.
RAYS_OWN = {"CPU": "cpu", "GPU": "gpu", "memory": "memory"}
#: The forms of an ablation, and most parts of a factorial one, which has 2 to the power of their number variants.
FORMS = ("leave_one_out", "add_one_in", "factorial", "sweep", "grid")
MOST_PARTS = 8
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)]


class VariantSettings(Settings):
    """One complete configuration of everything a run does after the images are read."""

    features: FeatureSettings = FeatureSettings()
    model: Model = URANetSettings()
    training: TrainingSettings = TrainingSettings()
    scoring: ScoringSettings = ScoringSettings()

    @field_validator("model")
    @classmethod
    def _fits_the_grid(cls, model: DetectorSettings, info: ValidationInfo) -> DetectorSettings:
        if "features" in info.data:
            model.check_grid(info.data["features"].map_size)
        return model

    @model_validator(mode="after")
    def _judged(self) -> Self:
        if self.training.refine and self.model.oracle:
            raise ValueError("training.refine judges training images, whose true masks an oracle cannot be told")
        return self

    def plugins(self) -> tuple[str, ...]:
        """Return the modules of plug-ins that the weights depend on."""
        own = DETECTORS.plugin(self.model.name)
        return (*([] if own is None else [own]), *self.model.plugins())


class Configuration(VariantSettings):
    """The settings of a variant, with those of the study's data that may differ between variants."""

    data: DataAxes = DataAxes()

    @field_validator("data")
    @classmethod
    def _enough_or_few(cls, data: DataAxes, info: ValidationInfo) -> DataAxes:
        _check_shots(info.data.get("model"), data)
        return data

    @property
    def own(self) -> VariantSettings:
        """The settings without the data."""
        return VariantSettings(**{name: getattr(self, name) for name in VariantSettings.model_fields})


class Ablation(Settings):
    """One question put to the baseline, in exactly one of five forms.

    `add_one_in`, `factorial` and `grid` combine values. Combinations that cannot be are left out, with the reason.
    """

    leave_one_out: List[str] | None = None
    """Keys of parts that are switched off one at a time, e.g. `model.synthesis`."""
    add_one_in: List[str] | None = None
    """Keys of parts that are all switched off, and then switched on one after another, in this order."""
    factorial: List[str] | None = None
    """Keys of parts, at most eight, of which every combination of on and off is a variant."""
    sweep: dict[str, List[Value]] | None = None
    """Keys and the values that each takes in turn, the others staying at the baseline."""
    grid: dict[str, List[Value]] | None = None
    """Keys and values of which every combination is a variant."""

    @model_validator(mode="after")
    def _one_form(self) -> Ablation:
        given = [form for form in FORMS if getattr(self, form) is not None]
        if len(given) != 1:
            raise ValueError(f"expected one of {', '.join(FORMS)}, but got {', '.join(given) or 'none'}")
        if not self.values_by_key() or not all(self.values_by_key().values()):
            raise ValueError(f"{given[0]} needs at least one key, and each key at least one value")
        for whole, part in itertools.permutations(self.values_by_key() if self.combines else (), 2):
            if part.startswith(f"{whole}."):
                raise ValueError(f"a {given[0]} cannot vary both {whole} and {part}, which is a part of it")
        if self.factorial is not None and not 2 <= len(self.factorial) <= MOST_PARTS:
            raise ValueError(f"factorial needs 2 to {MOST_PARTS} parts, but got {len(self.factorial)}")
        return self

    @field_validator("add_one_in", "factorial")
    @classmethod
    def _distinct(cls, parts: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if parts is not None and len(set(parts)) < len(parts):
            raise ValueError(f"parts must be distinct, but got {', '.join(parts)}")
        return parts

    @property
    def parts(self) -> tuple[str, ...]:
        """The keys of the parts that are switched on and off; none for a `sweep` or a `grid`."""
        return self.leave_one_out or self.add_one_in or self.factorial or ()

    @property
    def combines(self) -> bool:
        """Whether variants change several keys at once, so that some of their combinations may be refused."""
        return self.add_one_in is not None or self.factorial is not None or self.grid is not None

    def values_by_key(self) -> Mapping[str, tuple[Value, ...]]:
        """Return the keys that vary, each with its values."""
        varied = self.sweep if self.sweep is not None else self.grid
        return dict.fromkeys(self.parts, (False,)) if varied is None else varied


class EvaluationSettings(Settings):
    """How maps and scores become numbers."""

    fpr_limit: float = Field(0.3, gt=0, le=1)
    """False positive rate up to which the per-region overlap is integrated: AUPRO@fpr_limit."""
    threshold: ThresholdSettings = THREE_SIGMA
    """The threshold of `image_f1_at_threshold`, `image_fpr_at_threshold` and `image_recall_at_threshold`."""


class ResourceSettings(Settings):
    """What one run occupies; as many runs go on at once as fit into the machine or the cluster."""

    cpu: int = Field(1, ge=1)
    """Processor cores (and threads) of one run."""
    gpu: Annotated[float, Field(ge=0, le=64)] | Literal["auto"] = 0.0
    """GPUs of one run; 0.25 lets four runs share one, each with a quarter of its memory. `auto`: the first run gets a
    whole one; by what it held, with a quarter more to be safe, as many runs share a GPU as fit, but no more than there
    are processors for. A variant that runs out of memory gets twice the share. Where no machine has a GPU, runs use the
    processors."""
    memory: float | None = Field(None, gt=0, le=100_000)
    """Gigabytes of main memory of one run: no more runs go on at once on a machine than fit. `null`: not counted."""
    custom: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    """Further resources of one run, by the names under which nodes have them (`ray start --resources`)."""
    retries: int = Field(2, ge=0, le=100)
    """How often a run is tried again whose worker died or ran out of memory; other failures would only repeat."""

    @field_validator("custom")
    @classmethod
    def _further(cls, custom: dict[str, float]) -> dict[str, float]:
        if own := next((name for name in custom if name in RAYS_OWN), None):
            raise ValueError(
                f"expected names that are not Ray's own, but got {own} (there is resources.{RAYS_OWN[own]})"
            )
        return custom


class Study(Settings):
    """One YAML file, one question, one folder of results."""

    study: Name
    """Name of the study and of its folder below the results folder."""
    plugins: List[str] = ()
    """Modules, or `.py` files relative to the study file, that register detectors, layouts, metrics or kinds of
    synthesis. They are imported here and on the workers."""
    data: DataSettings = DataSettings()
    base: VariantSettings = VariantSettings()
    """The baseline variant, called `full` in tables."""
    seeds: List[int] = (0,)
    """Every variant runs once per category and seed."""
    ablations: dict[Name, Ablation] = Field(default_factory=dict)
    search: SearchSettings | None = None
    """What is searched for, beside the baseline and the ablations."""
    evaluation: EvaluationSettings = EvaluationSettings()
    resources: ResourceSettings = ResourceSettings()
    report: ReportSettings = ReportSettings()

    @field_validator("base")
    @classmethod
    def _enough_or_few(cls, base: VariantSettings, info: ValidationInfo) -> VariantSettings:
        _check_shots(base.model, info.data.get("data"))
        return base

    @field_validator("report")
    @classmethod
    def _measured(cls, report: ReportSettings, info: ValidationInfo) -> ReportSettings:
        held_out = (VALIDATION, *THRESHOLD_METRICS)
        on_validation = [metric for metric in report.metrics if metric.startswith(held_out)]
        if on_validation and "data" in info.data and not info.data["data"].validation:
            raise ValueError(f"metric {on_validation[0]} needs data.validation > 0, but got 0")
        return report

    @field_validator("search")
    @classmethod
    def _held_out(cls, search: SearchSettings | None, info: ValidationInfo) -> SearchSettings | None:
        validation = info.data["data"].validation if "data" in info.data else 1
        if search is not None and search.split == "validation" and not validation:
            raise ValueError("choosing on held-out training images needs data.validation > 0, e.g. 0.2, but got 0")
        return search

    @field_validator("seeds")
    @classmethod
    def _distinct(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if not seeds or len(set(seeds)) < len(seeds) or min(seeds) < 0:
            raise ValueError(f"seeds must be distinct and not negative, at least one, but got {list(seeds)}")
        return seeds

    @property
    def baseline(self) -> Configuration:
        """The baseline variant: `base`, and what `data` says of it."""
        axes = DataAxes(**{name: getattr(self.data, name) for name in DataAxes.model_fields})
        return Configuration(data=axes, **{name: getattr(self.base, name) for name in VariantSettings.model_fields})

    def data_of(self, variant: Configuration) -> DataSettings:
        """Return the data settings of a variant.

        Raises:
            ConfigError: where they cannot be combined with what is the same for all variants.
        """
        data = self.data.model_copy(update={name: getattr(variant.data, name) for name in DataAxes.model_fields})
        try:
            data.check_across()
        except ValueError as error:
            raise ConfigError(f"data: {error}") from error
        return data

    @property
    def further_metrics(self) -> tuple[str, ...]:
        """The plug-in metrics that the report or the search names: they are computed for each run."""
        objectives = () if self.search is None else self.search.objective
        named = [*self.report.metrics, *(name for objective in objectives for name in objective.names)]
        bare = dict.fromkeys(name.removeprefix(VALIDATION) for name in named if name not in RESOURCES)
        return tuple(name for name in bare if METRICS_BY_NAME.plugin(name) is not None)

    def plugins_of(self, settings: VariantSettings) -> tuple[str, ...]:
        """Return the modules of plug-ins that take part in a variant's runs."""
        measured = map(METRICS_BY_NAME.plugin, self.further_metrics)
        layouts = [LAYOUTS.plugin(data.layout) for data in (self.data, self.data.test) if data is not None]
        named = (*settings.plugins(), *layouts, *measured)
        return tuple(dict.fromkeys(module for module in named if module is not None))

    @property
    def pictured_seeds(self) -> tuple[int, ...]:
        """The seeds whose runs keep pictures."""
        return self.seeds[: self.report.pictures]


def _check_shots(model: DetectorSettings | None, data: DataAxes | None) -> None:
    """Raise a ValueError where a detector for a few images would get all; None: that section is wrong by itself."""
    if model is not None and model.few_shot and data is not None and data.shots is None:
        raise ValueError(f"{model.name} is made for a few images: it needs data.shots, e.g. 4, but got none")


def validated(schema: type[Settings], raw: object, where: str) -> Any:
    """Return `raw` as `schema`, or raise a `ConfigError` whose message begins with `where`."""
    try:
        return schema.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(f"{where}: {explain(error, schema, raw)}") from error


DETECTORS.on_change(rebuild)
SYNTHESES.on_change(rebuild)
