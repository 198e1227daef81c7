"""A layout: <root>/<product>/{ok,nok}, a share of the `ok` images set apart for testing, no masks.

data: {layout: ok_nok, root: /data/products, options: {test_share: 0.3}}
"""

from dataclasses import replace
from pathlib import Path

from pydantic import Field

from ura_study import Category, Layout, Places, Settings, read_places, register_layout, set_apart


class OkNokSettings(Settings):
    test_share: float = Field(0.2, gt=0, lt=1)
    """Share of the `ok` images that is tested on."""


PLACES = Places("ok", normal=None, anomalous="{defect}")


@register_layout("ok_nok", settings=OkNokSettings)
def ok_nok(options: OkNokSettings | None) -> Layout:
    """Return the layout; `options` is None where `ura-study` only wants to know whether it would fit a folder."""
    share = (options or OkNokSettings()).test_share

    def names(root: Path) -> tuple[str, ...]:
        return tuple(sorted(path.name for path in root.iterdir() if PLACES.has(path))) if root.is_dir() else ()

    def load(root: Path, name: str) -> Category:
        category = read_places(root / name, name, PLACES)
        train, normal = set_apart(category.train, share)
        return replace(category, train=train, test=(*normal, *category.test))

    return Layout("a folder for each product with ok/ inside", names, load, lambda root, name: root / name)
