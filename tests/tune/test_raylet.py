import socket
import time

import pytest

from ura_study.tune import raylet


@pytest.fixture(autouse=True)
def often(monkeypatch):
    monkeypatch.setattr(raylet, "EVERY", 0.05)


def test_the_main_thread_is_told_when_nothing_listens_any_more():
    server = socket.create_server(("127.0.0.1", 0))
    with raylet.watched(*server.getsockname()) as died:
        time.sleep(0.3)
        assert not died.is_set()
        server.close()
        with pytest.raises(KeyboardInterrupt):
            time.sleep(10)
        assert died.is_set()


def test_a_raylet_that_lives_disturbs_nobody():
    with socket.create_server(("127.0.0.1", 0)) as server, raylet.watched(*server.getsockname()) as died:
        time.sleep(0.3)
    time.sleep(0.2)  # the watch is over: a server that closes is no news
    assert not died.is_set()
