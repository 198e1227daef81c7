"""Shared by all tests: a cache folder of their own, and small data sets in MVTec AD layout."""

from __future__ import annotations

import sys

import pytest
from datasets import make_maps, write_category
from hypothesis import settings

# How long an example takes depends on what else the machine does: no property fails for that.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """A cache folder for the test alone, so that nothing is found ready that the test ought to build."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("URA_STUDY_CACHE", str(folder))
    return folder


@pytest.fixture
def mvtec_root(tmp_path):
    """Two small categories, `nut` and `bolt`."""
    root = tmp_path / "data"
    write_category(root, "nut", seed=1)
    write_category(root, "bolt", seed=2)
    return root


@pytest.fixture
def train():
    """Feature maps of ten images in few channels on a small grid."""
    return make_maps(10)


@pytest.fixture
def generator():
    import torch

    return torch.Generator().manual_seed(0)


@pytest.fixture
def call(capsys, monkeypatch, tmp_path):
    """Call `ura-study` in `tmp_path`; return exit code, output and error output."""
    from ura_study import cli

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def called(*arguments):
        monkeypatch.setattr(sys, "argv", ["ura-study", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        shown = capsys.readouterr()
        return left.value.code, shown.out, shown.err

    return called
