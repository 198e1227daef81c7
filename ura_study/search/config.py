"""The `search` section of a study."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import ConfigDict, Field, ValidationInfo, field_validator, model_validator

from ura_study.metrics.names import THRESHOLD_METRICS, VALIDATION
from ura_study.search.objective_config import RESOURCES, ObjectiveSettings
from ura_study.settings import List, Settings, or_also

#: Units of a budget, in seconds.
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class OptionsSettings(Settings):
    """A name with options of its own, e.g. `{name: tpe, n_startup_trials: 20}`, or the name alone."""

    model_config = ConfigDict(json_schema_extra={"additionalProperties": True})  # options stand beside the name

    options: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _apart(cls, raw: object) -> object:
        """Move the options, which are keys beside the name in YAML, into `options`."""
        if not isinstance(raw, dict):
            return raw if isinstance(raw, cls) else {"name": raw}
        options = {key: raw[key] for key in raw if key != "name"}
        written = options if options.keys() != {"options"} else options["options"]  # as `model_dump` writes it
        return {key: raw[key] for key in raw if key == "name"} | {"options": written}


class SamplerSettings(OptionsSettings):
    """Which of Optuna's algorithms proposes variants, with the options of its class."""

    name: Literal["tpe", "random", "grid", "cmaes", "gp", "nsga2", "qmc"] = "tpe"


class PrunerSettings(OptionsSettings):
    """What stops a variant before all of its runs are done, with the options of Optuna's class.

    `wilcoxon` compares with the best variant over categories and seeds; `asha` compares runs in training; `none`.
    """

    name: Literal["wilcoxon", "asha", "none"] = "wilcoxon"


def _several(schema: dict[str, Any]) -> None:
    """Let the JSON schema accept one objective without a list, and the name of a metric as an objective."""
    one = dict(schema["items"])
    schema["items"] = {"anyOf": [one, {"type": "string"}]}
    or_also(one, {"type": "string"})(schema)


class SearchSettings(Settings):
    """How the best variant is searched for, and which variant is the best."""

    space: str | dict[str, Any]
    """What may vary: a YAML file (relative to the study file), or the mapping itself."""
    trials: int = Field(ge=1)
    """Number of variants to try, those of `enqueue` included."""
    split: Literal["validation", "test"] = "validation"
    """The images on which variants are compared. `test` chooses on the test images: an oracle, and marked as one."""
    objective: List[ObjectiveSettings] = Field(
        (ObjectiveSettings(mean=("val_image_auroc", "val_pixel_aupro")),), json_schema_extra=_several
    )
    """What is maximized or minimized."""
    sampler: SamplerSettings = Field(SamplerSettings(), json_schema_extra=or_also({"type": "string"}))
    """What proposes variants."""
    pruner: PrunerSettings = Field(PrunerSettings(), json_schema_extra=or_also({"type": "string"}))
    """What stops them early. With several objectives nothing does."""
    enqueue: List[dict[str, Any]] = Field(({},))
    """Variants to try first, as changes of the baseline; `{}` is the baseline itself."""
    storage: str | None = None
    """URL of an Optuna storage; without it, a journal file in the study's folder."""
    budget: str | None = None
    """No new variants after this time, e.g. `90m`, `8h`, `1d12h`."""
    patience: int | None = Field(None, ge=1)
    """Stop after this number of finished variants in a row without an improvement on the best."""
    seed: int = Field(0, ge=0)
    """Seed of the sampler."""
    max_failed: float = Field(0.0, ge=0, le=1)
    """Share of a variant's runs that may fail before the variant counts as failed."""

    @field_validator("objective", mode="before")
    @classmethod
    def _listed(cls, raw: object) -> object:
        objectives = raw if isinstance(raw, list | tuple) else [raw]
        return [{"metric": objective} if isinstance(objective, str) else objective for objective in objectives]

    @field_validator("objective")
    @classmethod
    def _distinct(cls, objectives: tuple[ObjectiveSettings, ...]) -> tuple[ObjectiveSettings, ...]:
        labels = [objective.label for objective in objectives]
        if not labels or len(set(labels)) < len(labels):
            raise ValueError(f"objectives must be distinct, at least one, but got {labels}")
        return objectives

    @field_validator("objective")
    @classmethod
    def _one_scale(cls, objectives: tuple[ObjectiveSettings, ...]) -> tuple[ObjectiveSettings, ...]:
        if len(objectives) > 1 and any(objective.scale != "none" for objective in objectives):
            raise ValueError("scale needs a single objective: a Pareto front compares each number by itself")
        return objectives

    @field_validator("objective")
    @classmethod
    def _on_the_split(
        cls, objectives: tuple[ObjectiveSettings, ...], info: ValidationInfo
    ) -> tuple[ObjectiveSettings, ...]:
        for name in (name for one in objectives for name in one.names if name not in RESOURCES):
            on_validation = name.startswith(VALIDATION)
            if info.data.get("split") == "validation" and name in THRESHOLD_METRICS:
                raise ValueError(
                    f"{name} is measured on the test images alone, since held-out images give its threshold; "
                    "it needs split: test, if choosing on the test images is really meant"
                )
            if info.data.get("split") == "validation" and not on_validation:
                raise ValueError(
                    f"{name} is measured on the test images; write {VALIDATION}{name}, or "
                    "split: test if choosing on the test images is really meant"
                )
            if info.data.get("split") == "test" and on_validation:
                raise ValueError(f"with split: test, write {name.removeprefix(VALIDATION)}, not {name}")
        return objectives

    @field_validator("budget")
    @classmethod
    def _duration(cls, budget: str | None) -> str | None:
        if budget is not None and (not re.fullmatch(r"([0-9]+[smhd])+", budget) or not _seconds(budget)):
            raise ValueError(f"expected a time such as 90m, 8h or 1d12h, but got '{budget}'")
        return budget

    @model_validator(mode="after")
    def _curves_of_one_number(self) -> SearchSettings:
        names = [name for one in self.objective for name in (*one.metrics, *one.minus)]
        if self.pruner.name == "asha" and (len(self.objective) > 1 or not all(n.startswith(VALIDATION) for n in names)):
            raise ValueError(
                f"pruner: asha compares training curves of one objective made of {VALIDATION}* metrics, "
                f"but got {', '.join(one.label for one in self.objective)}"
            )
        return self

    @property
    def domains(self) -> dict[str, Any]:
        """Domains by key. (If the study names a file, its content was inserted when the study was read.)"""
        assert isinstance(self.space, dict)
        return self.space

    @property
    def budget_seconds(self) -> int | None:
        """Budget in seconds; None: no limit."""
        return None if self.budget is None else _seconds(self.budget)


def _seconds(duration: str) -> int:
    return sum(int(number) * UNITS[unit] for number, unit in re.findall("([0-9]+)([smhd])", duration))
