"""Registries of things that a study file selects by name: detectors, layouts, metrics, kinds of synthesis.

Built-in ones register themselves as those of plug-ins do; the table `built_in` only says which module each is in, so
that modules are imported on first use. An installed package offers further ones by entry points of the
groups `ura_study.detectors`, `ura_study.layouts`, `ura_study.metrics` or `ura_study.synthesis`, whose names are those
registered and whose values are modules.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar

from ura_study.errors import ConfigError, nearest

T = TypeVar("T")


class Registry(Generic[T]):
    """Named things of one kind.

    Args:
        kind: the noun for one of them, e.g. `detector`.
        group: the group of entry points by which installed packages offer further ones.
        built_in: name → module that registers it.

    Example:
        >>> shapes: Registry[int] = Registry("shape", "my_package.shapes", {})
        >>> shapes.add("square", 4, __name__)
        >>> shapes.get("square"), shapes.names()
        (4, ('square',))
    """

    def __init__(self, kind: str, group: str, built_in: Mapping[str, str]) -> None:
        self.kind = kind
        self.group = group
        self.built_in = built_in
        self._items: dict[str, tuple[T, str]] = {}
        self._listeners: list[Callable[[], None]] = []

    def add(self, name: str, item: T, module: str) -> None:
        """Register something under a name; `module` is where it is defined.

        Raises:
            ConfigError: where another module has registered that name, or it is not a non-empty string.
        """
        if not isinstance(name, str) or not name:
            raise ConfigError(f"{self.kind} of {module}: expected a name as the default of its settings, but got none")
        if name in self.built_in and module != self.built_in[name]:
            raise ConfigError(
                f"{self.kind} '{name}': this name is taken by a built-in one; {module} must choose another"
            )
        if name in self._items and self._items[name][1] != module:
            raise ConfigError(f"{self.kind} '{name}' is registered twice: by {self._items[name][1]} and by {module}")
        self._items[name] = (item, module)
        for listener in self._listeners:
            listener()

    def get(self, name: str) -> T:
        """Return what is registered under a name; the module that registers it is imported where it is not yet.

        Raises:
            ConfigError: where the name is unknown (with the nearest known one), or its module cannot be imported.
        """
        self.load(name)
        if name not in self._items:
            names = self.names()
            hint = nearest(name, names) or f"; there are {', '.join(names)}"
            raise ConfigError(f"expected the name of a {self.kind}, but got '{name}'{hint}")
        return self._items[name][0]

    def load(self, name: str) -> None:
        """Import the module that registers a name, if such a module is known."""
        from ura_study.plugins import imported

        if name in self._items:
            return
        if name in self.built_in:
            importlib.import_module(self.built_in[name])
        elif name in (offered := _offered(self.group)):
            module = offered[name].module
            imported(module)
            if name not in self._items:
                raise ConfigError(f"{self.kind} '{name}': the plug-in {module} offers it, but does not register it")

    def names(self) -> tuple[str, ...]:
        """Return all names: built-in ones, registered ones, and those that installed packages offer."""
        return tuple(dict.fromkeys([*self.built_in, *self._items, *_offered(self.group)]))

    def loaded(self) -> dict[str, T]:
        """Return all items by name: the built-in ones, and those of plug-ins that have been imported."""
        for name in self.built_in:
            self.load(name)
        return {name: item for name, (item, _) in self._items.items()}

    def plugin(self, name: str) -> str | None:
        """Return the module that registered a name; None if the name is built in."""
        self.get(name)
        module = self._items[name][1]
        return None if name in self.built_in else module

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever something is registered."""
        self._listeners.append(listener)


@cache
def _offered(group: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=group)}
