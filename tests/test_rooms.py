"""Imports point one way, heavy libraries enter where they belong, and the command line does not pay for them."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ura_study

PACKAGE = Path(ura_study.__file__).parent

#: What may import only what stands before it. Modules that hold settings (`config`, `…_config`) are below all rooms.
SETTINGS = {
    "errors",
    "settings",
    "canonical",
    "randomness",
    "cache",
    "output",
    "study.study_file",
    "study.config_errors",
}
SETTINGS |= {"metrics.names", "data.preprocessing", "registry", "plugins"}
ROOMS = [
    "data",
    "features",
    "detectors",
    "training",
    "metrics",
    "study",
    "runs",
    "model",
    "search",
    "results",
    "opening",
    "tables",
    "report",
    "tensorboard",
    "tune",
    "commands",
    "cli",
    "api",
]

#: Library → the rooms that may import it.
OWNERS = {
    "ray": {"tune"},
    "optuna": {"search"},
    "torch": {"features", "detectors", "training", "metrics", "runs", "randomness", "model"},
    "timm": {"features"},
    "fsspec": {"training"},
    "skimage": {"data"},
    "tensorboard": {"tensorboard"},
    "jinja2": {"report", "tables"},
    "scipy": {"data", "metrics", "report", "results", "search"},
    "pandas": {"results", "tables"},
    "matplotlib": {"report"},
    "scikit_posthocs": {"report"},
    "typer": {"cli"},
    "rich": {"api", "cli", "commands", "tables", "tune"},
}


def modules() -> list[str]:
    return [".".join(p.relative_to(PACKAGE).with_suffix("").parts) for p in sorted(PACKAGE.rglob("*.py"))]


def imports(module: str) -> set[str]:
    """Return what a module imports anywhere in it, but for annotations alone (`if TYPE_CHECKING`)."""
    tree = ast.parse((PACKAGE / module.replace(".", "/")).with_suffix(".py").read_text())
    annotations = [node for node in tree.body if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)]
    unseen = {inner for node in annotations for inner in ast.walk(node)}
    found = set()
    for node in ast.walk(tree):
        if node in unseen:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def rank(module: str) -> int:
    """Return a module's place: 0 for settings, else that of its room."""
    if module in SETTINGS or ("." in module and module.split(".")[-1].split("_")[-1] == "config"):
        return 0
    return 1 + ROOMS.index(module.split(".")[0])


def own(names: set[str]) -> set[str]:
    """Return the modules of this package among imported names, without its prefix."""
    known = set(modules())
    return {n.removeprefix("ura_study.") for n in names if n.removeprefix("ura_study.") in known and n != "ura_study"}


@pytest.mark.parametrize("module", [m for m in modules() if not m.endswith("__init__") and m != "__main__"])
def test_imports_point_one_way(module):
    wrong = [other for other in own(imports(module)) if rank(other) > rank(module)]
    assert not wrong, f"{module} imports {wrong}, which stands above it"


@pytest.mark.parametrize("library", OWNERS)
def test_libraries_enter_through_their_rooms(library):
    users = {m.split(".")[0] for m in modules() for name in imports(m) if name.split(".")[0] == library}
    assert users <= OWNERS[library]


def test_the_walk_sees_what_it_must():
    assert "features.cached" in own(imports("runs.execute"))
    assert "torch" in imports("runs.execute")
    assert rank("detectors.uranet.config") == 0 < rank("data.images") < rank("runs.store") < rank("cli")


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("ura_study.cli", ["torch", "ray", "pandas", "numpy", "pydantic"]),
        ("ura_study.commands.run", ["torch", "ray", "pandas", "timm", "matplotlib"]),
        ("ura_study.commands.status", ["torch", "ray", "pandas", "scipy", "timm", "matplotlib"]),
        ("ura_study.commands.board", ["torch", "ray", "pandas", "tensorboard"]),
        ("ura_study.tensorboard.writer", ["torch", "ray", "pandas", "tensorflow", "optuna"]),
        ("ura_study.search.config", ["optuna", "torch", "ray", "pandas"]),
        ("ura_study.search.space.space", ["torch", "ray", "pandas", "scipy"]),
        ("ura_study.commands.data", ["torch", "ray", "pandas", "timm", "matplotlib", "scipy", "skimage"]),
        ("ura_study.report.write", ["torch", "ray", "timm", "matplotlib"]),
        ("ura_study.report.figures", ["torch", "ray", "timm", "matplotlib"]),
        ("ura_study.commands.export", ["torch", "ray", "timm"]),
        ("ura_study.commands.report", ["torch", "ray", "timm"]),
        ("ura_study.tune.driver", ["torch", "ray", "timm"]),
        ("ura_study.tune.queue", ["torch", "timm"]),
        ("ura_study.tune.worker", ["torch", "timm"]),
    ],
)
def test_light_modules_stay_light(module, absent):
    code = f"import sys, {module}; print([m for m in {absent!r} if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
