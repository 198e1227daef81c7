import pytest
from ray.tune.experiment import Trial

from ura_study.tune.hooks import Events, FirstWaiting


@pytest.fixture
def trial():
    made = Trial("a", stub=True, config={"job": "x" * 1000}, evaluated_params={"job": "x" * 1000})
    made.update_last_result({"record": "y" * 1000, "training_iteration": 1, "done": True})
    return made


def test_a_finished_trial_is_no_burden(trial):
    Events(None).on_trial_complete(0, [trial], trial)
    assert len(str(trial.__getstate__())) < 5000
    assert "xxxx" not in str(vars(trial))
    assert "yyyy" not in str(vars(trial.run_metadata))
    assert trial.get_json_state() == ("{}", "{}")
    assert trial.last_result["done"]


def test_only_trials_that_are_not_over_are_looked_at(trial):
    class Controller:
        get_live_trials = staticmethod(lambda: {trial})

    assert FirstWaiting().choose_trial_to_run(Controller) is trial
    trial.status = Trial.RUNNING
    assert FirstWaiting().choose_trial_to_run(Controller) is None
