"""The trials of a search as plain data."""

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from ura_study.search.trials import trials


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
