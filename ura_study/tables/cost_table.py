"""The table of costs of variants: time to fit, time per image, size, memory."""

from __future__ import annotations

from collections.abc import Mapping

from ura_study.detectors.scoring_config import BATCH
from ura_study.results.aggregate import Aggregate, Quantity, aggregate
from ura_study.results.names import counted
from ura_study.results.results import Results
from ura_study.runs.record import Record
from ura_study.tables.model import Column, Kind, Row, Table

#: Heading and kind of each quantity, and how it is read from a record.
COLUMNS: dict[str, tuple[str, Kind, Quantity]] = {
    "fit_seconds": ("Fit", "seconds", lambda record: record.timings.get("fit_seconds")),
    "score_ms_per_image": ("Scoring per image", "milliseconds", lambda r: r.timings.get("score_ms_per_image")),
    "parameters": ("Trained parameters", "count", lambda record: record.parameters),
    "detector_bytes": ("Detector", "bytes", lambda record: record.detector_bytes),
    "gpu_peak_bytes": ("Peak GPU memory", "bytes", lambda record: record.gpu_peak_bytes),
}
GPU = "gpu_peak_bytes"
NOTE = (
    "Without the frozen backbone; runs that went on at once shared the machine. "
    "Detector: all that is fitted, i.e. weights, statistics and memory bank (1 MB is a million bytes)."
)
GPU_NOTE = f"Peak GPU memory: the most that tensors took at once while images were scored, {BATCH} at a time."


def cost(results: Results) -> Table:
    """Return the table of seconds to fit, milliseconds per image, trained parameters and bytes.

    Cells are means over categories, with the standard deviation over seeds. Peak GPU memory is a column only if a run
    has recorded it.
    """
    on_gpu = any(r.gpu_peak_bytes is not None for r in _records(results))
    columns = {key: column for key, column in COLUMNS.items() if key != GPU or on_gpu}
    measured = {key: aggregate(results.plan, results.records, quantity) for key, (_, _, quantity) in columns.items()}
    return Table(
        name="cost",
        title="Cost",
        stubs=("variant",),
        columns=tuple(Column(key, heading, kind) for key, (heading, kind, _) in columns.items()),
        rows=tuple(
            Row((variant.name,), tuple(measured[key].mean(variant.name) for key in columns))
            for variant in results.plan.variants
        ),
        notes=(_numbers(results), NOTE, *([GPU_NOTE] if on_gpu else []), *_left_out(measured), _machines(results)),
    )


def _numbers(results: Results) -> str:
    """Return the sentence on what the numbers are."""
    spread = (
        f" ± standard deviation over {len(results.plan.seeds)} seeds" if len(results.plan.seeds) > 1 else ", one seed"
    )
    return f"Means over categories{spread}."


def _records(results: Results) -> list[Record]:
    return [results.records[run_id] for run_id in results.plan.runs if run_id in results.records]


def _left_out(measured: Mapping[str, Aggregate]) -> list[str]:
    """Return a sentence for each quantity that was measured on some categories only."""
    return [
        f"{COLUMNS[key][0]}: mean without {', '.join(found.undefined)}, where it was not measured."
        for key, found in measured.items()
        if 0 < len(found.undefined) < len(found.categories)
    ]


def _machines(results: Results) -> str:
    """Return the sentence on the machines of the runs."""
    names = dict.fromkeys(_machine(record.provenance) for record in _records(results) if record.provenance)
    return f"On {'; '.join(names) or 'machines that are not recorded'}."


def _machine(provenance: dict) -> str:
    if provenance["device"] != "cpu":
        return provenance["device"]
    return f"{provenance['processor']}, {counted(provenance['threads'], 'thread')}"
