"""`ura-study latency`: measure how long the detectors of a study take for an image, one after the other."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from rich.console import Console
from rich.text import Text

from ura_study.errors import ConfigError
from ura_study.output import notice
from ura_study.results.opening import open_done
from ura_study.results.results import Results
from ura_study.runs import latency as measurements
from ura_study.runs.latency import Latency
from ura_study.runs.lock import StudyLock


def latency(which: str, results: Path, again: bool, console: Console) -> int:
    """Measure each architecture of a study that was not measured on this machine, or with `again` every one; return 0.

    The study is locked meanwhile, so that none of its runs takes part of the machine.

    Raises:
        ConfigError: where there is no such study, or none of its runs tells an architecture.
        DataError: where the images are no longer those of the study.
        ResourceError: where the study is at work, or the disk is full.
    """
    opened = open_done(which, results, {})
    assert opened.folder is not None
    found = measurements.measurable(opened.plan, opened.records, opened.study.data)
    if not found:
        raise ConfigError(
            f"{opened.folder}: no run is recorded whose detector can be measured; `ura-study run` does runs"
        )
    names: dict[str, list[str]] = defaultdict(list)
    for variant, (key, _) in found.items():
        names[key].append(variant)
    with StudyLock(opened.folder):
        known = {} if again else _known(opened)
        for key, variants in names.items():
            one = known.get(key) or _measured(opened, found[variants[0]][1], key, console)
            console.print(Text(_line(variants, one, ", measured before" if key in known else "")), soft_wrap=True)
    if left := [variant.name for variant in opened.plan.variants if variant.name not in found]:
        console.print(Text(f"not measured: {', '.join(left)} (no finished run, or an oracle)"), soft_wrap=True)
    return 0


def _known(opened: Results) -> dict[str, Latency]:
    """Return architecture → latest measurement on this machine, with the device and threads of the study's runs."""
    from ura_study.runs.attempt import device_of
    from ura_study.runs.job import Job
    from ura_study.runs.timing import machine

    assert opened.folder is not None
    here = machine(device_of(Job.of(opened.study, next(iter(opened.plan.runs.values())))))
    return {one.architecture: one for one in measurements.read(opened.folder) if one.machine == here}


def _measured(opened: Results, run_id: str, key: str, console: Console) -> Latency:
    """Measure the detector of a run and keep the result."""
    from ura_study.runs.job import Job
    from ura_study.runs.timing import measured

    job = Job.of(opened.study, opened.plan.runs[run_id])
    with console.status(f"measuring: {job.variant} · {job.category} · seed {job.seed}"):
        found = measured(job, key)
    if found.busy:
        used = f"others used {found.others:.0%} of the processors meanwhile"
        notice(f"{used}, so latencies may be too long; --again measures once more")
    assert opened.folder is not None
    measurements.append(opened.folder, found)
    return found


def _line(variants: list[str], found: Latency, end: str) -> str:
    parts = [
        f"batch {count} {found.network[count].median:.1f} ms per image "
        f"[{found.network[count].low:.1f}, {found.network[count].high:.1f}], "
        f"with decoding {found.decoded[count].median:.1f} ms"
        for count in measurements.BATCHES
    ]
    return f"{', '.join(variants)}: {'; '.join(parts)}{end}"
