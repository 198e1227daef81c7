"""Which category is trained on and which is tested on: the same, or those of another set (`data.test`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ura_study.data.config import DataSettings
from ura_study.data.images import allow
from ura_study.data.layouts.registry import category_names, read_category
from ura_study.data.table import Category
from ura_study.errors import DataError


def pairs(data: DataSettings) -> dict[str, tuple[str, str]]:
    """Return the names of a study's categories, in its order, each with the category to train on and that to test on.

    With `data.test` a name is `train → test`. Where that asks for `all` categories, each training category is tested on
    the one of the same name, else on each of those listed.

    Raises:
        DataError: where a root is not as the layout has it, or no test category has the name of a training category.
    """
    trained = category_names(data)
    if data.test is None:
        return {name: (name, name) for name in trained}
    tested = category_names(data.test)
    if data.test.categories != "all":
        return {_name(one, other): (one, other) for one in trained for other in tested}
    if missing := [name for name in trained if name not in tested]:
        raise DataError(
            f"data.test.categories: no category '{missing[0]}' to test that of the same name on "
            f"(found: {', '.join(tested)}); list those to test on"
        )
    return {_name(name, name): (name, name) for name in trained}


def asked(data: DataSettings, known: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the `pairs` that settings ask for, without looking at images.

    `known` are those that were once found; they stand for `all`.
    """
    if data.categories == "all":
        return tuple(known)
    if data.test is None:
        return data.categories
    if data.test.categories == "all":
        return tuple(_name(name, name) for name in data.categories)
    return tuple(_name(one, other) for one in data.categories for other in data.test.categories)


def _name(train: str, test: str) -> str:
    return f"{train} → {test}"


def read_pair(data: DataSettings, name: str) -> Category:
    """Return the images of one of the `pairs`: the training images of one category, the test images of the other.

    Raises:
        DataError: where the folders are not as the layout has them.
    """
    allow(data.max_pixels)
    if data.test is None:
        return read_category(data, name)
    train, test = pairs(data)[name]
    one, other = read_category(data, train), read_category(data.test, test)
    return replace(one, name=name, test=other.test, left=tuple(dict.fromkeys((*one.left, *other.left))))
