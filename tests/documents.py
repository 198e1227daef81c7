"""The pages that tell users what to do: README, CONTRIBUTING and `docs/`, with the examples in them.

A block of code says by its language what it is: `sh` commands, `yaml` a whole study, `yml` a part of one, `py` Python
that is executed, `python` and `toml` what is quoted from a file.

Python is executed block by block, each alone in a folder with images in `parts/`. On a page with a line
`<!-- session: study -->` all blocks are one program, in a folder that also has the results of a study.
"""

from __future__ import annotations

import itertools
import re
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
NUMBER = re.compile(r"(\(\d+\))")


def name(page: Path) -> str:
    """Return the path of a page in the repository."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str) -> list[str]:
    """Return the code of a page's blocks of one language, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def programs(page: Path) -> list[str]:
    """Return the Python code of a page that is executed: block by block, or of a page that is a session all at once."""
    code = blocks(page, "py")
    return ["\n".join(code)] if code and session(page) else code


def session(page: Path) -> str | None:
    """Return what the Python code of a page needs to be there, where it says so."""
    said = re.search(r"^<!-- session: (\w+) -->$", page.read_text(), re.MULTILINE)
    return said[1] if said else None


def commands(page: Path) -> list[str]:
    """Return the commands of a page, without comments."""
    lines = "".join(blocks(page, "sh")).splitlines()
    return [bare for line in lines if (bare := line.split("#")[0].strip())]


def links(page: Path) -> list[str]:
    """Return the relative links of a page, with their anchors."""
    return re.findall(r"\]\((?![a-z]+:)([^)\s]+)\)", page.read_text())


def anchors(text: str) -> set[str]:
    """Return what links to the headings of Markdown may end with."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        given = re.search(r"\{#(\S+) \}$", heading)
        plain = re.sub(r"[^\w\s-]", "", heading).strip().lower()
        found.add(given[1] if given else re.sub(r"[-\s]+", "-", plain))
    return found


def hook(stem: str) -> ModuleType:
    """Return one of the modules in `docs/`, which MkDocs calls when it builds the site."""
    spec = spec_from_file_location(f"docs_{stem}", DOCS / f"{stem}.py")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def on_mvtec_ad(text: str) -> str:
    """Return a study with the numbered comments in place of the lines of the same numbers."""
    header = re.findall(r"^# (\(\d+\)) (.*)$", text, re.MULTILINE)
    by_number = {n: [line for _, line in lines] for n, lines in itertools.groupby(header, lambda pair: pair[0])}
    lines: list[str] = []
    for line in text.splitlines():
        found = None if line.startswith("#") else NUMBER.search(line)
        lines += by_number.pop(found[1]) if found else [line]
    assert not by_number
    return "\n".join(lines)
