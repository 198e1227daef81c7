"""Figures of a large study: drawn in other processes, and the same."""

import os
import sys

import pytest
from made_up import noisy, with_details

from ura_study.errors import DataError, ResourceError
from ura_study.report.page import drawing_apart
from ura_study.report.page.document import page, rendered
from ura_study.report.page.drawing_apart import drawings

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) == 1, reason="all is drawn in one process there"
)


@pytest.fixture
def results(tmp_path):
    return with_details(noisy("nut", "bolt", ablations={"lr": {"sweep": {"training.lr": [0.1, 0.2]}}}), tmp_path)


@pytest.fixture
def apart(monkeypatch):
    monkeypatch.setattr(drawing_apart, "LARGE", 1)


def test_the_page_is_the_same(results, monkeypatch):
    here = rendered(page(results))
    monkeypatch.setattr(drawing_apart, "LARGE", 1)
    monkeypatch.setattr(drawing_apart, "gallery", None)  # nothing is drawn in this process
    assert rendered(page(results)) == here
    assert all(f'"figure-{name}' in here for name in ("answers-differences-", "differences-", "pictures-nut"))


def test_what_several_say_is_said_once(results, apart, capfd):
    first, *_ = sorted((results.folder / "details").iterdir())
    first.write_bytes(b"")
    page(results)
    err = capfd.readouterr().err
    assert err.count(f"{first}: not the details of a run") == err.count("\n") == 1


@pytest.mark.parametrize("error", [DataError("a file is gone"), ZeroDivisionError("a bug")])
def test_an_error_of_a_figure_is_raised_here(results, apart, monkeypatch, error):
    def broken(*_):
        raise error

    monkeypatch.setattr(drawing_apart, "drawing", broken)
    with pytest.raises(type(error), match=str(error)), drawings(results) as awaited:
        awaited()


def test_a_process_that_died_is_not_waited_for(results, apart, monkeypatch):
    monkeypatch.setattr(drawing_apart, "drawing", lambda _: os._exit(9))
    with pytest.raises(ResourceError, match="has been ended, perhaps for lack of memory"), drawings(results) as awaited:
        awaited()
