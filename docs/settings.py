"""The reference of all keys of a study file, made from the schemas that check it.

MkDocs calls `on_page_markdown` as a hook when it builds the site. What a key means stands in the code, below its
attribute; here it is only arranged, so the reference cannot say anything else than the program does.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ura_study.search.objective_config import LimitSettings, ObjectiveSettings
from ura_study.search.space.config import DOMAINS
from ura_study.settings import INFERENCE_ONLY, Settings
from ura_study.study.config import Study, VariantSettings

if TYPE_CHECKING:
    from mkdocs.structure.pages import Page

#: The page, and the line in it that the reference takes the place of.
PAGE, MARK = "reference/settings.md", "<!-- settings -->"
#: Values of a literal that are named beside the type; more of them stand in a list of their own below it.
FEW = 12
#: Fields that a study file does not have by that name: options stand beside `name`.
UNWRITTEN = {"options"}

SIMPLE = {str: "text", int: "whole number", float: "number", bool: "`true` or `false`", Any: "any value"}
#: Attributes of constraints, as pydantic and `annotated_types` have them, in words.
WORDS = {
    "ge": "at least {}",
    "gt": "more than {}",
    "le": "at most {}",
    "lt": "less than {}",
    "multiple_of": "a multiple of {}",
    "min_length": "not empty",
    "max_length": "at most {} characters",
    "pattern": "matching `{}`",
}


@dataclass(frozen=True)
class Section:
    """One heading of the reference: the keys of a schema."""

    title: str
    schema: type[BaseModel]
    anchor: str
    """What links to the section end with; those to its keys have a point and the key's own name after it."""
    prefix: str = ""
    """What stands before each key, with its point at the end."""
    level: int = 2


def sections() -> Iterator[Section]:
    """Yield all sections, in the order of the page."""
    yield Section("Study", Study, "a-study")
    yield from nested(Study, but={"base", "search"})
    for name, field in VariantSettings.model_fields.items():
        if name == "model":
            for schema in schemas(field.annotation):
                (detector,) = get_args(schema.model_fields["name"].annotation)
                anchor = "model" if detector == "uranet" else f"{detector}.model"
                yield Section(f"`model`, with `name: {detector}`", schema, anchor, "model.")
                yield from nested(schema, "model.", level=3)
        else:
            (schema,) = schemas(field.annotation)
            yield Section(f"`{name}`", schema, name, f"{name}.")
            yield from nested(schema, f"{name}.", level=3)
    (search,) = schemas(Study.model_fields["search"].annotation)
    yield Section("`search`", search, "search", "search.")
    yield from nested(search, "search.", level=3, but={"objective"})
    yield Section("One objective of `search.objective`", ObjectiveSettings, "search.objective", "objective.", level=3)
    yield Section("One limit of `subject_to`", LimitSettings, "subject_to", "subject_to.<number>.", level=3)
    for name, schema in DOMAINS.items():
        yield Section(f"A domain of `search.space`: `{name}`", schema, f"domain-{name}", level=3)


def nested(
    schema: type[BaseModel], prefix: str = "", level: int = 2, but: set[str] | frozenset[str] = frozenset()
) -> Iterator[Section]:
    """Yield the sections inside a schema, each before those inside it."""
    for name, field in schema.model_fields.items():
        for inner in schemas(field.annotation) if name not in but else ():
            key, many = f"{prefix}{name}", get_origin(field.annotation) is dict
            title = f"One entry of `{key}`" if many else f"`{key}`"
            yield Section(title, inner, key, f"{key}.<name>." if many else f"{key}.", level)
            yield from nested(inner, f"{key}.", level=3)


def reference() -> str:
    """Return the reference as Markdown."""
    found = list({section.schema: section for section in reversed(list(sections()))}.values())[::-1]
    anchors = {section.schema: section.anchor for section in found}
    return "\n\n".join(part for section in found for part in parts(section, anchors))


def parts(section: Section, anchors: dict[type[BaseModel], str]) -> Iterator[str]:
    """Yield the heading of a section, what the section is, and its keys; one that is a section links to it."""
    yield f"{'#' * section.level} {section.title} {{#{section.anchor} }}"
    yield prose(section.schema.__doc__ or "")
    for name, field in section.schema.model_fields.items():
        if name in UNWRITTEN:
            continue
        inner = [anchors[schema] for schema in schemas(field.annotation) if schema in anchors]
        yield f"#### `{section.prefix}{name}`" + ("" if inner else f" {{#{identifier(section, name)} }}")
        yield sentence(field)
        yield from ([listing] if (listing := values(field)) else [])
        yield meaning(field, section.schema)
        if inner:
            yield f"Its keys: {', '.join(f'[`{anchor}`](#{anchor})' for anchor in inner)}."


