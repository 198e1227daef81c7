"""The question of a study and its protocol, as sentences made from its settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ura_study.data.config import DataSettings, SourceSettings
from ura_study.data.described import tested_on, trained_on
from ura_study.metrics.names import THRESHOLD_METRICS
from ura_study.report.figures.ranks import undrawn
from ura_study.results.names import counted
from ura_study.results.results import Results
from ura_study.results.statistics import ALPHA, LEVEL
from ura_study.search.config import SearchSettings
from ura_study.study.config import Ablation, Study
from ura_study.study.names import readable
from ura_study.study.plan import Plan

ORACLE = (
    "Oracle: variants were chosen by the search on the test images. The figures of what it chose say what could be "
    "reached, not what is to be expected of new images."
)
USUAL = "each category has a detector of its own, trained on its normal training images, anew with each seed"


def question(results: Results) -> list[str]:
    """Return sentences on what the study compares: its size, each ablation, its search."""
    study, plan = results.study, results.plan
    fixed = [variant for variant in plan.variants if variant.ablation in (None, *study.ablations)]
    size = f"{counted(len(fixed), 'variant')} on {_listed(plan.categories, 'category')} with {_seeds(plan)}"
    others = f"compares the others with {results.baseline}" if len(fixed) > 1 else "measures the baseline"
    return [
        f"The study {study.study} runs {size}, and {others}.",
        *(f"Ablation {name}: {_ablation(ablation)}." for name, ablation in study.ablations.items()),
        *([_search(study.search)] if study.search else []),
    ]


def protocol(results: Results) -> dict[str, str]:
    """Return how the numbers were obtained: heading (`Data`, `Images`, `Training`, …) → sentences."""
    study, data = results.study, results.study.data
    place = _place(data) if data.test is None else f"trained on {_place(data)}, tested on {_place(data.test)}"
    images = dict.fromkeys(map(_images, results.data))
    return {
        "Data": f"{_capital(place)}: {_listed(results.plan.categories, 'category')}.",
        "Images": f"{'By variant: ' if len(images) > 1 else ''}{' Or: '.join(images)}",
        "Training": " ".join(_training(results.data)),
        "Choice": _choice(study),
        "Metrics": _metrics(results),
        "Statistics": " ".join(filter(None, _statistics(results))),
    }


def oracle(study: Study) -> str:
    """Return the warning that variants were chosen on test images; "" if none were."""
    return ORACLE if study.search is not None and study.search.split == "test" else ""


def _ablation(ablation: Ablation) -> str:
    if ablation.leave_one_out is not None:
        return f"leaves out, one at a time, {series(ablation.leave_one_out)}"
    if ablation.add_one_in is not None:
        return f"begins without {series(ablation.add_one_in)} and adds them one after another"
    if ablation.factorial is not None:
        return f"every combination of {series(ablation.factorial)}, each on or off"
    values = [f"{key} ({', '.join(map(readable, values))})" for key, values in ablation.values_by_key().items()]
    every = "every combination of values of" if ablation.grid is not None else "all else as in the baseline, values of"
    return f"{every} {series(values)}"


def _search(search: SearchSettings) -> str:
    ways = [f"{'least' if objective.minimizes else 'greatest'} {objective.label}" for objective in search.objective]
    return (
        f"Search: Optuna's {search.sampler.name} sampler proposes up to {counted(search.trials, 'variant')} "
        f"by {series(search.domains)}, for the {series(ways)}."
    )


def _place(data: SourceSettings) -> str:
    return f"layout {data.layout}, {data.root}" if data.root else f"layout {data.layout}"


def _images(data: DataSettings) -> str:
    side = f"{data.image_size} × {data.image_size} pixels"
    cut = f"shorter side brought to {data.crop_from} pixels, of which the middle {side} are seen"
    seen = f"stretched to {side}" if data.crop_from is None else cut
    sizes: dict[int | str | None, str] = {None: side, "original": "the size of the test image"}
    judged = sizes.get(data.eval_size, f"{data.eval_size} × {data.eval_size} pixels")
    deep = "each image's own range" if data.depth == "file" else f"{data.depth} bits"
    read = "" if data.depth == "type" else f"; grey values of more than 8 bits are read by {deep}"
    return f"{_capital(seen)}{read}; maps are judged at {judged}."


def _training(every: Sequence[DataSettings]) -> Iterator[str]:
    yield f"{_capital(trained_on(*every) or USUAL)}."
    if tested := tested_on(*every):
        yield f"{_capital(tested)}."
    if every[0].validation:
        drawn = any(data.contamination for data in every)
        same = "those of one seed and share of contamination are the same" if drawn else "these are the same"
        yield (
            f"{100 * every[0].validation:g} % of each category's training images (at least 8) are held out; {same} for "
            f"every variant{'' if drawn else ' and seed'}. Half of them are given a synthetic defect, every third of "
            "which is faint, by a renderer that shares nothing with that of the built-in test set."
        )
    yield "The last weights are scored, always: no checkpoint is chosen."


def _choice(study: Study) -> str:
    if study.search is None:
        return "Variants are those of the study file; nothing was chosen on test images."
    if study.search.split == "test":
        return ORACLE
    return (
        "Variants are those of the study file, and those that the search chose on the validation split: held-out "
        "training images, half of them with synthetic defects. No test image took part in the choice."
    )


def _metrics(results: Results) -> str:
    names = series(results.title(name) for name in results.metrics)
    limit = results.study.evaluation.fpr_limit
    limited = any(m.endswith("pixel_aupro") for m in results.metrics)
    rule = results.study.evaluation.threshold.said
    alarm = f" At threshold: {rule} of the scores of held-out normal images, none of them a test image."
    inspected = alarm if any(m in THRESHOLD_METRICS for m in results.metrics) else ""
    overlap = f" AUPRO is the area up to a false positive rate of {limit:g}, divided by it."
    return f"{names}, each from all scores, exactly.{overlap if limited else ''}{inspected}"


def _statistics(results: Results) -> Iterator[str]:
    if len(results.plan.seeds) > 1:
        yield (
            "Cells are means ± sample standard deviations over seeds; the mean over categories is taken first, so its "
            "deviation is that of whole repetitions."
        )
    yield "A failed run is never averaged away: cells that lack a run say so instead of a number."
    if len(results.plan.variants) > 1:
        yield (
            f"Variants are compared with {results.baseline} over pairs of equal category and seed. The category is the "
            "unit (the seed, where there is one category): exact Wilcoxon signed-rank tests, two-sided, Holm-corrected "
            f"over the distinct tests of a metric, significant below {ALPHA:g}; {LEVEL:.0%} t intervals of the mean "
            "difference. Whether a difference matters is told by a Bayesian signed-rank test: up to "
            f"{results.study.report.rope:g} points count as practically equivalent."
        )
        yield undrawn(results)


def _seeds(plan: Plan) -> str:
    return f"{counted(len(plan.seeds), 'seed')} ({', '.join(map(str, plan.seeds))})"


def _listed(names: Iterable[str], word: str) -> str:
    names = tuple(names)
    return f"{counted(len(names), word)} ({', '.join(names)})"


def series(parts: Iterable[str]) -> str:
    """Return texts as a list within a sentence: `a, b and c`."""
    *some, last = parts
    return f"{', '.join(some)} and {last}" if some else last


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
