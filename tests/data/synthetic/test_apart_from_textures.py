"""Validation must not be flattered: its defects share nothing with those of the built-in test set."""

import ast
from pathlib import Path

import pytest

import ura_study.data
from ura_study.data.synthetic.cache import RECIPE
from ura_study.data.synthetic.kinds import KINDS
from ura_study.data.textures.defects import DEFECTS

DATA = Path(ura_study.data.__file__).parent


def trees(package):
    return [ast.parse(path.read_text()) for path in sorted((DATA / package).glob("*.py"))]


def imported(package):
    nodes = [node for tree in trees(package) for node in ast.walk(tree)]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module for node in nodes if isinstance(node, ast.ImportFrom)}


def bodies(package):
    """Return the code of each function, without its name and docstring."""
    found = [node for tree in trees(package) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return {ast.dump(ast.Module(node.body[ast.get_docstring(node) is not None :], [])) for node in found}


@pytest.mark.parametrize(("package", "other"), [("synthetic", "textures"), ("textures", "synthetic")])
def test_neither_imports_from_the_other(package, other):
    assert f"ura_study.data.{package}" in {name.rpartition(".")[0] for name in imported(package)}
    assert not [name for name in imported(package) if name.startswith(f"ura_study.data.{other}")]
    assert not [name for name in RECIPE if name.startswith("textures/")]


def test_no_function_stands_in_both():
    assert len(bodies("synthetic")) > 20
    assert not bodies("synthetic") & bodies("textures")


def test_no_kind_of_defect_is_in_both():
    assert not KINDS.keys() & DEFECTS.keys()
