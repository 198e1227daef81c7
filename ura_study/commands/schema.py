"""`ura-study schema`: the JSON schema of a study file, for editors with completion and checks."""

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
    """Print the schema, or write it to `output`; it includes the settings of `plugins` (modules or files). Return 0.

    Raises:
        ConfigError: where a plug-in cannot be imported.
        ResourceError: where the file cannot be written.
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
