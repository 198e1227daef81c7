"""The page: first its whole content as data, then the template that renders it."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ura_study import cache
from ura_study.metrics.names import DEFECT_METRICS
from ura_study.report.figures import Gallery
from ura_study.report.page.answers import allowance, answers
from ura_study.report.page.drawing_apart import ANSWERS, drawings
from ura_study.report.page.drawings import Drawing
from ura_study.report.page.page_table import PageTable, facts, page_table
from ura_study.report.page.provenance import Failed, failures, origins, recorded
from ura_study.report.page.state import State, state_of
from ura_study.report.page.words import oracle, protocol, question
from ura_study.results.results import Results
from ura_study.results.robustness import corrupted
from ura_study.study.study_file import dump_yaml
from ura_study.tables.ablation_tables import components, sweeps
from ura_study.tables.agreement_table import agreement_table
from ura_study.tables.comparison_table import comparison
from ura_study.tables.cost_table import cost
from ura_study.tables.defects_table import defects
from ura_study.tables.effects_table import effects_tables
from ura_study.tables.metric_tables import per_category, summary
from ura_study.tables.model import Table
from ura_study.tables.on_test_set_table import on_test_set_tables
from ura_study.tables.robustness_table import robustness
from ura_study.tables.search_table import search_table
from ura_study.tables.sheet import sheet

HERE = Path(__file__).parent

#: Where figures stand: the beginning of their names → the section with the tables of the same numbers.
BESIDE = {
    "differences-": "comparisons",
    "ranks-": "comparisons",
    "categories-": "categories",
    "sweep-": "sweeps",
    "grid-": "sweeps",
    "pareto-": "cost",
    "search-": "search",
}


@dataclass(frozen=True)
class Section:
    """Tables under one heading, and the figures of the same numbers."""

    key: str
    title: str
    grids: tuple[PageTable, ...]
    drawings: tuple[Drawing, ...] = ()

    @property
    def items(self) -> Iterator[PageTable | Drawing]:
        """Tables and figures in turn, so that each stands beside its own where there is room."""
        pairs = itertools.zip_longest(self.grids, self.drawings)
        return (item for pair in pairs for item in pair if item is not None)


@dataclass(frozen=True)
class Page:
    """The content of the page, roughly from top to bottom."""

    title: str
    state: State
    warning: str
    answers: Sequence[str]
    allowance: Sequence[str]
    """What the sample allows to conclude."""
    difference: Drawing | None
    """The differences from the baseline in the first metric, which stand beside the answers."""
    question: Sequence[str]
    protocol: Mapping[str, str]
    sections: Sequence[Section]
    drawings: Sequence[Drawing]
    """Figures that stand beside no table."""
    pictures: Sequence[Drawing]
    failures: Sequence[Failed]
    origins: Mapping[str, str]
    fingerprints: PageTable
    settings: str
    """The settings of `base`, on which all variants are built, as YAML."""


def write_report(path: Path, results: Results, drawn: Gallery | None = None) -> None:
    """Write the report of a study, finished or not, as one HTML file; see `page`.

    Raises:
        ResourceError: where the disk is full or the file cannot be written.
    """
    cache.replace(path, rendered(page(results, drawn)))


def page(results: Results, drawn: Gallery | None = None) -> Page:
    """Return the content of a study's page, with the figures `drawn`; None: they are drawn here."""
    study, records = results.study, recorded(results)
    with drawings(results, drawn) as awaited:
        tables = list(_sections(results))
        every, pictures = awaited()
    figures = {figure.name: figure for figure in every}
    difference = figures.pop(f"{ANSWERS}differences-{results.metrics[0]}", None)
    places = {name: next((key for start, key in BESIDE.items() if name.startswith(start)), "") for name in figures}
    found = [
        Section(key, title, tuple(grids), tuple(figures[name] for name, place in places.items() if place == key))
        for key, title, grids in tables
    ]
    shown = {section.key for section in found if section.grids}
    return Page(
        title=study.study,
        state=state_of(results),
        warning=oracle(study),
        answers=answers(results),
        allowance=allowance(results),
        difference=difference,
        question=question(results),
        protocol=protocol(results),
        sections=[section for section in found if section.grids],
        drawings=[figures[name] for name, place in places.items() if place not in shown],
        pictures=pictures,
        failures=failures(records),
        origins=origins(results, records),
        fingerprints=facts("Data", ("category", "fingerprint"), list(results.plan.fingerprints.items())),
        settings=dump_yaml(study.base.model_dump(mode="json")),
    )


def rendered(page: Page) -> str:
    """Return the page as HTML that loads no other file and allows no script but its own."""
    style, script = ((HERE / f"report.{ending}").read_text(encoding="utf-8") for ending in ("css", "js"))
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["breakable"] = breakable
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    template = environment.get_template("report.html.j2")
    return template.render(page=page, style=Markup(style), script=Markup(script), digest=digest, Markup=Markup)


def breakable(name: str) -> Markup:
    """Return a name as HTML in which a line may break after one of `= ( , / . _` if a letter follows."""
    return Markup("<wbr>").join(re.split(r"(?<=\w[=(,/._])(?=[^\W\d])", name))


def _sections(results: Results) -> Iterator[tuple[str, str, list[PageTable]]]:
    yield "summary", "Summary", _grids(results, [summary(results)])
    if results.leaderboard is not None:
        yield "search", "Search", _grids(results, [search_table(results.leaderboard)])
    forms = results.study.ablations.values()
    parts, factorial = any(form.parts for form in forms), any(form.factorial for form in forms)
    yield "components", "Components", _grids(results, components(results) if parts else [])
    yield "effects", "Effects", _grids(results, effects_tables(results) if factorial else [])
    yield "sweeps", "Sweeps", _grids(results, [] if all(form.parts for form in forms) else sweeps(results))
    yield "robustness", "Robustness", _grids(results, robustness(results) if corrupted(results.plan)[0] else [])
    compared = [comparison(results, metric) for metric in results.metrics]
    yield "comparisons", "Comparisons", _grids(results, [table for table in compared if table.rows])
    yield "test-set", "Test set", _grids(results, on_test_set_tables(results))
    held_out = [agreement_table(results)] if results.study.data.validation else []
    yield "validation", "Validation", _grids(results, held_out)
    yield "categories", "Categories", _grids(results, [per_category(results, metric) for metric in results.metrics])
    known = any(record.by_defect for record in recorded(results))
    kinds = known and any(name in DEFECT_METRICS for name in results.metrics)
    yield "defects", "Kinds of defects", _grids(results, defects(results) if kinds else [])
    yield "cost", "Cost", _grids(results, [cost(results)])


def _grids(results: Results, tables: Sequence[Table]) -> list[PageTable]:
    return [page_table(table, sheet(table, results.study.report, results.study.study)) for table in tables]
