"""Which machines of a cluster a run is kept away from: those on which it, or everything lately, went wrong.

A failure that the user can mend (a folder that cannot be read or written, weights that are not there, another version)
may be a run's or its machine's. So the run is tried on another machine. Where it fails there with the same words, it is
the run's own failure; where it succeeds, it was the machine's. A machine on which several runs in a row failed is not
used any more, unless the others fail in the same way.

Where there are several nodes, each is examined before it gets work. One that cannot do runs gets none, unless none can.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable

from ura_study.output import notice
from ura_study.runs.job import Job
from ura_study.tune.examination import Examination, Examined, other_versions

#: Runs in a row that may fail on a machine before it is not used any more.
MOST = 3


class Nodes:
    """What is known of the nodes of a cluster, by their ids.

    Args:
        usable: returns the ids of the nodes that are alive and could hold a run.
        examination: asks nodes whether they can do runs; None: their first runs will tell.
    """

    def __init__(self, usable: Callable[[], Collection[str]], examination: Examination | None = None) -> None:
        self._usable = usable
        self._examination = examination
        self._seen: set[str] = set()
        """Nodes that were asked, or have done a run."""
        self._unanswered: set[str] = set()
        self._failed: dict[str, dict[str, str]] = {}
        """Run id → nodes on which it failed → what was said."""
        self._in_a_row: Counter[str] = Counter()
        self._names: dict[str, str] = {}
        """Node → its host and the beginning of its id, as users see it."""
        self._told: set[tuple[str, str]] = set()
        self._excluded: dict[str, str] = {}
        """Node → what its last run or its examination said."""

    def ready(self, jobs: Iterable[Job]) -> bool:
        """Have nodes that are new examined for these jobs; return whether there is a node that may be given work."""
        usable = set(self._usable())
        if self._examination is None or len(usable) < 2:
            return True
        jobs = list(jobs) if usable - self._seen else []
        for node in usable - self._seen if jobs else ():
            self._examination.ask(node, jobs)
            self._seen.add(node)
            self._unanswered.add(node)
        for node, found in self._examination.answers() if self._unanswered else ():
            self._unanswered.discard(node)
            if found is not None:
                self._take(node, found)
            if not self._unanswered:
                self._tell_of_unfit()
        return not self._unanswered or bool(usable - self._unanswered - self._excluded.keys())

    def avoided(self, job: Job) -> frozenset[str]:
        """Return the nodes on which a job must not be done; never all that there are."""
        avoided = self._failed.get(job.run_id, {}).keys() | self._excluded.keys() | self._unanswered
        return frozenset(avoided) if set(self._usable()) - avoided else frozenset()

    def failed(self, job: Job, node: str | None, host: str, message: str) -> bool:
        """Take in a failure that may be the node's; return whether the job is to be tried on another node."""
        before = self._failed.setdefault(job.run_id, {})
        if node is None or message in before.values():
            self._acquit(before, message)
            return False
        before[node] = message
        self._names[node] = f"{host} (node {node[:8]})"
        self._in_a_row[node] += 1
        others = set(self._usable()) - before.keys() - self._excluded.keys()
        if not others:
            self._acquit(before, message)
            return False
        if self._in_a_row[node] >= MOST and node not in self._excluded:
            self._excluded[node] = message
            self._told.add((node, message))
            notice(f"{self._names[node]} is not used any more: {MOST} runs in a row failed there ({message})")
        return True

    def succeeded(self, job: Job, node: str | None) -> None:
        """Take in that a job was done on a node; where it failed on others before, that is said."""
        for other, message in self._failed.pop(job.run_id, {}).items():
            if (other, message) not in self._told:
                self._told.add((other, message))
                notice(f"{self._names[other]}: a run failed there and was done elsewhere ({message})")
        if node is not None:
            self._in_a_row[node] = 0
            self._seen.add(node)

    def _take(self, node: str, found: Examined) -> None:
        self._names[node] = f"{found.host} (node {node[:8]})"
        if found.trouble:
            self._excluded[node] = found.trouble
        elif differing := other_versions(found.versions):
            notice(f"{self._names[node]} has {differing}; tables will say that runs were computed with both")

    def _tell_of_unfit(self) -> None:
        """Say which nodes are not used; where no other could do runs, use them: their runs will say why they fail."""
        unfit = {node: said for node, said in self._excluded.items() if (node, said) not in self._told}
        if not set(self._usable()) - self._excluded.keys():
            self._excluded = {node: said for node, said in self._excluded.items() if node not in unfit}
            return
        for node, message in unfit.items():
            self._told.add((node, message))
            notice(f"{self._names[node]} is not used: {message}")

    def _acquit(self, nodes: dict[str, str], message: str) -> None:
        """Use nodes again on which the same went wrong as elsewhere."""
        for node in nodes:
            if self._excluded.get(node) == message:
                del self._excluded[node]
            self._in_a_row[node] = 0
        nodes.clear()
