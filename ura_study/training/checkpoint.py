"""A training that goes on, kept from time to time, so that another process can continue it where the last one ended.

A checkpoint is one file, replaced whole: a line with the hash of the rest, then what `torch.save` wrote. One that is
damaged, or belongs to another training, counts as none. The folder may be on this machine or anywhere that fsspec
reaches (`s3://…`, `gs://…`).
"""

from __future__ import annotations

import glob
import hashlib
import io
import os
import time
from typing import Any

import fsspec
import torch

from ura_study.cache import cache_root
from ura_study.errors import ResourceError
from ura_study.training.config import TrainingSettings


class Checkpoint:
    """The checkpoint of one run.

    Args:
        settings: how often and where (`checkpoint`, `checkpoint_to`).
        run: id of the run: the name of the file.
        training: identity of all that the weights depend on; what another one left is not used.

    Raises:
        ResourceError: where the folder cannot be reached or made.
    """

    def __init__(self, settings: TrainingSettings, run: str, training: str) -> None:
        self._every = settings.checkpoint_seconds
        self._training = training
        self._place = settings.checkpoint_to or str(cache_root() / "checkpoints")
        self._last = time.monotonic()
        self.trouble = ""
        """Why the last checkpoint could not be written; empty where it could."""
        if self._every is not None:
            try:
                self._files, folder = fsspec.core.url_to_fs(self._place)
                self._files.makedirs(folder, exist_ok=True)
            except Exception as error:  # each kind of storage has its own
                raise ResourceError(f"training.checkpoint_to: {self._place}: {_said(error)}") from error
            self._path = f"{folder.rstrip('/')}/{run}.ckpt"

    def load(self) -> dict[str, Any] | None:
        """Return what was last saved, its tensors on the CPU; None where there is nothing that can be continued."""
        if self._every is None:
            return None
        try:
            seal, _, content = self._files.cat_file(self._path).partition(b"\n")
        except Exception:  # noqa: BLE001 - there is none, or none that can be read: the training begins at the start
            return None
        if seal.decode(errors="replace") != self._seal(content):
            return None
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)

    def due(self) -> bool:
        """Tell whether it is time to save again."""
        return self._every is not None and time.monotonic() - self._last >= self._every

    def save(self, state: dict[str, Any]) -> None:
        """Keep a state (tensors, numbers, strings; lists and dicts of them) in place of the last one.

        Where that fails the training goes on, and `trouble` says why.
        """
        buffer = io.BytesIO()
        torch.save(state, buffer)
        content = buffer.getvalue()
        unfinished = f"{self._path}.{os.getpid()}"
        try:
            self._files.pipe_file(unfinished, f"{self._seal(content)}\n".encode() + content)
            self._files.mv(unfinished, self._path)
            self.trouble = ""
        except Exception as error:  # noqa: BLE001 - each kind of storage has its own
            self.trouble = f"no checkpoint could be written to {self._place} ({_said(error)})"
        self._last = time.monotonic()

    def remove(self) -> None:
        """Remove what was saved: the training is done."""
        if self._every is not None:
            try:
                for path in self._files.glob(f"{glob.escape(self._path)}*"):
                    self._files.rm_file(path)
            except Exception as error:  # noqa: BLE001 - each kind of storage has its own
                self.trouble = f"the checkpoint in {self._place} could not be removed ({_said(error)})"

    def _seal(self, content: bytes) -> str:
        return hashlib.blake2b(content, digest_size=16, key=self._training.encode()).hexdigest()


def _said(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
