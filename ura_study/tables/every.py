"""All tables that a study has."""

from __future__ import annotations

from collections.abc import Mapping

from ura_study.errors import ConfigError
from ura_study.results.results import Results
from ura_study.tables.export import MAKERS
from ura_study.tables.model import Table


def every(results: Results) -> tuple[Mapping[str, list[Table]], Mapping[str, str]]:
    """Return the tables that have rows, by name in the order of `MAKERS`, and for each other name why there is none.

    Raises:
        ConfigError: where the file of reported numbers is missing or invalid.
    """
    _ = results.reported  # a mistake in its file must not pass for a table that the study does not have
    found: dict[str, list[Table]] = {}
    absent: dict[str, str] = {}
    for name, make in MAKERS.items():
        try:
            tables = [table for table in make(results) if table.rows or table.reported]
        except ConfigError as error:
            absent[name] = str(error).removeprefix(f"study '{results.study.study}': ")
            continue
        if tables:
            found[name] = tables
        else:
            absent[name] = "it would have no row"
    return found, absent
