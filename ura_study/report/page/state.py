"""Whether a study is finished."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ura_study.results.results import Results
from ura_study.runs.counts import counts
from ura_study.runs.record import Record
from ura_study.study.plan import Plan, joined


@dataclass(frozen=True)
class State:
    """The progress of a study."""

    finished: bool
    sentence: str


def state_of(results: Results) -> State:
    """Return the progress of a study. A search with a budget or patience may end with fewer trials than its maximum."""
    done, failed, left = counts(*_wanted(results))
    finished = left == 0 and _searched(results)
    parts = [f"{done} of {done + failed + left} runs are done", f"{failed} failed" if failed else ""]
    parts.append(f"{left} left" if left else "")
    lines = [f"{'Finished' if finished else 'Unfinished'}: {', '.join(part for part in parts if part)}."]
    if results.study.search is not None:
        from ura_study.search.trials import headline

        line = headline(results.search.trials if results.search else [], results.study.search)
        lines.append(f"{line[0].upper()}{line[1:]}.")
    if not finished:
        lines.append("What is missing has no numbers yet, and what is shown may change.")
    return State(finished, " ".join(lines))


def _wanted(results: Results) -> tuple[Plan, Mapping[str, Record], frozenset[str]]:
    """Return the arguments of `counts`, with the variants of trials included."""
    if (search := results.search) is None:
        return results.plan, results.records, frozenset()
    from ura_study.search.trials import given_up

    return joined(results.plan, search.plan), results.records, given_up(search.trials, results.plan)


def _searched(results: Results) -> bool:
    wanted, found = results.study.search, results.search
    if wanted is None:
        return True
    if found is None or any(trial.state == "running" for trial in found.trials):
        return False
    return len(found.trials) >= wanted.trials or wanted.budget is not None or wanted.patience is not None
