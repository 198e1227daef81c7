"""Reading a YAML file as its author meant it.

YAML 1.1 reads `1e-3` as a string, `01` as 1 and `1:30` as 90, and silently keeps the last of two equal keys. Here the
first is a number, the next two are names (of categories, say), and a repeated key is an error. `${NAME}` in a string is
replaced by the environment variable. What is nested deeper, or by its aliases (`*`) grows larger, than any study, is an
error.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import yaml

from ura_study.config_errors import shown
from ura_study.errors import ConfigError, nearest

_INTEGER = re.compile(r"^[-+]?(0|[1-9][0-9]*)$")
_FLOAT = re.compile(
    r"^[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?$|^[-+]?\.(inf|Inf|INF)$|^\.(nan|NaN|NAN)$"
)
_VARIABLE = re.compile(r"\$\{(\w+)\}")

#: Levels of a file, and its letters and values where each alias stands for what it means: no study has more.
DEEPEST, LARGEST = 100, 1_000_000
_TOO_DEEP = f"expected at most {DEEPEST} levels, but got more, or an anchor (&) contains itself (*)"
_TOO_LARGE = "larger than any study (where each alias (*) counts as what it stands for)"
#: What must stand behind a tag.
_TAGGED = {
    f"tag:yaml.org,2002:{tag}": text
    for tag, text in {"bool": "true or false", "int": "a whole number", "float": "a number"}.items()
}
#: Kinds of values that no study has.
_ABSENT = {f"tag:yaml.org,2002:{tag}" for tag in ("timestamp", "binary", "set", "omap", "pairs")}


class _Loader(yaml.SafeLoader):
    """YAML with numbers as in YAML 1.2 and without repeated keys."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:
        try:
            return super().construct_object(node, deep)
        except (ValueError, KeyError, IndexError):
            if node.tag not in _TAGGED:
                raise
            problem = f"expected {_TAGGED[node.tag]}, but got {shown(node.value)}"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "expected a name as key", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key '{key.value}' stands twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.yaml_constructors = {
    tag: construct for tag, construct in yaml.SafeLoader.yaml_constructors.items() if tag not in _ABSENT
}
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in (*_NUMBERS, "tag:yaml.org,2002:timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _Dumper(yaml.SafeDumper):
    """Strings in quotation marks where they would otherwise be numbers, here or in YAML 1.1."""


for _tag, _pattern in zip(_NUMBERS, (_INTEGER, _FLOAT), strict=True):
    _Loader.add_implicit_resolver(_tag, _pattern, list("-+0123456789."))
    _Dumper.add_implicit_resolver(_tag, _pattern, list("-+0123456789."))


def dump_yaml(value: dict) -> str:
    """Return `value` as YAML that `load_yaml` reads as the same."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def load_yaml(path: Path) -> dict:
    """Return the mapping that a YAML file holds.

    Raises:
        ConfigError: where the file is missing, is not YAML, repeats a key, is no mapping, is too deep or too large, or
            names an unset variable.
    """
    try:
        loaded = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except FileNotFoundError:
        beside = [p.name for p in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        raise ConfigError(f"{path}: no such file{nearest(path.name, beside)}") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:  # text that is not UTF-8
        raise ConfigError(f"{path}: cannot be read ({error})") from error
    except RecursionError:
        raise ConfigError(f"{path}: {_TOO_DEEP}") from None
    except yaml.YAMLError as error:
        raise ConfigError(_yaml_message(path, error)) from error
    if not isinstance(loaded, dict):
        raise ConfigError(f"{path}: expected a mapping of keys to values, but got {type(loaded).__name__}")
    return _Expansion(path).of(loaded, ())


def _yaml_message(path: Path, error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"{path}{f', line {mark.line + 1}' if mark else ''}: {problem}"


class _Expansion:
    """The values of a file with what variables and aliases stand for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = 0

    def of(self, value: object, keys: tuple[str, ...]) -> object:
        if len(keys) > DEEPEST:
            raise ConfigError(f"{self._path}: {_TOO_DEEP}")
        if isinstance(value, str):
            value = _VARIABLE.sub(lambda match: self._variable(match[1], keys), value)
        self._size += 1 + sum(map(len, keys[-1:])) + (len(value) if isinstance(value, str) else 0)
        if self._size > LARGEST:
            raise ConfigError(f"{self._path}: {_TOO_LARGE}")
        if isinstance(value, dict):
            return {key: self.of(item, (*keys, str(key))) for key, item in value.items()}
        if isinstance(value, list):
            return [self.of(item, (*keys, str(i))) for i, item in enumerate(value)]
        return value

    def _variable(self, name: str, keys: tuple[str, ...]) -> str:
        if name not in os.environ:
            hint = nearest(name, os.environ)
            raise ConfigError(f"{self._path}: {'.'.join(keys)}: environment variable {name} is not set{hint}")
        return os.environ[name]
