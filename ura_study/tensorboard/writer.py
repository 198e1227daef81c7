"""TensorBoard events: a folder per variant with its settings, training curves and metrics.

A folder holds two kinds of files. What follows from the records (settings, metrics, the hparams tab) is written anew
by each session, since TensorBoard keeps what it reads first, and a study may have been edited. The training curve of a
run is written once, when the run is done: an interrupted or failed run starts again from its first step, and
TensorBoard would draw both attempts as one zigzag line. Curves from earlier settings of a variant are removed, and so
are the files of variants that no longer exist.
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

#: The two kinds of files, as the endings of their names.
RESULTS, CURVES = "results", "curves"


class TensorBoardWriter:
    """Writes `<study folder>/tensorboard/<variant>/` while a study runs."""

    def __init__(self, folder: Path, study: Study, plan: Plan, find: Callable[[str], Record | None]) -> None:
        """Remove the result files of earlier sessions and write what is known of the variants of `plan`.

        Args:
            folder: the study's results folder.
            study: the study.
            plan: its variants so far.
            find: returns the record of a run by its id, or None.

        Raises:
            ResourceError: where a file cannot be written.
        """
        self._folder, self._details = folder / EVENTS, folder
        self._study, self._find = study, find
        self._columns = columns(study)
        self._session = f"{PREFIX}.{time.time():.0f}.{os.getpid()}"
        self._files: dict[str, tuple[Path, Path]] = {}
        """Variant → its file of results and its file of curves."""
        self._missing: dict[str, dict[str, tuple[str, int]]] = {}
        """Variant → id of each run whose metrics are not written yet → category and seed."""
        self._records: dict[str, list[Record]] = defaultdict(list)
        """Variant → the records of its runs that have ended."""
        self._taken: dict[str, Record] = {}
        self._curves: dict[str, list[Event]] = defaultdict(list)
        """Id of each run in progress → its curves."""
        with writing(self._folder):
            for old in self._folder.glob(f"*/{PREFIX}.*.{RESULTS}"):
                old.unlink()
        self.extend(plan)

    def extend(self, plan: Plan) -> None:
        """Add the variants of a plan; known ones are ignored."""
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
        """Remove the event files of variants that this session does not know."""
        known = {file_name(variant) for variant in self._missing}
        with writing(self._folder):
            for left in {file.parent for file in self._folder.glob(f"*/{PREFIX}.*")}:
                if left.name not in known:
                    for file in left.glob(f"{PREFIX}.*"):
                        file.unlink()
                    with contextlib.suppress(OSError):  # not empty: it has other files, too
                        left.rmdir()

    def started(self, job: Job) -> None:
        """Do nothing: the start of a run has no event."""

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
        """Yield an event with the pictures of a run, if it kept pictures chosen by score."""
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
        """Write the metrics of runs whose records came from elsewhere: a search shares runs with other studies."""
        with writing(self._folder):
            for variant in self._missing:
                self._catch_up(variant)

    def _begin(self, variant: Variant) -> None:
        """Start the files of a variant: write its settings, and remove the curves of other settings."""
        folder = self._folder / file_name(variant.name)
        resolved = {
            **variant.settings.own.model_dump(mode="json"),
            "data": self._study.data_of(variant.settings).identity(),
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
        """Write the metrics of a variant's runs that have ended since the last call; after the last run, the means."""
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
        """Yield the means and the final status of a variant. A mean over only some of its runs is not written."""
        for metric in self._study.report.metrics:
            if all(record.metrics.get(metric) is not None for record in records):
                yield scalars({tag(metric): variant_mean(records, metric)}, 0)
        yield once(ended(record.done for record in records))
