"""TensorBoard as a server on this machine."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

from tensorboard.program import TensorBoard, TensorBoardServerException

from ura_study.errors import ResourceError


def serve(folder: Path, port: int | None) -> str:
    """Start TensorBoard on the events below a folder, for as long as this process lives, and return its address.

    `port` None takes the first free one from 6006.

    Raises:
        ResourceError: where the port is in use or is none.
    """
    server = TensorBoard()
    server.configure(argv=("tensorboard",), logdir=str(folder), port=port, reload_multifile=True)
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # advice on TensorBoard's own options
            return server.launch()
    except TensorBoardServerException as error:
        raise ResourceError(f"--port: {error.msg}") from error
