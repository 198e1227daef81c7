"""A search space that cannot be searched is rejected in one line that names the key, before anything starts."""

from __future__ import annotations

import re

import pytest

from ura_study.errors import ConfigError
from ura_study.search.space.space import read_space
from ura_study.study.config import VariantSettings, validated

PATCHCORE = {"name": "patchcore"}
SWITCH = {"choice": [True, False]}
LR = {"float": [0.001, 0.01]}


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        # domains
        ({"training.lr": 0.1}, ".training.lr: expected a domain such as {float: [0.1, 1.0]}, but got 0.1"),
        ({"training.lr": {}}, ".training.lr: one of float, int, choice, fixed is required"),
        ({"training.lr": {"flaot": [0, 1]}}, ".training.lr.flaot: unknown key; did you mean 'float'?"),
        ({"training.lr": LR | {"logg": True}}, ".training.lr: logg: unknown key; did you mean 'log'?"),
        (
            {"training.lr": LR | {"choice": [1]}},
            ".training.lr: expected one of float, int, choice, fixed, but got float ",
        ),
        ({"training.lr": {"float": [0.1]}}, ".training.lr: expected [low, high], but got [0.1]"),
        ({"training.lr": {"float": ["a", 1]}}, ".training.lr: float.0: expected a number, but got 'a'"),
        ({"training.steps": {"int": [1, 2.5]}}, ".training.steps: int.1: expected a whole number, but got 2.5"),
        ({"training.lr": {"float": [0.2, 0.1]}}, ".training.lr: low < high must hold, but got [0.2, 0.1]"),
        (
            {"training.steps": {"int": [3, 3]}},
            ".training.steps: low < high must hold, but got [3, 3]; a single value is",
        ),
        ({"training.warmup": {"float": [0, 1], "log": True}}, ".training.warmup: low > 0 must hold with log, but got"),
        ({"training.lr": LR | {"log": True, "step": 0.001}}, ".training.lr: log and step exclude each other"),
        (
            {"training.steps": {"int": [1, 4], "step": 2}},
            ".training.steps: high must be whole steps of 2 above low, e.g. 3",
        ),
        ({"training.steps": {"int": [1, 4], "step": 0}}, ".training.steps: step: expected a number > 0, but got 0"),
        ({"training.steps": {"choice": []}}, ".training.steps: choice: expected at least one value, but got []"),
        ({"training.steps": {"choice": [1, 2, 1]}}, ".training.steps.choice: 1 and 1 are the same value twice"),
        ({"training.lr": {"choice": [1, 1.0]}}, ".training.lr.choice: 1 and 1.0 are the same value twice"),
        ({}, ": a search space needs at least one parameter that is not fixed"),
        ({"training.steps": {"fixed": 3}}, ": a search space needs at least one parameter that is not fixed"),
        # keys and values
        ({"training.lrr": LR}, ".training.lrr: unknown key; did you mean 'lr'?"),
        ({"training.lr": {"float": [0.1, 2]}}, ".training.lr: expected a number <= 1, but got 2"),
        ({"training.lr": {"float": [0, 1]}}, ".training.lr: expected a number > 0, but got 0"),
        ({"training.steps": {"float": [1, 9]}}, ".training.steps: expected a whole number, but got 1"),
        ({"features.neighbourhood": {"int": [1, 9]}}, ".features.neighbourhood: neighbourhood must be odd, but got 2"),
        ({"features.layers": {"choice": [[1, 2], [2, 1]]}}, ".features.layers: layers must be distinct, ascending"),
        ({"training.steps": {"fixed": 0}, "training.lr": LR}, ".training.steps: expected a number >= 1, but got 0"),
        # together
        (
            {"model.restoration": SWITCH, "model.perception": SWITCH},
            ".model.restoration: false cannot go with model.perception: false: model: restoration and perception are ",
        ),
        (
            {"model.synthesis.max_area": {"choice": [0.5, 0.6]}, "model.synthesis.min_area": {"choice": [0.1, 0.3]}},
            ".model.synthesis.min_area: model.synthesis: min_area <= max_area must hold, but got 0.3 and 0.25",
        ),
        (
            {"model.synthesis.max_area": {"float": [0.05, 0.3]}, "model.synthesis.min_area": {"float": [0.01, 0.1]}},
            ".model.synthesis.max_area: 0.05 cannot go with model.synthesis.min_area: 0.1: model.synthesis: min_area ",
        ),
        (
            {"model.perception": SWITCH, "model.perception.width": {"choice": [8, 16]}},
            ".model.perception.width: is a part of model.perception, which is in the space as well; say when "
            "it is there: when: {model.perception: true}",
        ),
        (
            {
                "model.perception": SWITCH,
                "model.perception.width": {"choice": [8], "when": {"model.perception": False}},
            },
            ".model.perception.width: cannot be set, since model.perception is false",
        ),
        (
            {"model.perception.gate": {"choice": ["perceived", "oracle"]}},
            ".model.perception.gate: no search may try a variant that is told the true masks",
        ),
        # conditions
        (
            {"training.lr": LR | {"when": {"model.percepton": True}}},
            ".training.lr.when: model.percepton: unknown key; did",
        ),
        (
            {"training.lr": LR | {"when": {"training.steps": 0}}},
            ".training.lr.when: training.steps: expected a number >= 1",
        ),
        (
            {"training.lr": LR | {"when": {"training.steps": 3}}, "training.steps": {"int": [1, 9]}},
            ".training.lr.when.training.steps: a condition needs a choice or a fixed value, but ",
        ),
        (
            {"training.lr": LR | {"when": {"training.steps": 3}}, "training.steps": {"choice": [1, 9]}},
            ".training.lr.when.training.steps: 3 is never its value; the space has 1, 9",
        ),
        (
            {"training.lr": LR | {"when": {"model.perception.width": 8}}, "model.perception": SWITCH},
            ".training.lr.when.model.perception.width: is a part of model.perception, which is in the space",
        ),
        (
            {"training.lr": {"choice": [0.1], "when": {"training.steps": 3}}}
            | {"training.steps": {"choice": [3], "when": {"training.lr": 0.1}}},
            ".training.lr: the conditions (when) go in a circle",
        ),
        (
            {"model.perception": SWITCH, "training.lr": {"choice": [0.1], "when": {"model.perception": True}}}
            | {"training.steps": {"choice": [3], "when": {"training.lr": 0.1, "model.perception": False}}},
            ".training.steps.when: the conditions contradict each other",
        ),
    ],
)
def test_what_cannot_be_searched(raw, line):
    with pytest.raises(ConfigError, match=f"^{re.escape('s.yaml: search.space' + line)}"):
        read_space(raw, VariantSettings(), "s.yaml: search.space")


