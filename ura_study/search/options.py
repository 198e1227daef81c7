"""Make one of Optuna's samplers or pruners with options from YAML, checked before anything runs.

The options and their types are read from the signature of the class: those of types that YAML can express (numbers,
booleans, strings, null). Optuna checks few options before the first trial, so types are checked here.
"""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any, TypeVar, get_args

from optuna.exceptions import ExperimentalWarning

from ura_study.errors import ConfigError
from ura_study.study.config_errors import shown, unknown_key

T = TypeVar("T")

#: Types that YAML can express, and their names in error messages.
NAMES: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a string",
    NoneType: "null",
}


def made(kind: Callable[..., T], options: Mapping[str, Any], where: str, **ours: Any) -> T:
    """Return an instance of one of Optuna's classes.

    Args:
        kind: the class.
        options: options from YAML.
        where: the key path of the options, for errors.
        ours: further arguments, which options may override, except `seed`.

    Raises:
        ConfigError: beginning with `where`, for an option that the class does not have or does not accept.
    """
    known = _options(kind)
    for name, value in options.items():
        if name not in known:
            raise ConfigError(f"{where}.{name}: {unknown_key(name, known) if known else 'there are no options here'}")
        _check(value, known[name], f"{where}.{name}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)  # chosen on purpose, here or in the study
        warnings.simplefilter("error", FutureWarning)  # an option that Optuna will remove
        try:
            return kind(**ours | dict(options))
        except (ValueError, TypeError, FutureWarning) as error:
            raise ConfigError(f"{where}: {' '.join(str(error).split())}") from error


def _options(kind: Callable[..., object]) -> dict[str, tuple[type, ...]]:
    """Return option → possible types, for the options of a class that YAML can express; `seed` is left out."""
    found = {}
    for name, parameter in inspect.signature(kind).parameters.items():
        try:
            hint = eval(parameter.annotation, vars(sys.modules[kind.__module__]))
        except (NameError, TypeError):  # imported only for type checkers: not a type of YAML
            continue
        types = get_args(hint) or (hint,)
        if name != "seed" and set(types) <= NAMES.keys():
            found[name] = types
    return found


def _check(value: object, types: tuple[type, ...], where: str) -> None:
    right = isinstance(value, types) or (isinstance(value, int) and float in types)
    if not right or (isinstance(value, bool) and bool not in types):
        raise ConfigError(f"{where}: expected {' or '.join(NAMES[one] for one in types)}, but got {shown(value)}")
    if isinstance(value, int | float) and value < 0:
        raise ConfigError(f"{where}: expected a number >= 0, but got {value}")
