"""`ura-study board`: TensorBoard for the events of a study."""

from __future__ import annotations

import contextlib
import signal
import threading
from pathlib import Path

from rich.console import Console
from rich.text import Text

from ura_study.errors import ConfigError
from ura_study.results.folder import EVENTS, find


def board(which: str | None, results: Path, port: int | None, console: Console) -> int:
    """Show a study, or with None all studies of the results folder, in TensorBoard until Ctrl-C; return 0.

    Raises:
        ConfigError: where there is no such study, or it has no events.
        ResourceError: where the port is in use or not valid.
    """
    folder = results if which is None else find(which, results) / EVENTS
    if next(folder.rglob("*tfevents*"), None) is None:
        raise ConfigError(f"{folder}: holds no events for TensorBoard; `ura-study run` writes them")
    from ura_study.tensorboard.serving import serve

    console.print(Text(f"TensorBoard shows {folder} at {serve(folder, port)} (Ctrl-C ends it)"), soft_wrap=True)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # it is ignored in background jobs of scripts
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()
    return 0
