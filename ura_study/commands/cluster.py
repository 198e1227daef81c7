"""`ura-study cluster`: template files to run a study on a batch system or a cloud; marked places must be filled in."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.text import Text

from ura_study.cache import replace
from ura_study.errors import ConfigError, nearest

FOLDER = Path(__file__).with_name("cluster_files")
#: Kind of cluster → name of the template file.
FILES = {"slurm": "slurm.sh", "kuberay": "kuberay.yaml", "ray-up": "ray-up.yaml", "docker": "Dockerfile"}


def cluster(kind: str, output: Path | None, console: Console) -> int:
    """Print a commented template file for a kind of cluster, or write it to `output`; return 0.

    Raises:
        ConfigError: where there is no such kind.
        ResourceError: where the file cannot be written.
    """
    if kind not in FILES:
        raise ConfigError(f"expected one of {', '.join(FILES)}, but got '{kind}'{nearest(kind, FILES)}")
    text = (FOLDER / FILES[kind]).read_text(encoding="utf-8")
    if output is None:
        print(text, end="")
    else:
        replace(output, text)
        console.print(Text(str(output)), soft_wrap=True)
    return 0
