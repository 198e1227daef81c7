"""Where the numbers of a study come from, and which runs failed, both taken from its records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ura_study.results.names import counted
from ura_study.results.results import Results
from ura_study.runs.record import Record
from ura_study.runs.store import FILE


@dataclass(frozen=True)
class Failed:
    """Runs that failed for the same reason."""

    reason: str
    kind: str
    """Who must act: a mistake in data, settings or machine, or a bug."""
    runs: tuple[str, ...]
    traceback: str


def recorded(results: Results) -> list[Record]:
    """Return the existing records of the runs of a study's plan, in the order of the plan."""
    return [results.records[run_id] for run_id in results.plan.runs if run_id in results.records]


def failures(records: Iterable[Record]) -> list[Failed]:
    """Return the failed runs grouped by reason, in the order of the first run of each group."""
    groups: dict[tuple[str, str, bool], list[str]] = {}
    for record in records:
        if (failure := record.failure) is not None:
            reason = f"{failure.kind}: {failure.message}"
            groups.setdefault((reason, failure.traceback, failure.expected), []).append(record.where)
    return [
        Failed(reason, "to be mended in data, settings or machine" if expected else "a bug", tuple(runs), traceback)
        for (reason, traceback, expected), runs in groups.items()
    ]


def origins(results: Results, records: Sequence[Record]) -> dict[str, str]:
    """Return heading → text on versions, commit, machines, times and files; headings without a text are left out."""
    traced = [record.provenance for record in records if record.provenance]
    finished = sorted(record.finished for record in records if record.finished)
    reused = Counter(record.reused_from for record in records if record.reused_from)
    found = {
        "Versions": _versions(traced),
        "Commit": _distinct(str(one["commit"] or "not known") for one in traced),
        "Machine": _distinct(map(_machine, traced)),
        "Runs ended": f"{_time(finished[0])} to {_time(finished[-1])} UTC" if finished else "",
        "Taken from other studies": ", ".join(f"{counted(n, 'run')} of {study}" for study, n in reused.items()),
        "Records": f"{FILE} in the results folder {results.study.study}, a line for each run",
        "Command": "ura-study run study.yaml, with the file study.yaml of the results folder",
    }
    return {name: text for name, text in found.items() if text}


def _time(recorded: str) -> str:
    """Return a recorded time (UTC) without fractions of a second."""
    return recorded[:19].replace("T", " ")


def _versions(traced: Sequence[dict]) -> str:
    names = dict.fromkeys(name for one in traced for name in one["versions"])
    return ", ".join(
        f"{name} {' and '.join(dict.fromkeys(one['versions'].get(name, 'none') for one in traced))}" for name in names
    )


def _machine(one: dict) -> str:
    place = one["processor"] if one["device"] == "cpu" else f"{one['device']}, {one['processor']}"
    return f"{place}, {counted(one['threads'], 'thread')} a run, {one['system']}"


def _distinct(texts: Iterable[str]) -> str:
    """Return the distinct texts; if there are several, each is followed by its number of runs."""
    found = Counter(texts)
    return "; ".join(found if len(found) < 2 else (f"{text} ({counted(n, 'run')})" for text, n in found.items()))
