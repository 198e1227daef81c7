"""`ura-study report`: the report of a study from its records alone, finished or not."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from rich.console import Console
from rich.text import Text

from ura_study.commands.recorded import tried_of
from ura_study.report.folder import find
from ura_study.report.opening import open_results
from ura_study.report.page.document import FILE, write_report
from ura_study.report.page.state import Searched


def report(which: str, results: Path, output: Path | None, console: Console) -> int:
    """Write a study's report to `output`, or beside its records.

    Raises:
        ConfigError: where there is no such study.
        DataError: where what lies in its folder cannot be read.
    """
    folder = find(which, results)
    opened = open_results(Path(which) if Path(which).is_file() else folder, results, {})
    searched = None
    if (found := tried_of(opened.study, opened.plan, folder)) is not None:
        from ura_study.report.leaderboard import leaderboard
        from ura_study.search.importance import importance
        from ura_study.search.trials import trials
        from ura_study.search.variants import with_best

        every, tried = found
        told = trials(tried)
        searched = Searched(told, leaderboard(opened.study, every, told, opened.records), importance(tried))
        opened = dataclasses.replace(opened, plan=with_best(opened.study, opened.plan, every, told))
    path = folder / FILE if output is None else output
    write_report(path, opened, searched)
    console.print(Text(str(path)), soft_wrap=True)
    return 0
