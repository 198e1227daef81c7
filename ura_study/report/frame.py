"""Records as one tidy table: a row for each run of the plan that has a record."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ura_study.metrics.names import METRICS, VALIDATION_METRICS
from ura_study.plan import Plan
from ura_study.runs.record import Record

TIMINGS = ("features_seconds", "fit_seconds", "score_seconds", "metrics_seconds", "score_ms_per_image")
COLUMNS = (
    *("variant", "ablation", "category", "seed", "status", *METRICS, "parameters", *TIMINGS),
    *("failure", "undefined", "data_fingerprint", "finished", "reused_from", "run_id"),
)
#: The columns of a study that holds images out for validation.
VALIDATED = (
    *COLUMNS[: COLUMNS.index("parameters")],
    *VALIDATION_METRICS,
    *("parameters", *TIMINGS, "validation_seconds"),
    *COLUMNS[COLUMNS.index("failure") :],
)


def tidy(plan: Plan, records: Mapping[str, Record]) -> pd.DataFrame:
    """Return one row per (variant, category, seed) whose run has a record, in the order of the plan.

    Variants that are equal under two names each have their rows, with the same `run_id`. Metrics are fractions; NaN
    where undefined (`undefined` says why) or where the run failed (`failure` says why). The `val_*` metrics and
    `validation_seconds` are columns only where images were held out for validation.
    """
    ablations = {variant.name: variant.ablation for variant in plan.variants}
    rows = [
        {"variant": variant, "ablation": ablations[variant], "category": category, "seed": seed} | _row(records[run_id])
        for (variant, category, seed), run_id in plan.cells.items()
        if run_id in records
    ]
    held_out = any(record.data.get("validation") for record in records.values())
    columns = VALIDATED if held_out else COLUMNS
    numbers = dict.fromkeys([*METRICS, *(VALIDATION_METRICS if held_out else ())], float)
    return pd.DataFrame(rows, columns=list(columns)).astype(numbers | {"parameters": "Int64"})


def _row(record: Record) -> dict[str, object]:
    failure = f"{record.failure.kind}: {record.failure.message}" if record.failure else None
    return {
        "run_id": record.run_id,
        "status": record.status,
        **record.metrics,
        **record.timings,
        "parameters": record.parameters,
        "failure": failure,
        "undefined": "; ".join(f"{name}: {reason}" for name, reason in record.undefined.items()) or None,
        "data_fingerprint": record.data["fingerprint"],
        "finished": record.finished,
        "reused_from": record.reused_from,
    }
