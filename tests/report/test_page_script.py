"""The page's script, run by Node on a stand-in for the page."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from ura_study.report.page.document import HERE

TABLE = {
    "headings": [{"text": "variant"}, {"text": "AUROC", "first": "descending"}, {"text": "ms"}],
    "bodies": [
        [
            [{"text": "a 10 one"}, {"text": "9.0", "value": "0.09"}, {"text": "x", "value": "1"}],
            [{"text": "a 9 one"}, {"text": "1 failed", "value": ""}, {"text": "x", "value": "10"}],
            [{"text": "B two"}, {"text": "50.0", "value": "0.5"}, {"text": "x", "value": "9"}],
            [{"text": "c two"}, {"text": "9.0", "value": "0.09"}, {"text": "x", "value": "2e-7"}],
        ],
        [
            [{"text": "lit 2"}, {"text": "1.0", "value": "0.01"}, {"text": "–", "value": ""}],
            [{"text": "lit 1"}, {"text": "2.0", "value": "0.02"}, {"text": "–", "value": ""}],
        ],
    ],
}
AS_WRITTEN = [["a 10 one", "a 9 one", "B two", "c two"], ["lit 2", "lit 1"]]


@pytest.fixture(scope="module")
def happened():
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node here")
    command = [node, str(Path(__file__).parent / "fake_page.js"), str(HERE / "report.js")]
    ran = subprocess.run(command, input=json.dumps(TABLE), capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_a_column_of_numbers_begins_where_it_is_good_then_turns_then_is_as_written(happened):
    down, up, back = happened["clicks"][:3]
    assert down["rows"] == [["B two", "a 10 one", "c two", "a 9 one"], ["lit 1", "lit 2"]]
    assert down["sort"] == ["none", "descending", "none"]
    assert down["told"] == "6 rows, sorted by AUROC, descending"
    assert up["rows"] == [["a 10 one", "c two", "B two", "a 9 one"], ["lit 2", "lit 1"]]
    assert up["sort"] == ["none", "ascending", "none"]
    assert (back["rows"], back["sort"], back["told"]) == (AS_WRITTEN, ["none"] * 3, "6 rows")


def test_names_sort_by_the_numbers_in_them(happened):
    names, costs = happened["clicks"][3:]
    assert names["rows"] == [["a 9 one", "a 10 one", "B two", "c two"], ["lit 1", "lit 2"]]
    assert names["sort"] == ["ascending", "none", "none"]
    assert costs["rows"] == [["c two", "a 10 one", "B two", "a 9 one"], ["lit 2", "lit 1"]]
    assert costs["sort"] == ["none", "none", "ascending"]


def test_filtering_by_all_words(happened):
    some, none, every = happened["filters"]
    assert some["rows"] == [["a 10 one", "a 9 one"], []]
    assert some["told"] == "2 of 6 rows, sorted by ms, ascending"
    assert (none["rows"], none["told"]) == ([[], []], "0 of 6 rows, sorted by ms, ascending")
    assert every["told"] == "6 rows, sorted by ms, ascending"


def test_controls_appear_and_print_shows_what_is_folded(happened):
    assert (happened["tools"], happened["printing"], happened["printed"]) == (False, True, False)


def test_a_figure_is_enlarged_by_click_or_key_and_goes_back(happened):
    small = {"open": False, "small": 1, "large": 0}
    large = {"open": True, "small": 0, "large": 1}
    assert happened["figures"] == [small, large, small, large, small]
    assert happened["focused"] == "paper"
