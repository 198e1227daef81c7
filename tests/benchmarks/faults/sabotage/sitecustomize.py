"""Imported by every Python process whose `PYTHONPATH` has this folder: what a machine does wrong.

`FAULT_CLOCK`: a file; while it is there, the clock is wrong by the number of seconds in it.
`FAULT_MEMORY`: a file; who finds it takes it away, and has no GPU memory left in its next step of training.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import os
import sys
import time
from pathlib import Path


def _wrong_clock(path: Path) -> None:
    def off() -> float:
        try:
            return float(path.read_text() or 0)
        except OSError:
            return 0.0

    seconds, nanoseconds = time.time, time.time_ns
    time.time = lambda: seconds() + off()
    time.time_ns = lambda: nanoseconds() + int(off() * 1e9)


class _AfterImport(importlib.abc.MetaPathFinder):
    """Calls something once a module has been imported."""

    def __init__(self, name, call) -> None:
        self._name, self._call = name, call

    def find_spec(self, name, path=None, target=None):
        if name != self._name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module

        def executed(module) -> None:
            execute(module)
            self._call(module)

        spec.loader.exec_module = executed
        return spec


def _no_memory(path: Path) -> None:
    def spoil(module) -> None:
        import torch

        backward = torch.Tensor.backward

        def once(*arguments, **options):
            try:
                path.unlink()
            except OSError:
                return backward(*arguments, **options)
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB (simulated).")

        torch.Tensor.backward = once

    sys.meta_path.insert(0, _AfterImport("ura_study.training.loop", spoil))


if "FAULT_CLOCK" in os.environ:
    _wrong_clock(Path(os.environ["FAULT_CLOCK"]))
if "FAULT_MEMORY" in os.environ:
    _no_memory(Path(os.environ["FAULT_MEMORY"]))
