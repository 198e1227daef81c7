"""Where values stand on an axis."""

import math

import pytest

from ura_study.report.drawing.positions import crowded, levels, log_spaced, positions


@pytest.mark.parametrize("values", [[0.001, 0.01, 0.1], [1, 2, 4, 8, 16], [0.1, 0.3, 1.0, 3.0]])
def test_log_spaced(values):
    assert log_spaced(values)


@pytest.mark.parametrize(
    "values", [[1, 2, 3], [0, 1, 10], [1, 100], [-1, 10, 100], [10, 20, 30, 40, 50, 60, 70, 80, 90], [1, 2, 4]]
)
def test_not_log_spaced(values):
    assert not log_spaced(values)


def test_numbers():
    there = positions([0.1, None, 0.3, 0.2])
    assert there.kind == "linear"
    assert there.positions[0::2] == (0.1, 0.3)
    assert math.isnan(there.positions[1])
    assert (there.ticks, there.labels) == ((0.1, 0.2, 0.3), ("0.1", "0.2", "0.3"))


def test_logarithms():
    there = positions([0.001, 0.1, 0.01])
    assert there.kind == "log"
    assert there.positions == pytest.approx((-3, -1, -2))
    assert there.labels == ("0.001", "0.01", "0.1")


def test_names_stand_in_the_order_in_which_they_come():
    there = positions([[2], "$x$", True, [2], None])
    assert there.kind == "names"
    assert there.positions[:4] == (0, 1, 2, 0)
    assert math.isnan(there.positions[4])
    assert there.labels == ("[2]", "$x$", "true")


def test_many_numbers_have_three_ticks():
    assert positions([float(i) for i in range(11)]).labels == ("0", "5", "10")


def test_ticks_keep_their_distance_and_the_ends():
    assert positions([0, 1, 2, 50, 99, 100], apart=0.1).labels == ("0", "50", "100")


def test_a_single_value_has_room():
    low, high = positions([0.3, 0.3]).limits
    assert low < 0.3 < high


def test_texts_that_run_into_each_other():
    there = positions([0, 50, 100])
    assert not crowded(there, ["0", "50", "100"], 1.0)
    assert crowded(there, ["a long name"] * 3, 1.0)


def test_levels_stand_side_by_side_numbers_ascending():
    there = levels([2.0, None, 1 / 3, 2, 0.5])
    assert there.kind == "names"
    assert there.positions == pytest.approx([2, math.nan, 0, 2, 1], nan_ok=True)
    assert there.labels == ("0.333", "0.5", "2")
    assert levels(["b", True, "b", [1, 2]]).labels == ("b", "true", "[1, 2]")
    assert levels([0.12341, 0.12342]).labels == ("0.12341", "0.12342")
