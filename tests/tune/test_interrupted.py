"""What the driver does when Tune gives up in mid-study. (Ray kills for memory when it pleases: that is simulated.)"""

import os
import signal
import socket

import pytest
from jobs import small_job
from ray.exceptions import AuthenticationError, OutOfMemoryError

from ura_study.errors import ResourceError
from ura_study.runs import store
from ura_study.runs.ledger import Ledger
from ura_study.tune import driver
from ura_study.tune.queue import Queue


@pytest.fixture(autouse=True)
def a_raylet(monkeypatch):
    """Something that listens, as Ray's process does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(driver, "raylet", server.getsockname)
        yield


@pytest.fixture
def queue(mvtec_root, tmp_path):
    found = Queue([small_job(mvtec_root)], Ledger(tmp_path), (), retries=1)
    found.suggest("t0")
    found.on_trial_start("t0")
    return found


def raising(error, cause):
    def tune(*arguments):
        raise error from cause

    return tune


def test_a_worker_that_was_ended_for_memory_is_no_end(queue, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(driver, "_tune", raising(RuntimeError("Caught unexpected exception"), OutOfMemoryError("x")))
    assert driver._interrupted(queue, None, "scratch", None)
    assert "a worker was ended since memory ran out" in capsys.readouterr().err
    assert queue.suggest("t1") is not None
    assert driver._interrupted(queue, None, "scratch", None)
    assert store.read(tmp_path)["0" * 16].failure.kind == "WorkerDied"


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_cluster_that_began_anew_is_one_line(queue, monkeypatch, wrapped):
    trouble = AuthenticationError("RPC error: WrongClusterID\nand more")
    raised = (RuntimeError("Caught unexpected exception"), trouble) if wrapped else (trouble, None)
    monkeypatch.setattr(driver, "_tune", raising(*raised))
    with pytest.raises(ResourceError, match=r"^the Ray cluster is not what it was \(RPC error: WrongClusterID\); the"):
        driver._interrupted(queue, None, "scratch", "host:6379")


def test_another_error_is_a_bug(queue, monkeypatch):
    monkeypatch.setattr(driver, "_tune", raising(RuntimeError("odd"), ValueError("odd")))
    with pytest.raises(RuntimeError, match="odd"):
        driver._interrupted(queue, None, "scratch", None)


def test_an_orderly_end_is_one(queue, monkeypatch):
    monkeypatch.setattr(driver, "_tune", lambda *arguments: None)
    assert not driver._interrupted(queue, None, "scratch", None)


def test_a_signal_that_is_ignored_ends_no_study(queue):
    """`nohup ura-study run study.yaml &`: the terminal may be closed."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with driver._stop_on_signal(queue):
            os.kill(os.getpid(), signal.SIGHUP)
            assert not queue.stopped
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_signal_that_is_heard_late_leaves_no_alarm(queue, default_handlers, monkeypatch):
    """Python hears it only after the main thread has come back from Ray: here, in the midst of putting things back."""
    set_timer = signal.setitimer

    def late(*arguments):
        set_timer(*arguments)
        if arguments[1] == 0:
            signal.getsignal(signal.SIGTERM)(signal.SIGTERM, None)

    monkeypatch.setattr(signal, "setitimer", late)
    with driver._stop_on_signal(queue):
        pass
    assert queue.stopped
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
