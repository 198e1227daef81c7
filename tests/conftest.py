"""Shared by all tests: a cache folder of their own, and small data sets in MVTec AD layout."""

from __future__ import annotations

import gc
import os
import sys

# Several tests go on at once (`pytest -n`): with more threads than processors, each would take many times as long.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from datasets import make_maps, write_category
from hypothesis import settings

# How long an example takes depends on what else the machine does: no property fails for that.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


def pytest_collection_modifyitems(items):
    """Begin with files of slow tests: with `pytest -n 2` the other process then has enough to do meanwhile."""
    slow = {item.path for item in items if item.get_closest_marker("slow") is not None}
    items.sort(key=lambda item: item.path not in slow)


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
def unplugged():
    """Forget after a test what plug-ins it has imported and registered, so that others find none of it."""
    from ura_study import plugins, settings
    from ura_study.data.layouts.config import LAYOUTS
    from ura_study.detectors.config import DETECTORS
    from ura_study.detectors.uranet.synthesis_config import SYNTHESES
    from ura_study.metrics.names import METRICS_BY_NAME

    registries = (DETECTORS, LAYOUTS, METRICS_BY_NAME, SYNTHESES)
    before = [dict(registry._items) for registry in registries if registry.loaded()]
    modules = set(sys.modules)
    yield
    added = {module for registry in registries for _, module in registry._items.values()} | set(plugins._FILES)
    for registry, items in zip(registries, before, strict=True):
        registry._items = items
    for module in added - modules - {"__main__"}:
        sys.modules.pop(module, None)
        sys.modules.pop(module.partition(".")[0], None)
    plugins._FILES.clear()
    plugins._identity.cache_clear()
    settings._SECTIONS[:] = [s for s in settings._SECTIONS if s.__module__.startswith("ura_study.")]
    settings.rebuild()
    gc.collect()  # classes are gone when nothing refers to them: `__subclasses__` then has those of this program


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
