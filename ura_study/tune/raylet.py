"""Ray's own process on this machine (the raylet), watched: when it has died, calls to Ray wait for ever."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Iterator

#: Seconds between two looks, and for an answer.
EVERY, PATIENCE = 2.0, 10.0


@contextlib.contextmanager
def watched(host: str, port: int) -> Iterator[threading.Event]:
    """Yield an event that is set when nothing listens any more where the raylet did.

    The main thread then gets a `KeyboardInterrupt`.
    """
    died, over = threading.Event(), threading.Event()

    def look() -> None:
        while not over.wait(EVERY):
            if not _listens(host, port):
                died.set()
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGALRM)
                return

    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    thread = threading.Thread(target=look, name="raylet", daemon=True)
    thread.start()
    try:
        yield died
    finally:
        over.set()
        thread.join()
        signal.signal(signal.SIGALRM, before)


def _listens(host: str, port: int) -> bool:
    """Tell whether a process of this machine listens at a port; one that is slow to answer counts as one that does."""
    try:
        socket.create_connection((host, port), timeout=PATIENCE).close()
    except ConnectionRefusedError:
        return False
    except OSError:
        return True
    return True
