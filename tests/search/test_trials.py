"""The trials of a search as plain data."""

import optuna
from hand_made import make_study, plan_of
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from ura_study.search.trials import TrialSummary, given_up, trials


def test_ranges_say_on_which_scale_they_were_drawn():
    study = optuna.create_study()
    study.enqueue_trial({"lr": 0.1, "width": 2, "part": "on"})
    study.ask(
        {
            "lr": FloatDistribution(1e-4, 1, log=True),
            "width": IntDistribution(1, 4),
            "part": CategoricalDistribution(["on", "off"]),
        }
    )
    (found,) = trials(study)
    assert found.params == {"lr": 0.1, "width": 2, "part": "on"}
    assert found.logs == {"lr": True, "width": False}


def test_no_more_runs_are_wanted_of_trials_that_ended_early_unless_the_study_wants_them():
    names = {"full": "pruned", "search-0001": "pruned", "search-0002": "failed", "search-0003": "complete"}
    found = [
        TrialSummary(i, name, state, None, {}, True, False, 0, "") for i, (name, state) in enumerate(names.items())
    ]
    assert given_up(found, plan_of(make_study())) == {"search-0001", "search-0002"}
