"""The result of a search: trials from best to worst, and how well validation ranks variants as the test images do.

The values by which variants were compared are next to their metrics on the test images, which took no part in the
choice (unless the study has `split: test`: then the search is an oracle and is marked so everywhere).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ura_study.metrics.names import VALIDATION
from ura_study.results.aggregate import aggregate, metric
from ura_study.results.agreement import Agreement, rank_correlation
from ura_study.results.cell import Cell
from ura_study.runs.record import Record
from ura_study.search.candidate import row
from ura_study.search.config import SearchSettings
from ura_study.search.objective import Row, Undefined
from ura_study.search.scaling import worths
from ura_study.search.trials import TrialSummary
from ura_study.study.config import Study
from ura_study.study.names import readable
from ura_study.study.plan import Plan


@dataclass(frozen=True)
class Leaderboard:
    """The result of a search."""

    study: Study
    search: SearchSettings
    rows: pd.DataFrame
    """A row per trial, best first: `trial`, `variant`, `state`, `best`, `scaled` where the objective has a scale,
    objectives by label, `runs`, parameters, metrics on test, `reason`."""
    objectives: tuple[str, ...]
    """Labels of the objectives."""
    parameters: tuple[str, ...]
    """Searched keys that some trial has."""
    metrics: tuple[str, ...]
    """The report's metrics on test that are not objectives."""
    tested: Mapping[str, tuple[Cell, ...]]
    """Variant of each complete trial → means of `metrics` over categories."""
    recorded: Mapping[str, tuple[str, ...]]
    """Variant → ids of its runs that have a record."""
    agreement: tuple[Agreement, ...]
    """One for each objective that uses a validation metric; empty for an oracle."""
    oracle: bool
    """Whether variants were chosen on test images."""
    trained: int
    """Number of different trained detectors behind the finished runs; runs that differ in scoring only share one."""
    runs: int
    """Number of finished runs."""


def leaderboard(study: Study, plan: Plan, found: Sequence[TrialSummary], records: Mapping[str, Record]) -> Leaderboard:
    """Return the result of a search.

    Args:
        study: a study with a search.
        plan: the plan of the variants of all trials.
        found: the trials.
        records: records by run id.
    """
    search = study.search
    assert search is not None
    labels = tuple(objective.label for objective in search.objective)
    metrics = tuple(m for m in study.report.metrics if not m.startswith(VALIDATION) and m not in labels)
    whole = [v.name for v in plan.variants if all(i in records for i in plan.ids[v.name])]  # with all records
    rows_of = {name: _rows(plan, name, records) for name in whole}
    measured = [aggregate(plan, records, metric(name)) for name in metrics]
    known = [trial for trial in found if trial.state == "complete" and trial.variant in plan.ids]
    tested = {trial.variant: tuple(one.mean(trial.variant) for one in measured) for trial in known}
    table = [_line(trial, labels, metrics, tested.get(trial.variant, ())) for trial in _ranked(found, search)]
    keys = tuple(search.domains)
    parameters = tuple(key for key in keys if any(key in trial.params for trial in found))
    scale = ["scaled"] if search.objective[0].scale != "none" else []
    columns = ["trial", "variant", "state", "best", *scale, *labels, "runs", *parameters, *metrics, "reason"]
    done = [records[i] for i in plan.runs if i in records and records[i].done]
    return Leaderboard(
        study=study,
        search=search,
        rows=pd.DataFrame(table, columns=columns),
        objectives=labels,
        parameters=parameters,
        metrics=metrics,
        tested=tested,
        recorded={name: tuple(i for i in ids if i in records) for name, ids in plan.ids.items()},
        agreement=() if search.split == "test" else tuple(_agreements(search, found, plan, rows_of)),
        oracle=search.split == "test",
        trained=len({record.fit_id for record in done}),
        runs=len(done),
    )


def _rows(plan: Plan, variant: str, records: Mapping[str, Record]) -> list[Row]:
    return [row(records[i]) for i in plan.ids[variant] if i in records and records[i].done]


def _ranked(found: Sequence[TrialSummary], search: SearchSettings) -> list[TrialSummary]:
    """Return trials by state (complete, complete beyond a limit, pruned, running, failed), then by the value on the
    scale where there is one, else by the first objective.
    """
    sign = 1 if search.objective[0].minimizes else -1
    order = {"complete": 0, "pruned": 2, "running": 3, "failed": 4}

    def place(trial: TrialSummary) -> tuple[float, ...]:
        worth = math.inf if trial.values is None else sign * trial.values[0]
        worth = worth if trial.scaled is None else -trial.scaled
        return (order[trial.state] + (trial.state == "complete" and not trial.feasible), worth, trial.number)

    return sorted(found, key=place)


def _line(
    trial: TrialSummary, labels: Sequence[str], metrics: Sequence[str], tested: Sequence[Cell]
) -> dict[str, object]:
    values = trial.values or (None,) * len(labels)
    state = trial.state if trial.feasible else "infeasible"
    means = {metric: cell.mean for metric, cell in zip(metrics, tested, strict=False)}  # none if incomplete
    params = {key: readable(value) if isinstance(value, bool) else value for key, value in trial.params.items()}
    base = {"trial": trial.number, "variant": trial.variant, "state": state, "best": trial.best, "runs": trial.runs}
    base |= {} if trial.scaled is None else {"scaled": trial.scaled}
    return base | dict(zip(labels, values, strict=True)) | params | means | {"reason": trial.reason}


def _agreements(
    search: SearchSettings, found: Sequence[TrialSummary], plan: Plan, rows_of: Mapping[str, list[Row]]
) -> list[Agreement]:
    """Return, for each objective with a validation metric, its rank correlation with the same objective on test."""
    names = [t.variant for t in found if t.state == "complete" and rows_of.get(t.variant)]
    agreements = []
    for objective in search.objective:
        if not any(name.startswith(VALIDATION) for name in objective.names):
            continue
        try:
            chosen = np.array(worths(objective, [rows_of[name] for name in names]))
            tested = np.array(worths(objective, [[_on_test(r) for r in rows_of[name]] for name in names]))
        except Undefined:
            continue
        label = f"{objective.scale_label} of {objective.label}" if objective.scale_label else objective.label
        agreements.append(Agreement(label, len(names), *rank_correlation(chosen, tested)))
    return agreements


def _on_test(row: Row) -> Row:
    """Return a row in which each validation metric has the value of the same metric on test."""
    category, seed, numbers = row
    twins = {n: numbers.get(n.removeprefix(VALIDATION)) for n in numbers if n.startswith(VALIDATION)}
    return category, seed, {**numbers, **twins}
