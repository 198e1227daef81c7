"""Paths as users name them: whether the system can look them up at all."""

from __future__ import annotations

import errno
from pathlib import Path

from ura_study.config_errors import shown
from ura_study.errors import ConfigError


def possible(path: Path, where: str) -> Path:
    """Return a path, whether or not something is there.

    Raises:
        ConfigError: beginning with `where`, for one that no file can have.
    """
    try:
        path.stat()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise ConfigError(f"{where}: too long for a path: {shown(str(path))}") from None
    except ValueError:
        raise ConfigError(f"{where}: a path cannot hold a zero byte: {shown(str(path))}") from None
    return path
