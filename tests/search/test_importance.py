"""What mattered in a search."""

import math

import optuna
import pytest

from ura_study.search.importance import LEAST, importance


def study_of(trials: int, direction: str = "maximize") -> optuna.Study:
    """A search in which `big` matters, `small` hardly, and `only` applies in every second trial."""
    tried = optuna.create_study(direction=direction, sampler=optuna.samplers.RandomSampler(seed=0))

    def worth(trial):
        big, small = trial.suggest_float("big", 0.01, 1, log=True), trial.suggest_float("small", 0, 1)
        only = trial.suggest_int("only", 1, 9) if trial.suggest_categorical("with", [True, False]) else 0
        value = -abs(math.log10(big) + 1) + 0.01 * small + 0.001 * only
        return value if direction == "maximize" else -value

    tried.optimize(worth, trials)
    return tried


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_what_matters_comes_first(direction):
    found = importance(study_of(60, direction))
    assert next(iter(found)) == "big"
    assert found["big"] > 0.5
    assert set(found) == {"big", "small", "only", "with"}
    assert sum(found.values()) == pytest.approx(1)


def test_fewer_trials_say_nothing():
    assert importance(study_of(LEAST - 1)) is None
    assert importance(study_of(LEAST)) is not None


def test_only_complete_trials_count():
    tried = study_of(LEAST - 1)
    tried.tell(tried.ask(), state=optuna.trial.TrialState.PRUNED)
    assert importance(tried) is None


def test_the_same_trials_give_the_same_shares():
    assert list(importance(study_of(30)).items()) == list(importance(study_of(30)).items())


def test_of_several_objectives_it_is_about_the_front():
    tried = optuna.create_study(directions=["maximize", "minimize"], sampler=optuna.samplers.RandomSampler(seed=0))
    tried.optimize(lambda t: (-abs(t.suggest_float("x", -1, 1)), 0.01 * t.suggest_float("y", 0, 1)), 40)
    assert set(importance(tried)) == {"x", "y"}
