"""Turn pydantic's list of errors into one line: the key concerned, the expected value and the value given."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ura_study.errors import nearest

#: Pydantic's type of error → the expected value, in terms of YAML; `{…}` is filled in from the error.
EXPECTED = {
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "a string",
    "tuple_type": "a list",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "invalid_key": "a string as key",
    "greater_than": "a number > {gt}",
    "greater_than_equal": "a number >= {ge}",
    "less_than": "a number < {lt}",
    "less_than_equal": "a number <= {le}",
    "multiple_of": "a multiple of {multiple_of}",
    "string_pattern_mismatch": "a string that matches {pattern}",
    "string_too_long": "at most {max_length} characters",
    "literal_error": "{expected}",
    "union_tag_invalid": "a mapping whose {discriminator} is one of {expected_tags}",
    "union_tag_not_found": "a mapping of keys to values",
}
#: Of several errors at one key, one of the highest rank is reported; the rank is 1 if not listed.
RANK = {"missing": 0, "extra_forbidden": 2, "value_error": 2}


def explain(error: ValidationError, schema: type[BaseModel], raw: object) -> str:
    """Return `key.path: what must hold, but got …` for the most specific of the errors."""
    located = [(_key_path(details, raw), details) for details in error.errors(include_url=False)]
    located.sort(key=lambda item: (len(item[0]), RANK.get(item[1]["type"], 1)), reverse=True)
    # A union reports the errors of all its members: the deepest one belongs to the member that the author meant.
    path = located[0][0]
    here = [details for place, details in located if place == path]
    return f"{'.'.join(map(_printable, path)) or 'the file'}: {_message(path, here, schema)}"


def unknown_key(key: str, known: Iterable[str]) -> str:
    """Return the message for a key that is not in `known`."""
    known = sorted(known)
    return "unknown key" + (nearest(key, known) or f"; expected one of {', '.join(known)}")


def shown(value: object) -> str:
    """Return a value on one line, similar to YAML, cut short if it is long."""
    text = repr(value) if isinstance(value, str) else json.dumps(value, default=str, skipkeys=True)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _key_path(details: ErrorDetails, raw: Any) -> tuple[str, ...]:
    """Return the keys of the YAML file that lead to an error, without pydantic's names for the members of a union."""
    path: list[str] = []
    for key in details["loc"]:
        in_list = isinstance(raw, list | tuple) and isinstance(key, int) and key < len(raw)
        if in_list or (isinstance(raw, dict) and key in raw):
            path, raw = [*path, str(key)], raw[key]
    return (*path, str(details["loc"][-1])) if details["type"] == "missing" else tuple(path)


def _message(path: tuple[str, ...], here: list[ErrorDetails], schema: type[BaseModel]) -> str:
    """Return the message about the errors `here` at one key; several if each member of a union reports one."""
    first = here[0]
    if first["type"] == "extra_forbidden":
        return unknown_key(path[-1], _keys_at(schema, path[:-1]) - {path[-1]})
    if first["type"] == "missing":
        return "this key is required"
    if first["type"] == "value_error":
        return str(first["ctx"]["error"])
    expected = " or ".join(dict.fromkeys(map(_expected, here)))
    choices = [choice for details in here for choice in _choices(details)]
    given = first.get("ctx", {}).get("tag", first["input"])  # the name in a section that is chosen by name
    hint = nearest(given, choices) if isinstance(given, str) else ""
    return f"expected {expected}, but got {shown(first['input'])}{hint}"


def _expected(details: ErrorDetails) -> str:
    if details["type"] not in EXPECTED:
        return details["msg"].removeprefix("Input should be ")
    context: dict[str, Any] = details.get("ctx", {})
    context = {k: int(v) if isinstance(v, float) and v.is_integer() else v for k, v in context.items()}
    if "discriminator" in context:  # pydantic puts the name of the function here that finds the discriminator
        context["discriminator"] = context["discriminator"].strip("_()")
    return EXPECTED[details["type"]].format(**context).replace("False", "false")


def _choices(details: ErrorDetails) -> list[str]:
    context = details.get("ctx", {})
    return re.findall("'(.*?)'", context.get("expected_tags", context.get("expected", "")))


def _printable(key: str) -> str:
    return key if key.isprintable() else repr(key)


def _keys_at(schema: type[BaseModel], path: tuple[str, ...]) -> set[str]:
    models = {schema}
    for key in path:
        annotations = [m.model_fields[key].annotation for m in models if key in m.model_fields]
        # a key that is not a field is one of a mapping or a list: keep the models of its values as candidates
        models = {m for a in annotations for m in _models(a)} or models
    return {name for model in models for name in model.model_fields}


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    """Yield the models that stand anywhere in a type annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for kind in annotation.__subclasses__():  # a section chosen by name may be any of the subclasses
            if kind.model_fields.keys() & {"name", "kind"}:
                yield from _models(kind)
    for inner in get_args(annotation):
        yield from _models(inner)
