"""`ura-study schema`: what a study file may hold, as a JSON schema, for editors that complete and check."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.text import Text

from ura_study.cache import replace
from ura_study.plugins import imported
from ura_study.study.config import Study

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(plugins: list[str], output: Path | None, console: Console) -> int:
    """Print the schema, or write it to a file; the settings of `plugins` (modules or files) are in it, too.

    Raises:
        ConfigError: where a plug-in cannot be imported.
    """
    for plugin in plugins:
        imported(plugin)
    text = json.dumps({"$schema": DIALECT} | Study.model_json_schema(), indent=1, ensure_ascii=False) + "\n"
    if output is None:
        print(text, end="")
    else:
        replace(output, text)
        console.print(Text(str(output)), soft_wrap=True)
    return 0
