"""What variants cost: time to fit, time per image, size."""

from __future__ import annotations

from ura_study.report.measured import Quantity, measure
from ura_study.report.model import Column, Kind, Row, Table
from ura_study.report.names import counted
from ura_study.report.results import Results

#: Heading, kind, and where a record has it.
COLUMNS: dict[str, tuple[str, Kind, Quantity]] = {
    "fit_seconds": ("Fit", "seconds", lambda record: record.timings.get("fit_seconds")),
    "score_ms_per_image": ("Scoring per image", "milliseconds", lambda r: r.timings.get("score_ms_per_image")),
    "parameters": ("Trained parameters", "count", lambda record: record.parameters),
}
NOTE = "Means over categories, without the frozen backbone; runs that went on at once shared the machine."


def cost(results: Results) -> Table:
    """Return fit seconds, milliseconds per image and parameters: mean over categories, deviation over seeds."""
    measured = {key: measure(results.plan, results.records, quantity) for key, (_, _, quantity) in COLUMNS.items()}
    return Table(
        name="cost",
        title="Cost",
        stubs=("variant",),
        columns=tuple(Column(key, heading, kind) for key, (heading, kind, _) in COLUMNS.items()),
        rows=tuple(
            Row((variant.name,), tuple(measured[key].mean(variant.name) for key in COLUMNS))
            for variant in results.plan.variants
        ),
        notes=(NOTE, _machines(results)),
    )


def _machines(results: Results) -> str:
    """Return the sentence about what the runs ran on."""
    found = [r.provenance for i in results.plan.runs if (r := results.records.get(i)) is not None and r.provenance]
    names = dict.fromkeys(_machine(provenance) for provenance in found)
    return f"On {'; '.join(names) or 'machines that are not recorded'}."


def _machine(provenance: dict) -> str:
    if provenance["device"] != "cpu":
        return provenance["device"]
    return f"{provenance['processor']}, {counted(provenance['threads'], 'thread')}"
