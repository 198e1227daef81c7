"""What a category holds, in numbers and in words for a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from ura_study.data.checks.facts import Counts
from ura_study.data.checks.look import Look
from ura_study.data.table import Category


def counts(category: Category) -> Counts:
    """Return the numbers of images of a category."""
    anomalous = sum(sample.anomalous for sample in category.test)
    return Counts(len(category.train), len(category.test) - anomalous, anomalous)


def sizes(category: Category, looks: Mapping[Path, Look]) -> str:
    """Return the sizes of a category's images, e.g. `700×700` or `211×241 to 630×390 (88 sizes)`."""
    seen = [looks[sample.path] for sample in (*category.train, *category.test)]
    found = sorted({look.size for look in seen if not look.problem}, key=lambda size: size[0] * size[1])
    texts = [f"{width}×{height}" for width, height in found]
    return texts[0] if len(texts) == 1 else f"{texts[0]} to {texts[-1]} ({len(texts)} sizes)" if texts else "-"


def kinds(category: Category) -> str:
    """Return the kinds of defect with their numbers of images, e.g. `bent 3, broken 2`."""
    found = Counter(sample.defect for sample in category.test if sample.anomalous)
    return ", ".join(f"{name} {count}" for name, count in sorted(found.items()))
