"""The search of a study, as `ura-study run` needs it: begun or continued, followed, written and shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from ura_study.config import Study
from ura_study.plan import Plan, Run, make_plan
from ura_study.runs import details, store
from ura_study.runs.record import Record
from ura_study.tune.progress import Progress

if TYPE_CHECKING:
    from ura_study.results.results import Results
    from ura_study.search.session import Session
    from ura_study.search.space.space import Space


class Searching:
    """A search that has begun."""

    session: Session
    """Where the jobs come from."""

    def __init__(
        self,
        study: Study,
        planned: Plan,
        space: Space,
        folder: Path,
        progress: Progress,
        own: Mapping[str, Record],
        library: Mapping[str, Record],
    ) -> None:
        """Begin or continue the search of a study whose lock the caller holds.

        Args:
            study: the study.
            planned: its baseline and ablations, on its data.
            space: its search space.
            folder: its folder of results.
            progress: is told of each candidate, and knows what is done.
            own: what this study has done, earlier candidates included.
            library: what other studies have done.
        """
        from ura_study.search.begin import begin
        from ura_study.search.session import Session
        from ura_study.search.storage import mend, open_storage

        mend(folder)
        storage = open_storage(study.search.storage, folder)
        self._study, self._planned, self._space, self._folder = study, planned, space, folder
        self._progress, self._own, self._library = progress, own, library
        self._followers = [progress.extend]
        self._tried = begin(study, planned.fingerprints, space, storage, folder)
        self.session = Session(
            study, planned.fingerprints, space, self._tried, planned.runs, self._find, self._announce
        )
        progress.search = self.session
        self._take_up()

    def follow(self, extend: Callable[[Plan], None]) -> None:
        """Tell somebody else, too, of each further candidate before its runs begin, and now of those so far."""
        extend(self._plan())
        self._followers.append(extend)

    def record(self, run_id: str) -> Record | None:
        """Return what this study's folder holds of a run, candidates of earlier sessions included."""
        return self._progress.records.get(run_id) or self._own.get(run_id)

    def finish(self, results: Results, console: Console) -> Results:
        """Write the tables of the search, print the best variants, and return the results with those of the search."""
        from ura_study.commands.recorded import with_search
        from ura_study.report.write import write_search
        from ura_study.tables.screen import show_search

        results = with_search(results, self._plan(), self._tried)
        write_search(self._folder, results)
        show_search(results.board, console)
        return results

    def _take_up(self) -> None:
        """Let the progress know of the variants that earlier sessions decided about, and what they did of these."""
        closed = self.session.closed()
        decided = [variant for variant in self._plan().variants if variant.name in closed]
        plan = make_plan(self._study, self._planned.fingerprints, decided)
        self._progress.extend(plan)
        for run_id in plan.runs:
            if run_id in self._own:
                self._progress.found(self._own[run_id])

    def _plan(self) -> Plan:
        """Return the plan of all variants that were tried."""
        from ura_study.search.variants import tried_plan

        return tried_plan(self._study, self._planned.fingerprints, self._space, self._tried)

    def _announce(self, plan: Plan) -> None:
        for extend in self._followers:
            extend(plan)

    @property
    def _times_count(self) -> bool:
        """Whether variants are compared by how long they take: then only what was measured for this study counts."""
        names = {name for objective in self._study.search.objective for name in objective.names}
        return bool(names & {"fit_seconds", "score_ms_per_image"})

    def _find(self, run: Run) -> Record | None:
        """Return the record of a run that is done; one of another study becomes this study's."""
        record = self.record(run.run_id)
        if record is None and run.run_id in self._library and not self._times_count:
            record = store.adopted(self._library[run.run_id], self._study.study, run.variant)
            details.adopt(self._folder.parent / record.reused_from, self._folder, run.run_id)
            store.append(self._folder, record)
        if record is None or not record.done:
            return None
        self._progress.found(record)
        return record
