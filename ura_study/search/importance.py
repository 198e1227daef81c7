"""How much each searched parameter mattered, by PED-ANOVA.

Watanabe, Bansal & Hutter, "PED-ANOVA: Efficiently Quantifying Hyperparameter Importance in Arbitrary Subspaces",
IJCAI 2023, with Optuna's extension to conditional parameters. It compares where the best trials lie with where all lie,
so it says what mattered for being among the best; of several objectives, for reaching the Pareto front.

Our own choices: the best tenth, but at least 5 trials, since densities of fewer mean little; and nothing at all of
fewer than 20 complete trials.
"""

from __future__ import annotations

import warnings

import optuna
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.trial import TrialState

#: Complete trials that are needed.
LEAST = 20
#: The share of trials that count as the best, and how many it must be.
QUANTILE, BEST = 0.1, 5


def importance(optuna_study: optuna.Study) -> dict[str, float] | None:
    """Return the share (0..1, together 1) of each key, the largest first; None where too few trials are complete."""
    complete = optuna_study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(complete) < LEAST or not any(trial.params for trial in complete):
        return None
    evaluator = PedAnovaImportanceEvaluator(target_quantile=max(QUANTILE, BEST / len(complete)))
    with warnings.catch_warnings():  # that a conditional parameter has few trials: it then simply weighs little
        warnings.simplefilter("ignore", UserWarning)
        shares = get_param_importances(optuna_study, evaluator=evaluator)
    return dict(sorted(shares.items(), key=lambda item: (-item[1], item[0])))
