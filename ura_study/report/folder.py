"""A study's results as they lie in its folder: everything tables need, without an image.

The plan follows from the study as it was resolved, with each category's fingerprint as the records have it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ura_study.config import Study, load_study, validated
from ura_study.data.mvtec_ad import in_order
from ura_study.errors import ConfigError
from ura_study.plan import make_plan
from ura_study.report.results import Results
from ura_study.report.write import STUDY_FILE
from ura_study.runs import store
from ura_study.runs.record import Record

#: Stands for the fingerprint of a category without a record: no run of it can be found.
UNKNOWN = "no record"


def open_results(path: Path, results: Path, options: Mapping[str, object], warn: Callable[[str], None]) -> Results:
    """Return the results of a study.

    Args:
        path: its results folder; or its YAML file, whose `report` section then counts as it is now.
        results: where the results folder is looked for that belongs to a YAML file.
        options: keys of the `report` section that take other values; None: as the study has it.
        warn: is told where the records are of several states of the images; those of the last count.

    Raises:
        ConfigError: where there are no records, or the study or an option is not as it must be.
        DataError: where a line of the records is none.
    """
    file = path / STUDY_FILE if path.is_dir() else path
    if path.is_dir() and not file.exists():
        raise ConfigError(f"{path}: no {STUDY_FILE} in it; expected the results folder of one study")
    study = _with(load_study(file), {key: value for key, value in options.items() if value is not None}, file)
    folder = path if path.is_dir() else results / study.study
    records = store.read(folder)
    if not records:
        raise ConfigError(f"{folder}: no records ({store.FILE}) of study '{study.study}'; `ura-study run` makes them")
    fingerprints = recorded_fingerprints(study, records, lambda line: warn(f"{folder}: {line}"))
    try:
        return Results(study, make_plan(study, fingerprints), records)
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from error


def _with(study: Study, options: Mapping[str, object], file: Path) -> Study:
    raw = study.model_dump(mode="json", exclude_none=True)
    return validated(Study, raw | {"report": raw["report"] | options}, f"{file} with the options given")


def recorded_fingerprints(study: Study, records: Mapping[str, Record], warn: Callable[[str], None]) -> dict[str, str]:
    """Return each category's fingerprint as the last record of it has it; `all` are those with a record."""
    found: dict[str, list[str]] = {}
    for record in records.values():
        states = found.setdefault(record.category, [])
        if (state := record.data["fingerprint"]) in states:
            states.remove(state)
        states.append(state)
    for category, states in found.items():
        if len(states) > 1:
            warn(f"category '{category}' was recorded with {len(states)} states of its images; the last one counts")
    names = in_order(found) if study.data.categories == "all" else study.data.categories
    return {name: found[name][-1] if name in found else UNKNOWN for name in names}
