"""From a study file to a `Study`: plug-ins imported, paths made absolute, everything checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ura_study.data.layouts.config import LAYOUTS
from ura_study.detectors.config import DETECTORS
from ura_study.detectors.uranet.synthesis_config import SYNTHESES
from ura_study.errors import ConfigError
from ura_study.metrics.names import METRICS_BY_NAME, VALIDATION
from ura_study.plugins import imported
from ura_study.study.config import Study, validated
from ura_study.study.study_file import load_yaml


def load_study(path: Path) -> Study:
    """Return the study that a YAML file describes; relative paths in it are relative to the file.

    Raises:
        ConfigError: with the file and the key concerned.
    """
    return study_of(load_yaml(path), path)


def study_of(raw: Mapping[str, Any], path: Path) -> Study:
    """Return the study that nested mappings describe, as if they stood in the file `path`.

    Raises:
        ConfigError: with the file and the key concerned.
    """
    raw = dict(raw) | _plugged(raw, path)
    for key in ("data.root", "data.test.root", "report.reported"):
        raw = _with_absolute(raw, key.split("."), path, key)
    if space := space_file(raw, path):
        raw = raw | {"search": raw["search"] | {"space": load_yaml(space)}}
    load_named(raw, str(path))
    return validated(Study, raw, str(path))


def _plugged(raw: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Import the plug-ins of a study, and return them with the paths of files made absolute."""
    if not isinstance(named := raw.get("plugins", []), list) or not all(isinstance(name, str) for name in named):
        return {}  # validation will report it
    found = [str(_absolute(name, path, "plugins")) if name.endswith(".py") else name for name in named]
    for plugin in found:
        try:
            imported(plugin)
        except ConfigError as error:
            raise ConfigError(f"{path}: plugins: {error}") from error
    return {"plugins": found} if named else {}


def load_named(raw: object, where: str) -> None:
    """Import the plug-ins of installed packages whose registered names occur in settings.

    Raises:
        ConfigError: where one cannot be imported.
    """
    if isinstance(raw, str):
        for registry in (DETECTORS, LAYOUTS, METRICS_BY_NAME, SYNTHESES):
            try:
                registry.load(raw.removeprefix(VALIDATION))
            except ConfigError as error:
                raise ConfigError(f"{where}: {error}") from error
    elif isinstance(raw, Mapping | list | tuple):
        for part in [*raw, *raw.values()] if isinstance(raw, Mapping) else raw:
            load_named(part, where)


def space_file(raw: Mapping[str, Any], path: Path) -> Path | None:
    """Return the file that holds the search space of a study read from `path`; None where there is none."""
    search = raw.get("search")
    named = search.get("space") if isinstance(search, dict) else None
    return _absolute(named, path, "search.space") if isinstance(named, str) else None


def _with_absolute(raw: Mapping[str, Any], keys: Sequence[str], path: Path, whole: str) -> dict[str, Any]:
    """Return nested mappings with the path at `keys`, if there is one, made absolute; `whole` names it for errors."""
    first, *rest = keys
    inner = raw.get(first)
    if rest:
        return dict(raw) | ({first: _with_absolute(inner, rest, path, whole)} if isinstance(inner, dict) else {})
    return dict(raw) | ({first: str(_absolute(inner, path, whole))} if isinstance(inner, str) else {})


def _absolute(named: str, study: Path, key: str) -> Path:
    """Return a path of a study file: a relative one is relative to the file."""
    try:
        return study.parent.absolute() / Path(named).expanduser()
    except RuntimeError as error:
        raise ConfigError(f"{study}: {key}: no such home folder: '{named}'") from error
