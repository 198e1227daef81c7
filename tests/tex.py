"""Documents compiled by the TeX that is here, if there is one."""

from __future__ import annotations

import re
import shutil
import subprocess

TEX = next((found for name in ("pdflatex", "lualatex", "tectonic") if (found := shutil.which(name))), None)


def compiled(tmp_path, source):
    """Return the log of a document that has compiled."""
    (tmp_path / "paper.tex").write_text(source, encoding="utf-8")
    quiet = ["--keep-logs"] if TEX.endswith("tectonic") else ["-interaction=nonstopmode", "-halt-on-error"]
    done = subprocess.run(
        [TEX, *quiet, "paper.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
    return (tmp_path / "paper.log").read_text(errors="replace")


def check(log):
    assert re.findall(r"^!.*|Overfull \\hbox.*|Float too large.*|Missing character.*", log, re.MULTILINE) == []
