"""From pydantic's list of errors to the one line that helps: the key concerned, what was expected, what came."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from ura_study.errors import nearest


def explain(error: ValidationError, schema: type[BaseModel], raw: object) -> str:
    """Return `key.path: what must hold, but got …` for the most specific of the errors."""
    located = [(_key_path(details["loc"], raw), details) for details in error.errors(include_url=False)]
    # A union reports an error of each of its members: the deepest is about what the author was writing.
    path, details = max(located, key=lambda item: (len(item[0]), item[1]["type"] != "literal_error"))
    return f"{'.'.join(path) or 'the file'}: {_message(path, details, schema)}"


def _key_path(loc: tuple[int | str, ...], raw: object) -> tuple[str, ...]:
    """Return the keys of the YAML file in `loc`, without the names that pydantic gives to members of a union."""
    path: list[str] = []
    for depth, key in enumerate(loc):
        if isinstance(raw, dict) and (key in raw or (depth == len(loc) - 1 and isinstance(key, str))):
            path, raw = [*path, str(key)], raw.get(key)
        elif isinstance(raw, list | tuple) and isinstance(key, int) and key < len(raw):
            path, raw = [*path, str(key)], raw[key]
    return tuple(path)


def _message(path: tuple[str, ...], details: dict[str, Any], schema: type[BaseModel]) -> str:
    if details["type"] == "extra_forbidden":
        known = sorted(_keys_at(schema, path[:-1]))
        return "unknown key" + (nearest(path[-1], known) or f"; expected one of {', '.join(known)}")
    if details["type"] == "missing":
        return "this key is required"
    if details["type"] == "value_error":
        return str(details["ctx"]["error"])
    expected = details["msg"].replace("Input should be ", "").replace("a valid ", "a ")
    hint = nearest(details["input"], _choices(details)) if isinstance(details["input"], str) else ""
    return f"expected {expected}, but got {details['input']!r}{hint}"


def _choices(details: dict[str, Any]) -> list[str]:
    return [choice.strip("' ") for choice in details.get("ctx", {}).get("expected", "").replace(" or ", ",").split(",")]


def _keys_at(schema: type[BaseModel], path: tuple[str, ...]) -> set[str]:
    models = {schema}
    for key in path:
        annotations = [m.model_fields[key].annotation for m in models if key in m.model_fields]
        # a key that is no field belongs to a mapping or a list: its values' models stay the candidates
        models = {m for a in annotations for m in _models(a)} or models
    return {name for model in models for name in model.model_fields}


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    """Yield the models that stand anywhere in a type annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
