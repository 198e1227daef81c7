"""TensorBoard events: a folder per variant with its settings, the curves of its trainings and its metrics.

A folder holds two kinds of files. What follows from the records (settings, metrics, the hparams tab) is written anew
by each session, since TensorBoard believes what it reads first, and a study may have been edited. The curve of a
training is written when its run is done, and so once: a run that is cut off or fails begins again from its first step,
and TensorBoard would draw both attempts as one zigzag. Curves of settings that a variant no longer has are removed, and
so are the files of variants that are none any more.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tensorboard.compat.proto.event_pb2 import Event

from ura_study.cache import writing
from ura_study.canonical import digest
from ura_study.report.file_names import file_name
from ura_study.results.aggregate import variant_mean
from ura_study.results.folder import EVENTS
from ura_study.runs import details
from ura_study.runs.job import Job
from ura_study.runs.proposal import Proposal
from ura_study.runs.record import Record
from ura_study.study.config import Study
from ura_study.study.plan import Plan, Variant
from ura_study.study.study_file import dump_yaml
from ura_study.tensorboard.events import PREFIX, append, image, once, scalars, text
from ura_study.tensorboard.hparams import begun, columns, ended, tag

#: The two kinds of files, by the ends of their names.
RESULTS, CURVES = "results", "curves"


class TensorBoardWriter:
    """Writes `<study folder>/tensorboard/<variant>/` while a study goes on."""

    def __init__(self, folder: Path, study: Study, plan: Plan, find: Callable[[str], Record | None]) -> None:
        """Write what is known of the variants of `plan`; `find` returns the record of a run where there is one."""
        self._folder, self._details = folder / EVENTS, folder
        self._study, self._find = study, find
        self._columns = columns(study)
        self._session = f"{PREFIX}.{time.time():.0f}.{os.getpid()}"
        self._files: dict[str, tuple[Path, Path]] = {}
        """Variant → its files of results and of curves."""
        self._missing: dict[str, dict[str, tuple[str, int]]] = {}
        """Variant → ids of its runs whose metrics are not written yet → category and seed."""
        self._records: dict[str, list[Record]] = defaultdict(list)
        """Variant → the records of its runs that have ended."""
        self._taken: dict[str, Record] = {}
        self._curves: dict[str, list[Event]] = defaultdict(list)
        """Run id → the curves of a run that goes on."""
        with writing(self._folder):
            for old in self._folder.glob(f"*/{PREFIX}.*.{RESULTS}"):
                old.unlink()
        self.extend(plan)

    def extend(self, plan: Plan) -> None:
        """Take in further variants; those it knows may be among them."""
        cells: dict[str, dict[str, tuple[str, int]]] = defaultdict(dict)
        for (name, category, seed), run_id in plan.cells.items():
            cells[name][run_id] = (category, seed)
        with writing(self._folder):
            for variant in plan.variants:
                if variant.name not in self._missing:
                    self._missing[variant.name] = cells[variant.name]
                    self._begin(variant)
                    self._catch_up(variant.name)

    def forget_others(self) -> None:
        """Remove what earlier sessions have left of variants that this one does not know."""
        known = {file_name(variant) for variant in self._missing}
        with writing(self._folder):
            for left in {file.parent for file in self._folder.glob(f"*/{PREFIX}.*")}:
                if left.name not in known:
                    for file in left.glob(f"{PREFIX}.*"):
                        file.unlink()
                    with contextlib.suppress(OSError):  # somebody keeps something else there
                        left.rmdir()

    def started(self, job: Job) -> None:
        """A start alone leaves no event."""

    def progressed(self, job: Job, intervals: list[dict[str, Any]]) -> None:
        for interval in intervals:
            values = interval["losses"] | {"lr": interval["lr"]} | interval.get("metrics", {})
            named = {f"{job.category}/{name}/seed {job.seed}": value for name, value in values.items()}
            self._curves[job.run_id].append(scalars(named, interval["step"]))

    def finished(self, job: Job, record: Record) -> None:
        curves = self._curves.pop(job.run_id, [])
        self._taken[job.run_id] = record
        with writing(self._folder):
            if record.done and (events := [*curves, *self._pictures(job)]):
                append(self._files[job.variant][1], events)
            for variant in [name for name, missing in self._missing.items() if job.run_id in missing]:
                self._catch_up(variant)

    def _pictures(self, job: Job) -> Iterator[Event]:
        """Yield what a run saw in some test images, where it kept that."""
        from ura_study.report.drawing.strips import sheet
        from ura_study.report.figures.pictures import Seen, legend, ordered, strips

        left = details.read(self._details, job.run_id) if job.pictures else None
        if left is not None and (shown := ordered(left.pictures)):
            seen, rows = Seen(job.variant, job.category, job.seed, job.run_id, left, shown), strips(shown)
            yield once(image(f"{job.category}/pictures/seed {job.seed}", sheet(rows), legend(seen, rows)))

    def dropped(self, job: Job) -> None:
        self._curves.pop(job.run_id, None)

    def proposed(self, proposal: Proposal) -> None:
        self.extend(proposal.plan)

    def close(self) -> None:
        """Write what others have found meanwhile: runs that a search shares with other studies."""
        with writing(self._folder):
            for variant in self._missing:
                self._catch_up(variant)

    def _begin(self, variant: Variant) -> None:
        """Write what a variant is."""
        folder = self._folder / file_name(variant.name)
        resolved = {
            **variant.settings.model_dump(mode="json"),
            "data": self._study.data.identity(),
            "evaluation": self._study.evaluation.model_dump(mode="json"),
        }
        same = f"{digest(resolved)}.{CURVES}"
        for old in folder.glob(f"{PREFIX}.*.{CURVES}"):
            if not old.name.endswith(same):
                old.unlink()
        self._files[variant.name] = folder / f"{self._session}.{RESULTS}", folder / f"{self._session}.{same}"
        settings = text("settings", f"```yaml\n{dump_yaml(resolved)}```")
        append(self._files[variant.name][0], [once(*begun(self._study, self._columns, variant), settings)])

    def _catch_up(self, variant: str) -> None:
        """Write the metrics of a variant's runs that have ended since, and with the last of them their means."""
        missing = self._missing[variant]
        found = {i: record for i in missing if (record := self._taken.get(i) or self._find(i)) is not None}
        events = []
        for run_id, record in found.items():
            category, seed = missing.pop(run_id)
            named = {f"{category}/final/{metric}/seed {seed}": value for metric, value in record.metrics.items()}
            events.append(scalars(named, 0))
        self._records[variant] += found.values()
        if found and not missing:
            events += self._end(self._records[variant])
        if events:
            append(self._files[variant][0], events)

    def _end(self, records: list[Record]) -> Iterator[Event]:
        """Yield a variant's means and how it ended; a mean over some of its runs would pass for one over all."""
        for metric in self._study.report.metrics:
            if all(record.metrics.get(metric) is not None for record in records):
                yield scalars({tag(metric): variant_mean(records, metric)}, 0)
        yield once(ended(record.done for record in records))
