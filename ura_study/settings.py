"""The base class of all configuration sections (strict, frozen, unknown keys fail), and lookup by dotted keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, Strict

T = TypeVar("T")

#: A YAML list as an immutable tuple. (Strict mode would refuse the list that YAML gives; its items stay strict.)
List = Annotated[tuple[T, ...], Strict(False)]


class Settings(BaseModel):
    """One section of a study file: numbers are finite, not made from strings or booleans; unknown keys are errors."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        _SECTIONS.append(cls)


#: All sections in the order of definition, so that a section comes after its parts.
_SECTIONS: list[type[Settings]] = []


def rebuild() -> None:
    """Rebuild the schemas of all sections, to include what was registered since they were defined."""
    for section in _SECTIONS:
        section.model_rebuild(force=True)


def or_also(*others: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
    """Return what tells editors (`ura-study schema`) of shorter spellings that a field's validator understands."""

    def extend(schema: dict[str, Any]) -> None:
        whole = {key: schema.pop(key) for key in list(schema) if key not in ("default", "description", "title")}
        schema["anyOf"] = [whole, *others]

    return extend


#: Marks a setting that training never reads: variants that differ only in such settings share their weights.
INFERENCE_ONLY: dict[str, Any] = {"stage": "score"}
#: Marks a setting that changes no number: it is part of no identity.
WITHOUT_EFFECT: dict[str, Any] = {"stage": "none"}
#: Marks a part that decides which images are trained on: weights depend on those, not on how they were chosen. Where it
#: is off, it is in no identity: records from before there was such a part stay valid.
WHICH_IMAGES: dict[str, Any] = {"stage": "images"}
#: Marks a setting that came later: where it is unset, it is in no identity, for the same reason.
LATER: dict[str, Any] = {"stage": "later"}


def inference_field(default: Any, **constraints: Any) -> Any:
    """Return a pydantic field that only scoring reads (see `INFERENCE_ONLY`)."""
    return Field(default, json_schema_extra=INFERENCE_ONLY, **constraints)


def trained_part(settings: BaseModel) -> dict[str, Any]:
    """Return a section as JSON without the settings that only scoring reads, i.e. all that the weights depend on."""
    return _without(settings, (INFERENCE_ONLY, WITHOUT_EFFECT, WHICH_IMAGES))


def effective_part(settings: BaseModel) -> dict[str, Any]:
    """Return a section as JSON without the settings that change no number, i.e. all that results depend on."""
    return _without(settings, (WITHOUT_EFFECT,))


def inference_part(settings: BaseModel) -> dict[str, Any]:
    """Return the settings of a section that only scoring reads, as JSON; parts without any are left out."""
    kept: dict[str, Any] = {}
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            kept |= {name: part} if (part := inference_part(value)) else {}
        elif field.json_schema_extra == INFERENCE_ONLY:
            kept[name] = settings.model_dump(mode="json", include={name})[name]
    return kept


def _without(settings: BaseModel, marks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    kept = settings.model_dump(mode="json")
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        mark = field.json_schema_extra
        if mark in marks or (mark in (WHICH_IMAGES, LATER) and not value):
            del kept[name]
        elif isinstance(value, BaseModel):
            kept[name] = _without(value, marks)
    return kept


def lookup(settings: Mapping[str, Any], key: str) -> Any:
    """Return the value at a dotted key of nested mappings; `Ellipsis` if there is no such key."""
    found: Any = settings
    for part in key.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return ...
        found = found[part]
    return found


def within(key: str, whole: str) -> bool:
    """Whether a dotted key is a part of another."""
    return key.startswith(f"{whole}.")
