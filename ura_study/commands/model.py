"""`ura-study model` and `ura-study predict`: save the detector of a run to a file, and score new images with it."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.text import Text

from ura_study.errors import ConfigError, nearest
from ura_study.results.opening import open_recorded

SCORES, HEAT = "scores.csv", "heat"


def model(
    which: str, variant: str, category: str, seed: int | None, output: Path, results: Path, console: Console
) -> int:
    """Write the detector of a study's run to a file; weights in the cache are not trained again. Return 0.

    `seed` None is the first seed of the study.

    Raises:
        ConfigError: where there is no such study, variant, category or seed.
        DataError: where the images are no longer those of the study.
    """
    from ura_study.model import AnomalyModel
    from ura_study.runs.job import Job
    from ura_study.runs.rebuild import rebuilt

    plan = (opened := open_recorded(which, results, {})).plan
    seed = plan.seeds[0] if seed is None else seed
    names = {"variant": [v.name for v in plan.variants], "category": plan.categories, "seed": plan.seeds}
    for kind, asked in (("variant", variant), ("category", category), ("seed", seed)):
        if asked not in names[kind]:
            raise ConfigError(f"{which}: no {kind} '{asked}'{nearest(str(asked), map(str, names[kind]))}")
    job = Job.of(opened.study, plan.runs[plan.cells[variant, category, seed]])
    detector, data = rebuilt(job), job.data
    AnomalyModel.of(detector, job.settings, data.preprocessing, seed).save(output)
    console.print(Text(str(output)), soft_wrap=True)
    return 0


def predict(file: Path, images: Path, output: Path, console: Console) -> int:
    """Score the images of a folder with a saved model and return 0.

    It writes `scores.csv` and an overlay of each anomaly map on its image, `heat/<image>.png`, into `output`.

    Raises:
        DataError: where the file is not a model, or there is no image.
        ResourceError: where a file cannot be written.
    """
    from ura_study.cache import writing
    from ura_study.model import AnomalyModel
    from ura_study.report.heatmap import overlaid

    loaded = AnomalyModel.load(file)
    found = loaded.score(images)
    paths = [Path(name) for name in found.names]
    stems = Counter(path.stem for path in paths)
    with writing(output):
        (output / HEAT).mkdir(parents=True, exist_ok=True)
        with (output / SCORES).open("w", newline="", encoding="utf-8") as table:
            rows = csv.writer(table)
            rows.writerow(("image", "score"))
            rows.writerows((path.name, f"{score:.6g}") for path, score in zip(paths, found.scores, strict=True))
        for path, picture in zip(paths, overlaid([loaded.seen(path) for path in paths], found.maps), strict=True):
            picture.save(output / HEAT / f"{path.stem if stems[path.stem] == 1 else path.name}.png")
    low, high = found.maps.min(), found.maps.max()
    line = f"{len(paths)} images: {output / SCORES}, maps from {low:.3g} to {high:.3g} in {output / HEAT}"
    console.print(Text(line), soft_wrap=True)
    return 0
