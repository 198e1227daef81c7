"""Names of metrics in tables, and counts in sentences."""

from __future__ import annotations

from ura_study.metrics.names import METRICS_BY_NAME, VALIDATION

_LOWERED = ("Image", "Pixel", "Uncertainty", "Epistemic")


def title(metric: str, fpr_limit: float) -> str:
    """Return the heading of a metric without its unit, e.g. `AUPRO@0.3` (`fpr_limit` 0.3)."""
    text = METRICS_BY_NAME.get(metric.removeprefix(VALIDATION)).title
    if metric.startswith(VALIDATION):
        text = text.removesuffix(", test-optimal")
        text = f"Validation {text[0].lower()}{text[1:]}" if text.startswith(_LOWERED) else f"Validation {text}"
    return f"{text}@{fpr_limit:g}" if metric.endswith("pixel_aupro") else text


def counted(count: int, word: str) -> str:
    """Return e.g. `1 seed` or `3 categories`."""
    plural = f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
    return f"{count} {word if count == 1 else plural}"
