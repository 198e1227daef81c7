"""How numbers are called in tables and sentences."""

from __future__ import annotations

from ura_study.metrics.names import VALIDATION

TITLES = {
    "image_auroc": "Image AUROC",
    "image_ap": "Image AP",
    "image_f1_max": "Image F1-max",
    "pixel_auroc": "Pixel AUROC",
    "pixel_ap": "Pixel AP",
    "pixel_f1_max": "Pixel F1-max",
    "pixel_aupro": "AUPRO",
    "ece": "ECE",
    "ece_balanced": "ECE, balanced",
    "brier": "Brier score",
    "aurc": "AURC",
    "uncertainty_border": "Uncertainty on borders",
    "uncertainty_inside": "Uncertainty inside",
    "uncertainty_outside": "Uncertainty outside",
    "epistemic_border": "Epistemic on borders",
    "epistemic_inside": "Epistemic inside",
    "epistemic_outside": "Epistemic outside",
}
_LOWERED = ("Image", "Pixel", "Uncertainty", "Epistemic")
TITLES |= {
    f"{VALIDATION}{name}": f"Validation {text[0].lower()}{text[1:]}"
    if text.startswith(_LOWERED)
    else f"Validation {text}"
    for name, text in TITLES.items()
}


def title(metric: str, fpr_limit: float) -> str:
    """Return a metric's heading without unit, e.g. `AUPRO@0.3`."""
    limit = f"@{fpr_limit:g}" if metric.endswith("pixel_aupro") else ""
    return f"{TITLES[metric]}{limit}"


def counted(count: int, word: str) -> str:
    """Return e.g. `1 seed` or `3 categories`."""
    plural = f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
    return f"{count} {word if count == 1 else plural}"
