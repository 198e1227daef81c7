"""Survey the images of a study before it runs, and make its plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ura_study.data.checks.headers import check_headers, common_shape
from ura_study.data.config import DataSettings
from ura_study.data.fingerprint import fingerprint
from ura_study.data.pairs import pairs, read_pair
from ura_study.data.protocol import drawn
from ura_study.data.table import UNREAD, Category
from ura_study.errors import ConfigError, DataError
from ura_study.search.config import SearchSettings
from ura_study.study.config import Study
from ura_study.study.plan import Plan, different_data, expand, make_plan


def survey(study: Study, searched: Iterable[tuple[str, DataSettings]] = ()) -> Plan:
    """Read the sample tables of all categories, check and fingerprint the images, and return the plan.

    Args:
        study: the study.
        searched: data settings at the ends of its search space, each with file and key, for errors.

    Raises:
        DataError: where folders, images or masks are not as they must be.
        ConfigError: where a variant is not valid.
    """
    found, unread = {}, 0
    every, searched = different_data(study, expand(study)), tuple(searched)
    for name in pairs(study.data):
        category = read_pair(study.data, name)
        check_headers(category)
        for data in every:
            _check_images(category, data, study.seeds[0])
        for where, data in searched:
            try:
                _check_images(category, data, study.seeds[0])
            except DataError as error:
                raise DataError(f"{where}: {error}") from error
        if study.search is not None:
            _check_objective(study.search, category)
        found[name] = fingerprint(category)
        unread += sum(left.why in UNREAD for left in category.left)
    return replace(make_plan(study, found), unread=unread)


def _check_images(category: Category, data: DataSettings, seed: int) -> None:
    """Raise a `DataError` where images have no size in common, or are fewer than must be drawn with any seed."""
    if data.eval_size == "original":
        common_shape(category.test)
    drawn(category, data, seed)


def _check_objective(search: SearchSettings, category: Category) -> None:
    """Raise a `ConfigError` where an objective needs masks of test images that have none."""
    anomalous = [sample for sample in category.test if sample.anomalous]
    without = sum(not sample.masks for sample in anomalous)
    pixelwise = [name for objective in search.objective for name in objective.names if name.startswith("pixel_")]
    if without and pixelwise:
        raise ConfigError(
            f"search.objective: {pixelwise[0]} needs masks, but {without} of {len(anomalous)} anomalous test images of "
            f"category '{category.name}' have none"
        )


def check_backbones(plan: Plan) -> None:
    """Raise a `ConfigError` where the baseline or an ablation asks for a backbone or a layer that does not exist."""
    from ura_study.features.catalogue import check_layers

    for variant in plan.variants:
        try:
            check_layers(variant.settings.features)
        except ConfigError as error:
            where = "base." if variant.ablation is None else f"ablations.{variant.ablation}: "
            raise ConfigError(f"{where}{error}") from error
