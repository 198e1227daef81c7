"""The importance of each searched parameter, by PED-ANOVA.

Watanabe, Bansal & Hutter, "PED-ANOVA: Efficiently Quantifying Hyperparameter Importance in Arbitrary Subspaces",
IJCAI 2023, with Optuna's extension to conditional parameters. It compares the values of the best trials with those of
all trials, so it tells what mattered for being among the best; with several objectives, for reaching the Pareto front.

Our own choices: the best trials are the best tenth, but at least 5, since densities of fewer mean little; there are no
importances for fewer than 20 complete trials.
"""

from __future__ import annotations

import warnings

import optuna
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.trial import TrialState

#: Least number of complete trials.
LEAST = 20
#: Share of the complete trials that count as the best, and their least number.
QUANTILE, BEST = 0.1, 5


def importance(optuna_study: optuna.Study) -> dict[str, float] | None:
    """Return key → importance as a share (0..1, sum 1), the largest first.

    None for fewer than `LEAST` complete trials, or if these have no parameters.
    """
    complete = optuna_study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(complete) < LEAST or not any(trial.params for trial in complete):
        return None
    evaluator = PedAnovaImportanceEvaluator(target_quantile=max(QUANTILE, BEST / len(complete)))
    with warnings.catch_warnings():  # on conditional parameters with few trials, which then have little weight
        warnings.simplefilter("ignore", UserWarning)
        shares = get_param_importances(optuna_study, evaluator=evaluator)
    return dict(sorted(shares.items(), key=lambda item: (-item[1], item[0])))
