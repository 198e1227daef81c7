"""Latency: what is timed gives the scores of a run, and the statistics are those of the calls."""

import numpy as np
import pytest
import torch
from jobs import small_job

from ura_study.data.images import load_image
from ura_study.runs import timing
from ura_study.runs.attempt import attempt
from ura_study.runs.execute import read_category
from ura_study.runs.rebuild import rebuilt

CPU = torch.device("cpu")


@pytest.mark.parametrize("model", [{}, {"name": "patchcore", "coreset": 0.1}])
def test_what_is_timed_scores_as_the_run_does(mvtec_root, model):
    job = small_job(mvtec_root, settings={"model": model} if model else {})
    *_, details, _ = attempt(job)
    call = timing.pipeline(rebuilt(job), job.settings, 64, CPU)
    images = np.stack([load_image(sample.path, job.data.preprocessing) for sample in read_category(job).test])
    maps, scores = call(images)
    assert maps.shape == (len(images), 64, 64)
    np.testing.assert_allclose(scores, details.scores, rtol=1e-3)
    np.testing.assert_allclose(call(images[1:2])[1], details.scores[1:2], rtol=1e-3)


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still but for what is added to it."""
    at = [0.0]
    monkeypatch.setattr(timing.time, "perf_counter", lambda: at[0])
    return at


def test_quartiles_of_calls_after_the_first_second(clock):
    taken = iter([0.6, 0.6, *[0.1, 0.3, 0.5] * 6, *[9.0] * 9])

    def call():
        clock[0] += next(taken)

    (found,) = timing.timed([(call, 4)])
    assert (found.low, found.median, found.high, found.calls) == (25.0, 75.0, 125.0, 18)


def test_calls_go_on_for_some_seconds(clock):
    def call():
        clock[0] += 0.01

    assert timing.timed([(call, 1)])[0].calls in range(300, 307)


def test_a_machine_that_is_slow_for_a_while_is_so_for_all_calls(clock):
    """Two equal calls, on a machine that takes twice as long for some of the time."""

    def call():
        clock[0] += 0.02 if clock[0] < 5.0 else 0.01

    one, two = timing.timed([(call, 1), (call, 2)])
    assert (one.median, two.median) == (10.0, 5.0)
    assert (one.high, two.high) == (20.0, 10.0)


def test_the_share_that_others_used():
    # Four processors for 10 s, of which 22 s were work, 10 s of it this process's own: 12 of 40 s.
    assert timing._by_others((100.0, 50.0, 1.0), (140.0, 72.0, 11.0)) == 0.3
    assert timing._by_others((100.0, 50.0, 1.0), (140.0, 59.0, 11.0)) == 0.0  # clocks that tick apart
    assert timing._by_others(None, (140.0, 72.0, 11.0)) is None
