"""Records as data frames: a row for each run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from ura_study.metrics.names import METRICS, UNCERTAINTY_METRICS, VALIDATION_METRICS
from ura_study.runs.record import Record
from ura_study.study.names import readable
from ura_study.study.plan import Plan, Variant

TIMINGS = ("features_seconds", "fit_seconds", "score_seconds", "metrics_seconds", "score_ms_per_image")
#: Metrics of this program; columns of metrics from plug-ins come after them.
KNOWN = frozenset(METRICS + UNCERTAINTY_METRICS + VALIDATION_METRICS)
FURTHER = "(further metrics)"
SIZES = ("parameters", "backbone_parameters", "flops", "backbone_flops", "detector_bytes", "gpu_peak_bytes")


def columns(
    changed: Iterable[str] = (), held_out: bool = False, uncertain: bool = False, further: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Return the columns of the tidy table of a study.

    Args:
        changed: keys in which variants differ.
        held_out: whether images were held out for validation.
        uncertain: whether a detector gives probabilities.
        further: metrics of plug-ins.
    """
    return (
        *("variant", "ablation", *changed, "category", "seed", "status"),
        *_metrics(held_out, uncertain, further),
        *(*SIZES, *TIMINGS, *(("validation_seconds",) if held_out else ())),
        *("failure", "undefined", "data_fingerprint", "finished", "reused_from", "run_id"),
    )


def tidy(plan: Plan, records: Mapping[str, Record]) -> pd.DataFrame:
    """Return one row per (variant, category, seed) whose run has a record, in the order of the plan.

    Equal variants with two names have rows for each name, with the same `run_id`. Metrics are fractions, or NaN if they
    are undefined (see `undefined`) or the run failed (see `failure`). Each key in which variants differ is a column.
    The columns `val_*` and `validation_seconds` exist only if images were held out, metrics of uncertainty only if a
    record has them.
    """
    changed = tuple(dict.fromkeys(key for variant in plan.variants for key in variant.changes))
    variants = {variant.name: _variant(variant, changed) for variant in plan.variants}
    rows = [
        variants[variant] | {"category": category, "seed": seed} | _row(records[run_id])
        for (variant, category, seed), run_id in plan.cells.items()
        if run_id in records
    ]
    held_out = any(record.data.get("validation") for record in records.values())
    uncertain = any(UNCERTAINTY_METRICS[0] in record.metrics for record in records.values())
    further = tuple(dict.fromkeys(name for row in rows for name in row.pop(FURTHER)))
    kinds = dict.fromkeys(_metrics(held_out, uncertain, further), float) | dict.fromkeys(SIZES, "Int64")
    return pd.DataFrame(rows, columns=list(columns(changed, held_out, uncertain, further))).astype(kinds)


def _metrics(held_out: bool, uncertain: bool, further: tuple[str, ...]) -> tuple[str, ...]:
    known = METRICS + (UNCERTAINTY_METRICS if uncertain else ()) + (VALIDATION_METRICS if held_out else ())
    return known + further


def outcomes(plan: Plan, records: Mapping[str, Record], metrics: Iterable[str]) -> pd.DataFrame:
    """Return one row per (variant, category, seed) of the plan, with `run_id`, `status` and the named metrics.

    `status` is `done`, `failed` or `missing`. Metrics are NaN if they are undefined or the run is not done.
    """
    metrics = list(metrics)
    rows = []
    for (variant, category, seed), run_id in plan.cells.items():
        record = records.get(run_id)
        values = {} if record is None else {name: record.metrics.get(name) for name in metrics}
        status = "missing" if record is None else record.status
        rows.append(
            {"variant": variant, "category": category, "seed": seed, "run_id": run_id, "status": status} | values
        )
    frame = pd.DataFrame(rows, columns=["variant", "category", "seed", "run_id", "status", *metrics])
    texts = dict.fromkeys(("variant", "category", "run_id", "status"), object)  # strings of pandas are slow to unpack
    return frame.astype(texts | dict.fromkeys(metrics, float))


def _variant(variant: Variant, changed: Iterable[str]) -> dict[str, Any]:
    """Return the columns of a variant; a key inside a section that is switched off has the value None."""
    settings = variant.settings.model_dump(mode="json")
    return {"variant": variant.name, "ablation": variant.ablation} | {key: setting(settings, key) for key in changed}


def setting(settings: object, key: str) -> str | None:
    """Return the value of a dotted key as text: for a section its `name` or `kind`, else `true`.

    None if the value is null, or inside a section that is switched off.
    """
    value = lookup(settings, key)
    if value is None or not isinstance(value, dict):
        return None if value is None else readable(value)
    return value.get("name") or value.get("kind", "true")


def lookup(settings: object, key: str) -> Any:
    """Return the value of a dotted key in nested settings; None if there is none, e.g. in a section switched off."""
    for name in key.split("."):
        if not isinstance(settings, dict) or name not in settings:
            return None
        settings = settings[name]
    return settings


def _row(record: Record) -> dict[str, Any]:
    failure = f"{record.failure.kind}: {record.failure.message}" if record.failure else None
    return {
        "run_id": record.run_id,
        "status": record.status,
        FURTHER: [name for name in record.metrics if name not in KNOWN],
        **record.metrics,
        **record.timings,
        **{name: getattr(record, name) for name in SIZES},
        "failure": failure,
        "undefined": "; ".join(f"{name}: {reason}" for name, reason in record.undefined.items()) or None,
        "data_fingerprint": record.data["fingerprint"],
        "finished": record.finished,
        "reused_from": record.reused_from,
    }
