"""The results folder of a study: the study and its fingerprints, so that reports need no images."""

from __future__ import annotations

import json
from pathlib import Path

from ura_study.cache import replace
from ura_study.errors import ConfigError, DataError, nearest
from ura_study.study.config import Study
from ura_study.study.loading import load_study
from ura_study.study.plan import Plan, make_plan
from ura_study.study.study_file import dump_yaml

STUDY, FINGERPRINTS, REPORT = "study.yaml", "fingerprints.json", "report.html"
#: Subfolder of TensorBoard events.
EVENTS = "tensorboard"


def remember(folder: Path, study: Study, plan: Plan) -> None:
    """Write the resolved study, with all defaults, and the fingerprints of its data.

    `ura-study run` accepts the written study file. A password in the URL of a storage is replaced by `***`.

    Raises:
        ResourceError: where a file cannot be written.
    """
    resolved = study.model_dump(mode="json", exclude_none=True)
    if study.search is not None and study.search.storage is not None:
        from ura_study.search.storage import concealed

        resolved["search"]["storage"] = concealed(study.search.storage)
    replace(folder / STUDY, dump_yaml(resolved))
    replace(folder / FINGERPRINTS, json.dumps(dict(plan.fingerprints), indent=1, ensure_ascii=False))


def reopen(folder: Path) -> tuple[Study, Plan]:
    """Return a study and its plan (baseline and ablations) from its folder alone.

    Raises:
        ConfigError: where the folder holds no study, or an invalid one.
        DataError: where the fingerprints cannot be read.
    """
    if not (folder / STUDY).is_file() or not (folder / FINGERPRINTS).is_file():
        raise ConfigError(f"{folder}: holds no results of a study ({STUDY} and {FINGERPRINTS}); has it been run?")
    study = load_study(folder / STUDY)
    try:
        fingerprints = json.loads((folder / FINGERPRINTS).read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{folder / FINGERPRINTS}: expected a fingerprint per category ({error})") from error
    if not isinstance(fingerprints, dict) or not fingerprints:
        raise DataError(f"{folder / FINGERPRINTS}: expected a fingerprint per category, but there is none")
    return study, make_plan(study, fingerprints)


def find(which: str, results: Path) -> Path:
    """Return the results folder of a study.

    Args:
        which: the study's file, its results folder, or its name.
        results: the folder that holds the results folders of studies.

    Raises:
        ConfigError: where there is no such study.
    """
    path = Path(which)
    if path.is_dir() and ((path / STUDY).is_file() or not (results / which / STUDY).is_file()):
        return path
    name = load_study(path).study if path.is_file() else which
    if not (results / name).is_dir():
        known = [p.parent.name for p in results.glob(f"*/{STUDY}")]
        raise ConfigError(f"{results}: holds no study '{name}'{nearest(name, known)}")
    return results / name