@pytest.mark.parametrize(
    "raw",
    [
        # perception is off in the baseline: what is conditioned on it is tried where it is on
        {"training.lr": LR, "model.perception.width": {"choice": [8], "when": {"model.perception": True}}},
        {"model.perception": SWITCH, "model.perception.width": {"choice": [8], "when": {"model.perception": True}}},
        # restoration is switched only where perception is on
        {"model.perception": SWITCH, "model.restoration": SWITCH | {"when": {"model.perception": True}}},
        {
            "model": {"choice": [{"name": "uranet"}, PATCHCORE]},
            "model.coreset": {"choice": [1], "when": {"model": PATCHCORE}},
        },
        {"features.neighbourhood": {"int": [1, 9], "step": 2}},
    ],
)
def test_values_are_tried_where_their_conditions_hold(raw):
    base = validated(VariantSettings, {"model": {"perception": False}}, "test")
    assert {parameter.key for parameter in read_space(raw, base, "s").parameters} == raw.keys()


def test_a_value_that_is_wrong_only_under_its_condition():
    raw = {
        "model": {"choice": [{"name": "uranet"}, PATCHCORE]},
        "model.coreset": {"choice": [0], "when": {"model": PATCHCORE}},
    }
    with pytest.raises(ConfigError, match=r"^s.model.coreset: expected a number > 0, but got 0$"):
        read_space(raw, VariantSettings(), "s")
