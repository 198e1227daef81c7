"""The page of a comparison of studies: the same template as a study's, with the differences of each from the first."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from ura_study.cache import replace
from ura_study.report.figures.choice import strongest
from ura_study.report.figures.differences import Differences, draw
from ura_study.report.page.answers import allowance, leading, sentence
from ura_study.report.page.document import Page, Section, rendered
from ura_study.report.page.drawings import Drawing, drawing
from ura_study.report.page.page_table import facts, page_table
from ura_study.report.page.provenance import failures, origins, recorded
from ura_study.report.page.state import State, state_of
from ura_study.report.page.words import oracle, protocol, series
from ura_study.results.comparison import Comparison
from ura_study.results.results import Results
from ura_study.study.study_file import dump_yaml
from ura_study.tables.across import across, between
from ura_study.tables.export import sheets

Studies = Mapping[str, Results]


def write_comparison(path: Path, studies: Studies) -> None:
    """Write the page of a comparison; see `page_between`.

    Raises:
        ResourceError: where the disk is full or the file cannot be written.
    """
    replace(path, rendered(page_between(studies)))


def page_between(studies: Studies) -> Page:
    """Return the content of the page that compares each further study with the first; keys are the studies' names."""
    (base, first), *others = studies.items()
    found = {(name, metric): between(first, other, metric)[0] for name, other in others for metric in first.metrics}
    records = {name: recorded(results) for name, results in studies.items()}
    return Page(
        title=f"{series(name for name, _ in others)} against {base}",
        state=_state(studies),
        warning=" ".join(dict.fromkeys(filter(None, (oracle(results.study) for results in studies.values())))),
        answers=list(_answers(first, base, found)),
        allowance=[line for name, _ in others for line in allowance(first, found[name, first.metrics[0]])],
        difference=None,
        question=[f"Variants in common, paired over category and seed: each study minus {base}."],
        protocol=_by_study(studies, protocol),
        sections=[_section(studies, metric, found) for metric in first.metrics],
        drawings=[],
        pictures=[],
        failures=failures(record for several in records.values() for record in several),
        origins=_by_study(studies, lambda results: origins(results, recorded(results))),
        fingerprints=facts("Data", ("category", *studies), _fingerprints(studies)),
        settings=dump_yaml({name: r.study.base.model_dump(mode="json") for name, r in studies.items()}),
    )


def _answers(first: Results, base: str, found: Mapping[tuple[str, str], Sequence[Comparison]]) -> Iterator[str]:
    for name in dict.fromkeys(name for name, _ in found):
        by_metric = [{c.variant: c for c in found[name, metric]} for metric in leading(first)]
        variants = dict.fromkeys(variant for comparisons in by_metric for variant in comparisons)
        if not variants:
            yield f"{name} has no variant whose runs differ from those of {base}."
        for variant in variants:
            subject = f"{variant}: {name}, against {base},"
            yield sentence(first, subject, [c[variant] for c in by_metric if variant in c])


def _section(studies: Studies, metric: str, found: Mapping[tuple[str, str], Sequence[Comparison]]) -> Section:
    (base, first), *others = studies.items()
    tables = [across(first, other, (base, name), metric) for name, other in others]
    shown = sheets(tables, first.study.report, "-".join(studies))
    grids = tuple(page_table(table, one) for table, one in zip(tables, shown, strict=True))
    drawings = (_figure(first, base, name, metric, tuple(found[name, metric])) for name, _ in others)
    return Section(metric, first.title(metric), grids, tuple(one for one in drawings if one is not None))


def _figure(first: Results, base: str, name: str, metric: str, found: tuple[Comparison, ...]) -> Drawing | None:
    if all(math.isnan(c.difference) for c in found):
        return None
    lines, settings = strongest(found), first.study.report
    heading, baseline = f"{first.title(metric)}, {name}", f"the same in {base}"
    drawn = draw(Differences(metric, heading, baseline, lines, len(found) - len(lines), first.rope, (), settings))
    return drawing(dataclasses.replace(drawn, name=f"{drawn.name}-{name}"))


def _state(studies: Studies) -> State:
    states = {name: state_of(results) for name, results in studies.items()}
    said = " ".join(f"{name}: {state.sentence}" for name, state in states.items())
    return State(all(state.finished for state in states.values()), said)


def _by_study(studies: Studies, text: Callable[[Results], Mapping[str, str]]) -> dict[str, str]:
    """Return headings and texts: once where they are the same in all studies, else with each study's name."""
    texts = {name: text(results) for name, results in studies.items()}
    merged: dict[str, str] = {}
    for heading in dict.fromkeys(heading for one in texts.values() for heading in one):
        found = {name: one[heading] for name, one in texts.items() if heading in one}
        if len(set(found.values())) == 1 and len(found) == len(texts):
            merged[heading] = next(iter(found.values()))
        else:
            merged |= {f"{heading}, {name}": said for name, said in found.items()}
    return merged


def _fingerprints(studies: Studies) -> list[tuple[str, ...]]:
    categories = dict.fromkeys(category for results in studies.values() for category in results.plan.fingerprints)
    return [(c, *(results.plan.fingerprints.get(c, "–") for results in studies.values())) for c in categories]
