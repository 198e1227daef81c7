"""The stages of a run: fit, score, metrics, validation, details."""
