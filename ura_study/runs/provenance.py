"""Where numbers come from: versions, machine and commit."""

from __future__ import annotations

import platform
import subprocess
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import torch

from ura_study.runs.memory import total_bytes

PACKAGES = ("ura-study", "torch", "timm", "numpy", "scipy", "pillow", "ray")


def provenance(device: torch.device) -> dict[str, object]:
    """Return versions of what computed, the commit of this program if known, the machine, device and threads."""
    place: dict[str, object] = {"device": "cpu"}
    if device.type == "cuda":
        place = {"device": torch.cuda.get_device_name(device), "gpu_bytes": total_bytes(device)}
    return _machine() | place | {"threads": torch.get_num_threads()}


@lru_cache(maxsize=1)
def _machine() -> dict[str, object]:
    return {
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
        "commit": _commit(),
        "host": platform.node(),
        "system": platform.platform(),
        "processor": _processor(),
    }


def _commit() -> str | None:
    """Return the git commit of an installation from a checkout, with `-dirty` where files were changed."""
    try:
        _git("ls-files", "--error-unmatch", Path(__file__).name)  # else it is somebody else's repository
        return _git("describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(Path(__file__).parent), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor()
    )
