"""What an ablation asks for: its variants, and the combinations that are left out since they cannot be."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from ura_study.results.cell import Cell
from ura_study.results.results import Results
from ura_study.study.combinations import Changes, changes_of
from ura_study.study.config import Ablation
from ura_study.study.names import short_names
from ura_study.study.plan import BASELINE, Variant, left_out
from ura_study.tables.names import NONE

#: In place of a number of a combination that is left out.
NOT_POSSIBLE = Cell(text=NONE)


def asked(results: Results, ablation: Ablation) -> list[tuple[Changes, Variant | None]]:
    """Return what each variant of an ablation changes, and the variant; None where the combination is left out.

    An earlier ablation may have named the variant, and a variant without changes is the baseline.
    """
    known = [variant for variant in results.plan.variants if variant.ablation or variant.name == BASELINE]
    return [(change, next((v for v in known if dict(v.changes) == change), None)) for change in changes_of(ablation)]


def variants_of(results: Results, ablation: Ablation) -> list[Variant]:
    """Return the variants of an ablation, without the combinations that are left out."""
    return [variant for _, variant in asked(results, ablation) if variant is not None]


def refusals(results: Results, name: str) -> tuple[str, ...]:
    """Return sentences on which combinations the ablation `name` leaves out, and why."""
    lost = [one for one in left_out(results.study) if one.ablation == name]
    found = {reason: [one.name for one in lost if one.reason == reason] for reason in (one.reason for one in lost)}
    return tuple(f"{NONE}: {'; '.join(names)} cannot be ({reason})." for reason, names in found.items())


def with_baseline(results: Results, variants: list[Variant]) -> list[Variant]:
    """Return the variants with `full` before them, unless one of them is the same configuration."""
    base = next(v for v in results.plan.variants if v.name == BASELINE)
    return variants if any(v.settings == base.settings for v in variants) else [base, *variants]


def headings(results: Results, keys: Iterable[str]) -> tuple[str, ...]:
    """Return the short names of keys, unambiguous among all keys that the ablations of the study vary."""
    ablations = results.study.ablations.values()
    names = short_names([*itertools.chain.from_iterable(a.values_by_key() for a in ablations)])
    return tuple(names[key] for key in keys)
