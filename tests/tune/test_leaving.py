"""An end that was asked for comes in time, also where the main thread does not come back."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from ura_study.tune import leaving

SCRIPT = """
import signal, time
from ura_study.tune import leaving
leaving.LAST = 0.5
signal.signal(signal.SIGTERM, lambda *_: None)
with leaving.left_in_time():
    print("ready", flush=True)
    time.sleep({seconds})
print("went on", flush=True)
"""


def ended(seconds):
    command = [sys.executable, "-c", SCRIPT.format(seconds=seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    out, said = process.communicate(timeout=50)
    return process.returncode, out, said


def test_a_process_that_goes_on_for_too_long_is_left():
    code, out, said = ended(60)
    assert (code, out) == (130, "")
    assert "Ray does not answer any more; all that was recorded is safe" in said


def test_who_comes_to_the_end_in_time_goes_on():
    assert ended(0.1)[:2] == (0, "went on\n")


@pytest.fixture
def left(monkeypatch):
    """The times at which this process would have been left."""
    times = []
    monkeypatch.setattr(leaving, "LAST", 0.2)
    monkeypatch.setattr(leaving, "_leave", lambda: times.append(time.monotonic()))
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    yield times
    signal.signal(signal.SIGTERM, before)


def test_a_signal_of_the_last_moment_ends_nothing_that_comes_after(left):
    open_files = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - numbers, not paths
    for _ in range(30):
        with leaving.left_in_time():
            os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(0.4)
    assert left == []
    assert "leaving" not in [thread.name for thread in threading.enumerate()]
    assert len(os.listdir("/proc/self/fd")) == open_files  # noqa: PTH208


def test_an_end_that_is_asked_for_is_an_interruption(default_handlers):
    with leaving.interrupted():
        for number in (signal.SIGTERM, signal.SIGHUP):
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), number)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_what_is_ignored_stays_so():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with leaving.interrupted():
        os.kill(os.getpid(), signal.SIGHUP)
    assert signal.signal(signal.SIGHUP, before) is signal.SIG_IGN
