"""Import and identify plug-ins: modules that a study names (`plugins:`) or that installed packages offer.

A plug-in is code, and runs with the rights of the user who runs the study. The identity of each run that uses a plug-in
includes its name, its version if it is an installed package, and a hash of its source, since sources change more often
than versions.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path

from ura_study.errors import ConfigError, UserError

#: Module → its file, for modules that were imported by path.
_FILES: dict[str, str] = {}


def imported(plugin: str) -> str:
    """Import a plug-in, a module's name or the path of a `.py` file, and return its module's name.

    Raises:
        ConfigError: where the plug-in does not exist, or raises an error on import.
    """
    path = Path(plugin)
    name = path.stem.replace(".", "_") if plugin.endswith(".py") else plugin  # a dot would mean a package
    try:
        if not plugin.endswith(".py"):
            importlib.import_module(name)
        elif (known := sys.modules.get(name)) is None:
            _import_file(name, path)
            _FILES[name] = str(path)
        elif Path(known.__file__ or "").resolve() != path.resolve():
            raise ConfigError(
                f"plug-in {plugin}: another module is called '{name}' ({known.__file__}); rename the file"
            )
    except UserError:
        raise
    except Exception as error:
        raise ConfigError(f"plug-in {plugin} cannot be imported ({type(error).__name__}: {error})") from error
    return name


def _import_file(name: str, path: Path) -> None:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ConfigError(f"plug-in {path}: no such file")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise


def needed(modules: Iterable[str]) -> dict[str, str]:
    """Return the plug-ins (names, or paths of files) that another process must import, each with its identity."""
    return {_FILES.get(module, module): _identity(module.partition(".")[0]) for module in modules}


def check(plugin: str, expected: str) -> None:
    """Import a plug-in, and raise a `ConfigError` where its identity is not `expected`."""
    found = _identity(imported(plugin).partition(".")[0])
    if found != expected:
        raise ConfigError(f"plug-in {plugin}: here it is '{found}', but the study was started with '{expected}'")


def identities(modules: Iterable[str]) -> dict[str, str]:
    """Return the identity of each plug-in by its package: version and source hash (`1.2 0a1b2c3d`), or the hash alone.

    Raises:
        ConfigError: where one is no module that another process could import.
    """
    if "__main__" in (modules := tuple(modules)):
        raise ConfigError(
            "plug-in __main__: a study runs in other processes, which cannot import what a notebook or a script has "
            "registered; write it to a file and name that in plugins"
        )
    return {name: _identity(name) for name in sorted({module.partition(".")[0] for module in modules})}


@cache
def _identity(package: str) -> str:
    source = source_hash(package)
    for distribution in packages_distributions().get(package, []):
        try:
            return f"{version(distribution)} {source}"
        except PackageNotFoundError:  # its metadata is damaged
            continue
    return source


def source_hash(package: str) -> str:
    """Return a hash of all Python files of an imported package, or of the file of a single module."""
    module = sys.modules[package]
    folders = [Path(place) for place in getattr(module, "__path__", [])]
    files = [file for folder in folders for file in sorted(folder.rglob("*.py"))] or [Path(module.__file__ or "")]
    found = hashlib.blake2b(digest_size=8)
    for file in files:
        found.update(file.name.encode() + b"\0" + (file.read_bytes() if file.is_file() else b""))
    return found.hexdigest()