def identifier(section: Section, name: str) -> str:
    """Return what links to a key end with: the key itself, where no other section has the same."""
    return name if section.schema is Study else f"{section.anchor}.{name}"


def sentence(field: FieldInfo) -> str:
    """Return a key's type, constraints and default, e.g. "*whole number, at least 1 · default* `4`"."""
    what = ", ".join([words(field.annotation), *constraints(field.metadata)])
    default = f"default {default_of(field)}" if not field.is_required() else "**required**"
    scored = " · read by scoring alone" if field.json_schema_extra == INFERENCE_ONLY else ""
    return f"Type: {what} · {default}{scored}"


def words(annotation: Any) -> str:
    """Return a type in words."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return ", ".join([words(inner[0]), *constraints(inner[1:])])
    if origin is Literal:
        return "one of the names below" if len(inner) > FEW else either([shown(value) for value in inner])
    if origin in (Union, UnionType):
        return either([words(one) for one in inner if one is not NoneType])
    if origin is tuple:
        return f"list of: {words(inner[0])}"
    if origin is dict:
        return (
            "section of entries with names of your own"
            if schemas(inner[1])
            else f"section of keys, each with: {words(inner[1])}"
        )
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section"
    return SIMPLE[annotation]


def either(choices: list[str]) -> str:
    """Return choices as `a`, `b` or `c`, each once."""
    *most, last = dict.fromkeys(choices)
    return f"{', '.join(most)} or {last}" if most else last


def constraints(metadata: Any) -> list[str]:
    """Return what must hold of a value, in words."""
    found = {}
    for one in metadata:
        marks = one.metadata if isinstance(one, FieldInfo) else [one]
        for mark in marks:
            found |= {name: value for name in WORDS if (value := getattr(mark, name, None)) is not None}
    if "ge" in found and "le" in found:
        return [f"from {found.pop('ge')} to {found.pop('le')}", *(WORDS[n].format(v) for n, v in found.items())]
    return [WORDS[name].format(value) for name, value in found.items()]


def values(field: FieldInfo) -> str:
    """Return the values of a literal that are too many for a sentence, else nothing."""
    for annotation in walked(field.annotation):
        if get_origin(annotation) is Literal and len(get_args(annotation)) > FEW:
            return f"Names: {', '.join(map(shown, get_args(annotation)))}."
    return ""


def default_of(field: FieldInfo) -> str:
    """Return a key's default as it would stand in a study file."""
    value = field.get_default(call_default_factory=True)
    if value is None:
        return "unset"
    return "from its keys" if isinstance(value, BaseModel) else shown(value)


def shown(value: object) -> str:
    """Return a value as YAML in one line of code."""
    text = yaml.safe_dump(plain(value), default_flow_style=True, width=1000, allow_unicode=True, sort_keys=False)
    return f"`{text.removesuffix('...' + chr(10)).strip()}`"


def plain(value: object) -> object:
    """Return a value made of what YAML has."""
    if isinstance(value, BaseModel):
        return plain(value.model_dump(exclude_defaults=True))
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return {key: plain(one) for key, one in value.items()} if isinstance(value, dict) else value


def meaning(field: FieldInfo, schema: type[BaseModel]) -> str:
    """Return what a key means: its own docstring, else the first line of that of its section, or of the schema."""
    if field.description:
        return prose(field.description)
    docs = [inner.__doc__ for inner in schemas(field.annotation)] or [schema.__doc__]
    return prose(docs[0] or "").split("\n")[0]


def prose(docstring: str) -> str:
    """Return a docstring as Markdown: without its indentation, and with nothing in it that Markdown takes for HTML."""
    return re.sub(r"<(?=\w)", "&lt;", inspect.cleandoc(docstring))


def schemas(annotation: Any) -> list[type[Settings]]:
    """Return the sections that a type allows, wherever they stand in it: for a base class what is derived from it."""
    found = [one for one in walked(annotation) if isinstance(one, type) and issubclass(one, Settings)]
    return list(dict.fromkeys(kind for one in found for kind in kinds(one)))


def kinds(schema: type[Settings]) -> list[type[Settings]]:
    """Return the sections of this program that a base class is chosen from by name; the class itself if it is not."""
    chosen = [one for one in schema.__subclasses__() if one.model_fields.keys() & {"name", "kind"}]
    derived = [one for one in chosen if one.__module__.startswith("ura_study.")]
    return [kind for one in derived for kind in kinds(one)] or [schema]


def walked(annotation: Any) -> Iterator[Any]:
    """Yield a type and all types in it."""
    yield annotation
    for inner in get_args(annotation):
        yield from walked(inner)


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Put the reference into its page (a hook of MkDocs)."""
    return markdown.replace(MARK, reference()) if page.file.src_uri == PAGE else markdown
