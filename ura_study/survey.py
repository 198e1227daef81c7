"""What a study finds before it runs: its images, and the plan that follows from them."""

from __future__ import annotations

from ura_study.config import Study
from ura_study.data.check import check_headers, common_shape
from ura_study.data.fingerprint import fingerprint
from ura_study.data.layouts import category_names, read_category
from ura_study.data.validation import split
from ura_study.errors import ConfigError
from ura_study.plan import Plan, make_plan


def survey(study: Study) -> Plan:
    """Read the sample tables of all categories, check and fingerprint the images, and return the plan.

    Raises:
        DataError: where folders, images or masks are not as they must be.
        ConfigError: where a variant is not valid.
    """
    fingerprints = {}
    for name in category_names(study.data):
        category = read_category(study.data, name)
        check_headers(category)
        if study.data.eval_size == "original":
            common_shape(category.test)
        if study.data.validation:
            split(category.train, study.data.validation)  # says so if there are too few images
        fingerprints[name] = fingerprint(category)
    return make_plan(study, fingerprints)


def check_backbones(plan: Plan) -> None:
    """Raise a `ConfigError` where the baseline or an ablation asks for a backbone or a layer that does not exist."""
    from ura_study.features.catalogue import check_layers

    for variant in plan.variants:
        try:
            check_layers(variant.settings.features)
        except ConfigError as error:
            where = "base." if variant.ablation is None else f"ablations.{variant.ablation}: "
            raise ConfigError(f"{where}{error}") from error
