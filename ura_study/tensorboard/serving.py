"""TensorBoard as a server on this machine."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

from tensorboard.program import TensorBoard, TensorBoardServerException

from ura_study.errors import ResourceError

#: Number of files that TensorBoard may hold open, if the system allows it.
FILES = 65536


def serve(folder: Path, port: int | None) -> str:
    """Start TensorBoard on the events below a folder and return its address; it runs until this process ends.

    Args:
        folder: the folder of events.
        port: the port to listen on; None: the first free port from 6006.

    Raises:
        ResourceError: where the port is in use or not valid.
    """
    _allow_files()
    server = TensorBoard()
    server.configure(argv=("tensorboard",), logdir=str(folder), port=port, reload_multifile=True)
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # hides hints on TensorBoard's own options
            return server.launch()
    except TensorBoardServerException as error:
        raise ResourceError(f"--port: {error.msg}") from error


def _allow_files() -> None:
    """Raise this process's limit of open files: TensorBoard keeps event files open and skips those beyond the limit."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = FILES if hard == resource.RLIM_INFINITY else min(hard, FILES)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
