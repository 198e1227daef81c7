"""The table of costs of variants: time to fit, latency, operations, size, memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ura_study.detectors.scoring_config import BATCH
from ura_study.results.aggregate import Aggregate, Quantity, aggregate
from ura_study.results.cell import Cell
from ura_study.results.names import counted
from ura_study.results.results import Results
from ura_study.runs.latency import Latency, Timing
from ura_study.runs.record import Record
from ura_study.tables.model import Column, Kind, Row, Table

#: Heading and kind of each quantity, and how it is read from a record.
COLUMNS: dict[str, tuple[str, Kind, Quantity]] = {
    "fit_seconds": ("Fit", "seconds", lambda record: record.timings.get("fit_seconds")),
    "score_ms_per_image": ("Scoring per image", "milliseconds", lambda r: r.timings.get("score_ms_per_image")),
    "flops": ("Operations", "flops", lambda record: record.flops),
    "detector_flops": ("without backbone", "flops", lambda r: _difference(r.flops, r.backbone_flops)),
    "parameters": ("Trained parameters", "count", lambda record: record.parameters),
    "all_parameters": ("with backbone", "count", lambda r: _sum(r.parameters, r.backbone_parameters)),
    "detector_bytes": ("Detector", "bytes", lambda record: record.detector_bytes),
    "gpu_peak_bytes": ("Peak GPU memory", "bytes", lambda record: record.gpu_peak_bytes),
}
#: Heading of each measured latency, and how it is read.
LATENCIES: dict[str, tuple[str, Callable[[Latency], Timing]]] = {
    "latency_1": ("Latency, batch 1", lambda found: found.network[1]),
    "latency_1_decoded": ("batch 1 with decoding", lambda found: found.decoded[1]),
    "latency_8": ("Latency, batch 8", lambda found: found.network[8]),
    "latency_8_decoded": ("batch 8 with decoding", lambda found: found.decoded[8]),
}
GPU, SHARED = "gpu_peak_bytes", "score_ms_per_image"
NOTE = (
    "Operations to score an image: matrix products, convolutions, attention and distances, two for a multiplication "
    "and an addition. Detector: all that is fitted, i.e. weights, statistics and memory bank (1 MB is a million bytes)."
)
SHARED_NOTE = (
    "Scoring per image leaves the frozen backbone out and was taken while other runs shared the machine; `ura-study "
    "latency` measures it alone."
)
GPU_NOTE = (
    f"Peak GPU memory: the most that tensors took at once while images were scored, at most {BATCH} at a time; the "
    "anomaly maps of all images are part of it."
)


def cost(results: Results) -> Table:
    """Return the table of seconds to fit, milliseconds per image, operations, parameters and bytes.

    Cells are means over categories, with the standard deviation over seeds. Latency is that of `ura-study latency`,
    with its quartiles, if any was measured; otherwise the time that runs took, which shared the machine. Peak GPU
    memory is a column only if a run has recorded it.
    """
    on_gpu = any(r.gpu_peak_bytes is not None for r in _records(results))
    alone = results.latencies
    left_out = {*([] if on_gpu else [GPU]), *([SHARED] if alone else [])}
    columns = {key: column for key, column in COLUMNS.items() if key not in left_out}
    measured = {key: aggregate(results.plan, results.records, quantity) for key, (_, _, quantity) in columns.items()}
    timed = LATENCIES if alone else {}
    return Table(
        name="cost",
        title="Cost",
        stubs=("variant",),
        columns=(
            *(Column(key, heading, "milliseconds") for key, (heading, _) in timed.items()),
            *(Column(key, heading, kind) for key, (heading, kind, _) in columns.items()),
        ),
        rows=tuple(
            Row(
                (variant.name,),
                (
                    *(_latency(alone.get(variant.name), of) for _, of in timed.values()),
                    *(measured[key].mean(variant.name) for key in columns),
                ),
            )
            for variant in results.plan.variants
        ),
        notes=(
            _numbers(results),
            *(_about(alone) if alone else [SHARED_NOTE]),
            NOTE,
            *([GPU_NOTE] if on_gpu else []),
            *_left_out(measured),
            _machines(results),
        ),
    )


def _latency(found: Latency | None, of: Callable[[Latency], Timing]) -> Cell:
    if found is None:
        return Cell(text="–")
    timing = of(found)
    return Cell((timing.median,), interval=(timing.low, timing.high))


def _about(alone: Mapping[str, Latency]) -> list[str]:
    """Return the sentences on measured latencies, at least one."""
    first = next(iter(alone.values()))
    categories = ", ".join(dict.fromkeys(one.category for one in alone.values()))
    busy = [name for name, one in alone.items() if one.busy]
    lines = [
        "Latency: median [quartiles] per image from decoded images to their maps and scores, backbone included, with "
        f"decoding from files; alone and warmed up, on {first.machine.said}, of the detector of {categories}."
    ]
    return lines + ([f"The machine was busy meanwhile: {', '.join(busy)}."] if busy else [])


def _difference(whole: int | None, part: int | None) -> int | None:
    return None if whole is None or part is None else whole - part


def _sum(first: int | None, second: int | None) -> int | None:
    return None if first is None or second is None else first + second


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
    return f"Runs were on {'; '.join(names) or 'machines that are not recorded'}."


def _machine(provenance: dict) -> str:
    if provenance["device"] != "cpu":
        return provenance["device"]
    return f"{provenance['processor']}, {counted(provenance['threads'], 'thread')}"
