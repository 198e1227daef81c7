"""ura_study: distributed hyperparameter and ablation studies of URA-Net."""

__version__ = "0.1.0"
