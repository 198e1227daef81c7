"""Reading a YAML file as its author meant it.

YAML 1.1 reads `1e-3` as a string, `01` as 1 and `1:30` as 90, and silently keeps the last of two equal keys. Here the
first is a number, the next two are strings (e.g. names of categories), and a repeated key is an error. `${NAME}` in a
string is replaced by the environment variable.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import yaml

from ura_study.errors import ConfigError, nearest

_INTEGER = re.compile(r"^[-+]?(0|[1-9][0-9]*)$")
_FLOAT = re.compile(
    r"^[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?$|^[-+]?\.(inf|Inf|INF)$|^\.(nan|NaN|NAN)$"
)
#: Largest number of values in a file, with aliases expanded.
MOST = 100_000
_VARIABLE = re.compile(r"\$\{(\w+)\}")


class _Loader(yaml.SafeLoader):
    """YAML with numbers as in YAML 1.2 and without repeated keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "expected a name as key", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key '{key.value}' stands twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


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
        ConfigError: where the file is missing, is not YAML, repeats a key, is no mapping, or names an unset variable.
    """
    try:
        loaded = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except FileNotFoundError:
        beside = [p.name for p in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        raise ConfigError(f"{path}: no such file{nearest(path.name, beside)}") from None
    except (OSError, ValueError) as error:  # a value that is not of the type its tag says, or text that is not UTF-8
        raise ConfigError(f"{path}: cannot be read ({error})") from error
    except (KeyError, IndexError, AttributeError, TypeError) as error:  # likewise: PyYAML does not check
        raise ConfigError(f"{path}: cannot be read (a value is not of the type that its tag, !!, says)") from error
    except RecursionError:
        raise ConfigError(f"{path}: is nested too deeply to be a study") from None
    except yaml.YAMLError as error:
        raise ConfigError(_yaml_message(path, error)) from error
    if not isinstance(loaded, dict):
        raise ConfigError(f"{path}: expected a mapping of keys to values, but got {type(loaded).__name__}")
    if _circular(loaded, (), set()):
        raise ConfigError(f"{path}: an anchor (&) contains itself (*)")
    if _too_large(loaded):
        raise ConfigError(f"{path}: more than {MOST:,} values, once aliases (*) are replaced by what they stand for")
    return _expanded(loaded, path, ())


def _yaml_message(path: Path, error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"{path}{f', line {mark.line + 1}' if mark else ''}: {problem}"


def _expanded(value: Any, path: Path, keys: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return {key: _expanded(item, path, (*keys, str(key))) for key, item in value.items()}
    if isinstance(value, list):
        return [_expanded(item, path, (*keys, str(i))) for i, item in enumerate(value)]
    if isinstance(value, str):
        return _VARIABLE.sub(lambda match: _variable(match[1], path, keys), value)
    return value


def _circular(value: object, above: tuple[int, ...], known: set[int]) -> bool:
    """Tell whether a mapping or list contains itself; `known` are those already checked."""
    if not isinstance(value, dict | list) or id(value) in known:
        return id(value) in above
    known.add(id(value))
    inside = value.values() if isinstance(value, dict) else value
    return any(id(item) in (*above, id(value)) or _circular(item, (*above, id(value)), known) for item in inside)


def _too_large(loaded: object) -> bool:
    """Tell whether a file holds more values than a study can need. Aliases of aliases can stand for billions."""
    left, count = [loaded], 0
    while left and count <= MOST:
        value = left.pop()
        count += 1
        if isinstance(value, dict | list):
            left += value.values() if isinstance(value, dict) else value
    return count > MOST


def _variable(name: str, path: Path, keys: tuple[str, ...]) -> str:
    if name not in os.environ:
        raise ConfigError(
            f"{path}: {'.'.join(keys)}: environment variable {name} is not set{nearest(name, os.environ)}"
        )
    return os.environ[name]
