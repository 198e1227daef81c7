"""The table of a search: a row per trial, best first, with its parameters, objectives and metrics on test.

Only the objectives of complete trials within all limits are ranked; metrics on test are shown for information.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from ura_study.metrics.names import better, reportable
from ura_study.results.agreement import Agreement
from ura_study.results.cell import Cell
from ura_study.results.names import counted, title
from ura_study.search.objective_config import ObjectiveSettings
from ura_study.study.names import short_names
from ura_study.tables.model import Column, Kind, Row, Table

if TYPE_CHECKING:
    from ura_study.results.leaderboard import Leaderboard

KINDS: Mapping[str, Kind] = {
    "fit_seconds": "seconds",
    "score_ms_per_image": "milliseconds",
    "parameters": "count",
    "flops": "flops",
}
HEADINGS = {
    "fit_seconds": "Fit",
    "score_ms_per_image": "Scoring per image",
    "parameters": "Parameters",
    "flops": "Operations per image",
}
NONE = Cell(text="–")


def search_table(leaderboard: Leaderboard) -> Table:
    """Return the table of all trials, best first."""
    limit = leaderboard.study.evaluation.fpr_limit
    names = short_names(leaderboard.parameters)
    columns = (
        *_scaled(leaderboard),
        *(_objective(objective, limit) for objective in leaderboard.search.objective),
        Column("runs", "runs", "count"),
        *(Column(name, title(name, limit), better=better(name)) for name in leaderboard.metrics),
    )
    return Table(
        name="search",
        title=heading(leaderboard),
        stubs=("variant", "state", *(names[key] for key in leaderboard.parameters)),
        columns=columns,
        rows=tuple(_row(line, leaderboard) for line in leaderboard.rows.to_dict("records")),
        notes=notes(leaderboard),
        means=len(leaderboard.metrics),
    )


def search_frame(leaderboard: Leaderboard) -> pd.DataFrame:
    """Return raw numbers, a row per trial, with the `split` on which variants were compared."""
    return leaderboard.rows.assign(split=leaderboard.search.split)


def heading(leaderboard: Leaderboard) -> str:
    """Return the title of the table, with the images on which its variants were chosen."""
    chosen = (
        "ORACLE: chosen on test images" if leaderboard.oracle else "chosen on validation, test figures for information"
    )
    return f"Search {leaderboard.study.study} ({chosen})"


def notes(leaderboard: Leaderboard) -> tuple[str, ...]:
    """Return notes for the reader: outcome of the trials, numbers of runs and trainings, validation against test."""
    states = Counter(leaderboard.rows["state"])
    outcome = ", ".join(f"{states[state]} {state}" for state in sorted(states))
    return (
        *_about_numbers(leaderboard),
        f"{len(leaderboard.rows)} trials ({outcome}); {leaderboard.runs} runs, for which {leaderboard.trained} "
        "detectors were trained.",
        *map(_agreement, leaderboard.agreement),
        *(f"{variant} failed: {reason}." for variant, reason in _reasons(leaderboard) if reason),
    )


def _reasons(leaderboard: Leaderboard) -> Iterable[tuple[str, str]]:
    """Return the variant of each trial and why it failed, "" if it did not."""
    return zip(leaderboard.rows["variant"], leaderboard.rows["reason"], strict=True)


def _about_numbers(leaderboard: Leaderboard) -> list[str]:
    """Return the sentences on what the numbers of complete and of pruned trials are."""
    varied = any(not math.isnan(cell.std) for cells in leaderboard.tested.values() for cell in cells)
    line = f"Test figures are mean ± standard deviation over {counted(len(leaderboard.study.seeds), 'seed')}."
    scale = leaderboard.search.objective[0].scale_label
    chosen = (
        f"The best is chosen by the {scale} among the complete trials within all limits, taken in each "
        "category and metric before they are averaged. Sampler and pruner saw the plain values."
    )
    pruned = "Objectives of pruned trials are over the runs that were done, and are not ranked."
    return [
        *([chosen] if scale else []),
        *([line] if varied else []),
        *([pruned] if "pruned" in set(leaderboard.rows["state"]) else []),
    ]


def _scaled(leaderboard: Leaderboard) -> tuple[Column, ...]:
    """Return the column by which the best was chosen, where the objective has a scale."""
    scale = leaderboard.search.objective[0].scale_label
    return (Column("scaled", scale, "value", 1),) if scale else ()


def _objective(objective: ObjectiveSettings, limit: float) -> Column:
    name, way = objective.metrics[0], _way(objective)
    shares = all(map(reportable, objective.metrics)) and not objective.minus
    kind: Kind = "share" if shares else KINDS.get(objective.label, "value")
    plain = title(name, limit) if reportable(name) else HEADINGS[name]
    return Column(objective.label, plain if objective.label == name else objective.label, kind, way)


def _way(objective: ObjectiveSettings) -> Literal[-1, 1]:
    return -1 if objective.minimizes else 1


def _row(line: Mapping[Hashable, Any], leaderboard: Leaderboard) -> Row:
    variant = line["variant"]
    state = line["state"] if not line["best"] else "best" if len(leaderboard.objectives) == 1 else "Pareto front"
    ids = leaderboard.recorded.get(variant, ())
    compared = [*(column.key for column in _scaled(leaderboard)), *leaderboard.objectives]
    objectives = (_number(line[key], ids, line["state"] == "complete") for key in compared)
    tested = leaderboard.tested.get(variant, (NONE,) * len(leaderboard.metrics))
    labels = (variant, state, *(_text(line[key]) for key in leaderboard.parameters))
    return Row(labels, (*objectives, _number(line["runs"]), *(dataclasses.replace(c, contends=False) for c in tested)))


def _number(value: Any, ids: tuple[str, ...] = (), contends: bool = False) -> Cell:
    return NONE if _unknown(value) else Cell((float(value),), run_ids=ids, contends=contends)


def _text(value: object) -> str:
    """Return the value of a parameter as text; "" if the trial did not have it."""
    return "" if _unknown(value) else f"{value:.4g}" if isinstance(value, float) else str(value)


def _unknown(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _agreement(agreement: Agreement) -> str:
    if math.isnan(agreement.spearman):
        return f"{agreement.metric}: too few different values to say whether validation ranks variants as test does."
    rho, low, high = (f"{number:.2f}".replace("-", "−") for number in (agreement.spearman, *agreement.interval))
    return (
        f"{agreement.metric}: Spearman's rho between the figures on validation and on test is {rho} over "
        f"{agreement.variants} variants (95 % interval {low} to {high}); 1 where both rank them alike."
    )
