"""What goes by a name: found, offered by packages, taken, or told with the nearest."""

import sys
from importlib.metadata import EntryPoint
from types import ModuleType

import pytest

from ura_study import registry as module
from ura_study.data.layouts.config import LAYOUTS
from ura_study.detectors.config import DETECTORS
from ura_study.detectors.uranet.synthesis_config import SYNTHESES
from ura_study.errors import ConfigError
from ura_study.metrics.names import METRICS_BY_NAME
from ura_study.registry import Registry

BUILT_IN = {"square": "shapes_of_this_program"}


@pytest.fixture
def shapes(monkeypatch):
    """A registry whose built-in module registers `square` when it is imported."""
    made: Registry[int] = Registry("shape", "shapes", BUILT_IN)
    made.add("square", 4, BUILT_IN["square"])
    monkeypatch.setattr(module, "_offered", lambda group: {})
    return made


def offer(monkeypatch, name, value):
    point = EntryPoint(name, value, "shapes")
    monkeypatch.setattr(module, "_offered", lambda group: {name: point} if group == "shapes" else {})


def test_what_is_registered_is_found(shapes):
    shapes.add("star", 10, "stars")
    assert shapes.get("star") == 10
    assert shapes.names() == ("square", "star")
    assert shapes.loaded() == {"square": 4, "star": 10}
    assert (shapes.plugin("star"), shapes.plugin("square")) == ("stars", None)


def test_a_misspelt_name_is_told_with_the_nearest(shapes):
    with pytest.raises(ConfigError, match=r"^expected the name of a shape, but got 'squrae'; did you mean 'square'\?$"):
        shapes.get("squrae")


def test_without_a_near_name_all_are_told(shapes):
    shapes.add("star", 10, "stars")
    with pytest.raises(ConfigError, match=r"^expected the name of a shape, but got 'xyz'; there are square, star$"):
        shapes.get("xyz")


def test_two_modules_cannot_take_one_name(shapes):
    shapes.add("star", 10, "stars")
    with pytest.raises(ConfigError, match=r"^shape 'star' is registered twice: by stars and by more_stars$"):
        shapes.add("star", 12, "more_stars")
    assert shapes.get("star") == 10


def test_one_module_may_register_a_name_again(shapes):
    """As a notebook does whose cell is executed twice."""
    shapes.add("star", 10, "stars")
    shapes.add("star", 12, "stars")
    assert shapes.get("star") == 12


@pytest.mark.parametrize("imported", [True, False])
def test_names_of_built_in_ones_are_taken(imported):
    shapes: Registry[int] = Registry("shape", "shapes", BUILT_IN)
    if imported:
        shapes.add("square", 4, BUILT_IN["square"])
    with pytest.raises(ConfigError, match="shape 'square'") as told:
        shapes.add("square", 5, "mine")
    assert "mine" in str(told.value)


def test_listeners_are_called_at_each_change(shapes):
    heard = []
    shapes.on_change(lambda: heard.append(shapes.names()))
    shapes.add("star", 10, "stars")
    assert heard == [("square", "star")]


def test_what_a_package_offers_is_imported_when_it_is_asked_for(shapes, monkeypatch, tmp_path):
    (tmp_path / "offered_stars.py").write_text("from shapes_in_test import SHAPES\nSHAPES.add('star', 10, __name__)\n")
    monkeypatch.syspath_prepend(tmp_path)
    holder = ModuleType("shapes_in_test")
    holder.SHAPES = shapes
    monkeypatch.setitem(sys.modules, "shapes_in_test", holder)
    offer(monkeypatch, "star", "offered_stars")
    assert shapes.names() == ("square", "star")
    assert shapes.loaded() == {"square": 4}
    assert "offered_stars" not in sys.modules
    try:
        assert (shapes.get("star"), shapes.plugin("star")) == (10, "offered_stars")
    finally:
        sys.modules.pop("offered_stars", None)


def test_a_package_that_does_not_register_what_it_offers_is_told(shapes, monkeypatch):
    offer(monkeypatch, "star", "json")
    with pytest.raises(ConfigError, match=r"^shape 'star': the plug-in json offers it, but does not register it$"):
        shapes.get("star")


def test_a_package_that_cannot_be_imported_is_told(shapes, monkeypatch):
    offer(monkeypatch, "star", "no_such_module")
    with pytest.raises(ConfigError, match=r"^plug-in no_such_module cannot be imported \(ModuleNotFoundError: "):
        shapes.get("star")


@pytest.mark.parametrize("registry", [DETECTORS, LAYOUTS, METRICS_BY_NAME, SYNTHESES], ids=lambda r: r.kind)
def test_all_built_in_ones_are_registered_where_the_table_says(registry):
    registry.loaded()
    assert {name: registry._items[name][1] for name in registry.built_in} == dict(registry.built_in)
